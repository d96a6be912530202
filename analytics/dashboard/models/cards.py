"""The card of a model in words: verdict, what it learned from, its test beside rule and base rate, its curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.ai_services.predictions.retraining import NAMES
from analytics.dashboard import moments, wording

_TITLES: dict[str, tuple[str | Promise, str | Promise]] = {
    "churn": (gettext_lazy("Stays away"), gettext_lazy("Will somebody not be there within the horizon?")),
    "conversion": (gettext_lazy("Converts"), gettext_lazy("Will somebody convert within the horizon?")),
    "attendance": (
        gettext_lazy("Comes"),
        gettext_lazy("Will somebody come to the meetup that they asked for?"),
    ),
}
#: Word, tone, sign, and what that means for answers.
_STATUSES: dict[str, tuple[str | Promise, str, str, str | Promise]] = {
    "ready": (
        gettext_lazy("In use"), "good", "check",
        gettext_lazy("Its answers are calibrated chances: it ranked people better than the rule on later time."),
    ),
    "rule_is_better": (
        gettext_lazy("Rule in use"), "high", "warning",
        gettext_lazy("The rule of thumb answers instead, as a rank and no chance: the model did no better in a test."),
    ),
    "unreliable": (
        gettext_lazy("Not in use"), "high", "warning",
        gettext_lazy("The rule of thumb answers instead, as a rank and no chance: the model did not hold in a test."),
    ),
    "not_enough_data": (
        gettext_lazy("Not enough data"), "", "info",
        gettext_lazy("The rule of thumb answers until enough outcomes are known."),
    ),
    "not_trained": (
        gettext_lazy("Not trained yet"), "", "info",
        gettext_lazy("Models are made every night, the first within an hour of the first events."),
    ),
}  # fmt: skip
_FIRST_DAY = date(1970, 1, 1)
_ROWS: tuple[tuple[str, str | Promise], ...] = (
    ("ours", gettext_lazy("Model")),
    ("rule", gettext_lazy("Rule of thumb")),
    ("base_rate", gettext_lazy("Base rate alone")),
)


@dataclass(frozen=True)
class Score:
    """A line of the table of tests."""

    label: str
    auc: str
    brier: str
    ece: str
    has_best_auc: bool
    has_best_brier: bool


@dataclass(frozen=True)
class Bin:
    """A line of the reliability table."""

    range: str
    predicted: str
    observed: str
    rows: str


@dataclass(frozen=True)
class Outcomes:
    """What became of past claims of this prediction."""

    right: str
    judged: str
    percent: str


@dataclass(frozen=True)
class ModelCard:
    """One prediction."""

    name: str
    title: str
    question: str
    word: str
    tone: str
    icon: str
    meaning: str
    reason: str
    facts: list[tuple[str, str]]
    scores: list[Score] = field(default_factory=list)
    test: str = ""
    bins: list[Bin] = field(default_factory=list)
    chart: dict[str, Any] | None = None
    features: list[str] = field(default_factory=list)
    outcomes: Outcomes | None = None


def cards_of(models: list[dict[str, Any]], outcomes: Mapping[str, tuple[int, int]]) -> list[ModelCard]:
    """A card for each prediction that there is, trained or not."""
    known = {model["name"]: model for model in models}
    names = [*NAMES, *(name for name in known if name not in NAMES)]
    return [_card(name, known.get(name), outcomes.get(name)) for name in names]


def _card(name: str, model: Mapping[str, Any] | None, outcomes: tuple[int, int] | None) -> ModelCard:
    title, question = _TITLES.get(name, (name, ""))
    status = model["status"] if model else "not_trained"
    word, tone, icon, meaning = _STATUSES.get(status, (status, "", "info", ""))
    card = model["card"] if model and isinstance(model["card"], dict) else {}
    test = card.get("backtest") if isinstance(card.get("backtest"), dict) else None
    bins = test.get("reliability") or [] if test else []
    return ModelCard(
        name=name,
        title=str(title),
        question=str(question),
        word=str(word),
        tone=tone,
        icon=icon,
        meaning=str(meaning),
        reason=str(card.get("reason") or ""),
        facts=_facts(model, card) if model else [],
        scores=_scores(test) if test else [],
        test=_test(test) if test else "",
        bins=[_bin(one) for one in bins],
        chart=_curve(bins, str(title)) if bins else None,
        features=[str(feature).replace("_", " ") for feature in card.get("features") or []],
        outcomes=_outcomes(outcomes),
    )


def _facts(model: Mapping[str, Any], card: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows, positives = int(card.get("rows") or 0), int(card.get("positives") or 0)
    rate = wording.percent(100 * positives / rows) if rows else ""
    horizon = _("%(days)s days") % {"days": model["horizon_days"]} if model["horizon_days"] else ""
    facts = [
        (_("Horizon"), horizon),
        (_("Learned from"), _("%(rows)s rows, %(positives)s with the outcome (%(rate)s)") % {
            "rows": wording.number(rows), "positives": wording.number(positives), "rate": rate,
        } if rows else ""),
        (_("Of the time"), _cutoffs(card.get("cutoffs"))),
        (_("Made of"), ", ".join(str(part) for part in card.get("parts") or [])),
        (_("Last trained"), moments.instant(model["trained_at"])),
    ]  # fmt: skip
    return [(label, value) for label, value in facts if value]


def _cutoffs(found: Any) -> str:
    """The first and the last day, given as days since 1970, that rows were taken at."""
    try:
        first, last = (_FIRST_DAY + timedelta(days=number) for number in found)
    except (TypeError, ValueError, OverflowError):
        return ""
    return wording.days(first, last)


def _scores(test: Mapping[str, Any]) -> list[Score]:
    found = {name: test[name] for name, _label in _ROWS if isinstance(test.get(name), dict)}
    best_auc = max((one["auc"] for one in found.values()), default=0)
    best_brier = min((one["brier"] for one in found.values()), default=0)
    return [
        Score(
            label=str(label),
            auc=wording.number(found[name]["auc"], 3),
            brier=wording.number(found[name]["brier"], 3),
            ece=wording.number(found[name]["ece"], 3),
            has_best_auc=found[name]["auc"] == best_auc,
            has_best_brier=found[name]["brier"] == best_brier,
        )
        for name, label in _ROWS
        if name in found
    ]


def _test(test: Mapping[str, Any]) -> str:
    return _("Tested on %(rows)s later rows that it had not seen, %(positives)s with the outcome.") % {
        "rows": wording.number(test.get("rows") or 0),
        "positives": wording.number(test.get("positives") or 0),
    }


def _bin(one: Mapping[str, Any]) -> Bin:
    return Bin(
        range=_("%(low)s to %(high)s") % {
            "low": wording.percent(100 * one["from"], 0), "high": wording.percent(100 * one["to"], 0),
        },
        predicted=wording.percent(100 * one["predicted"]),
        observed=wording.percent(100 * one["observed"]),
        rows=wording.number(one["count"]),
    )  # fmt: skip


def _curve(bins: list[Mapping[str, Any]], title: str) -> dict[str, Any]:
    points = [
        {
            "predicted": one["predicted"],
            "observed": one["observed"],
            "count": one["count"],
            "tip": _("said %(predicted)s, came %(observed)s, %(rows)s rows") % {
                "predicted": wording.percent(100 * one["predicted"], 0),
                "observed": wording.percent(100 * one["observed"], 0),
                "rows": wording.number(one["count"]),
            },
        }
        for one in bins
    ]  # fmt: skip
    data = {
        "kind": "reliability",
        "points": points,
        "label": _("This model"),
        "perfect_label": _("What was said came"),
        "x_label": _("Chance that was said"),
        "y_label": _("Share that came"),
    }
    summary = _("%(title)s: chances that were said beside what came; the same figures are in the table.") % {
        "title": title
    }
    return {"data": data, "summary": summary}


def _outcomes(found: tuple[int, int] | None) -> Outcomes | None:
    if found is None or not sum(found):
        return None
    right, wrong = found
    return Outcomes(
        wording.number(right),
        wording.number(right + wrong),
        wording.percent(100 * right / (right + wrong), 0),
    )
