"""Behaviour and predictions in words: figures with their unit, and for a missing one the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.dashboard import moments, wording
from analytics.models.choices import ActivityFrequency, PredictionBasis
from analytics.reports.person_outlook import Outlook

#: Why there is no calibrated model, or no score at all.
_REASONS: dict[str, str | Promise] = {
    "no_recent_activity": gettext_lazy("not enough data: nothing was heard of them lately"),
    "not_trained": gettext_lazy("no model has been trained yet; that happens every night"),
    "not_enough_data": gettext_lazy("not enough data: too few people have a known outcome yet"),
    "rule_is_better": gettext_lazy("the trained model was no better than the rule in its test"),
    "unreliable": gettext_lazy("the trained model's probabilities did not hold in its test"),
    "unreadable": gettext_lazy("the stored model cannot be read by this version"),
}
_TRENDS: dict[str, str | Promise] = {
    "rising": gettext_lazy("Rising"),
    "falling": gettext_lazy("Falling"),
    "steady": gettext_lazy("Steady"),
    "not_enough_data": gettext_lazy("not enough data"),
}
#: How many favourites a line has room for.
_FAVOURITES = 3
_TITLES: dict[str, str | Promise] = {
    "churn": gettext_lazy("Stays away"),
    "conversion": gettext_lazy("Converts"),
}


@dataclass(frozen=True)
class Prediction:
    """A chance or a rank: `value` is empty where there is none, and `basis` says what it rests on or why."""

    name: str
    title: str
    value: str
    basis: str
    factors: list[dict[str, Any]]
    test: str


def facts_of(found: Outlook) -> list[tuple[str, str]]:
    """What the last days show, as label and value."""
    score, patterns = found.engagement_score, found.patterns
    length_s = patterns["avg_session_length"]
    hours = ", ".join(f"{hour:02d}:00" for hour in patterns["peak_hours"])
    facts = [
        (_("Engagement"), _("not enough data") if score is None else wording.percent(100 * score, 0)),
        (_("Trend"), str(_TRENDS.get(found.engagement_trend, found.engagement_trend))),
        (_("How often"), str(ActivityFrequency(found.frequency).label)),
        (_("Events"), wording.number(patterns["events"])),
        (_("Active days"), wording.number(patterns["active_days"])),
        (_("Average session"), "" if length_s is None else wording.length(length_s)),
        (_("Busiest hours"), hours),
        (_("Favourite events"), ", ".join(found.preferences["event_names"][:_FAVOURITES])),
        (_("Persona"), found.persona),
    ]
    return [(label, value) for label, value in facts if value]


def predictions_of(found: Outlook) -> list[Prediction]:
    """Churn and conversion."""
    return [_prediction(name, answer) for name, answer in found.predictions.items()]


def _prediction(name: str, answer: dict[str, Any]) -> Prediction:
    is_model = answer["basis"] == PredictionBasis.MODEL.value
    reason = str(_REASONS.get(answer["status"], answer["status"].replace("_", " ")))
    days = _("in the coming %(days)s days") % {"days": answer["horizon_days"]}
    if answer["score"] is None:
        basis = reason
    elif is_model:
        basis = _("Calibrated model, %(days)s") % {"days": days}
    else:
        basis = _("Rule of thumb, %(days)s: a rank, not a probability (%(why)s)") % {
            "days": days,
            "why": reason,
        }
    return Prediction(
        name=name,
        title=str(_TITLES[name]),
        value="" if answer["score"] is None else wording.percent(100 * answer["score"], 0),
        basis=basis,
        factors=[_factor(factor) for factor in answer["factors"]],
        test=_test_of(answer) if is_model else "",
    )


def _factor(factor: dict[str, Any]) -> dict[str, Any]:
    value = factor["value"]
    return {
        "name": str(factor["factor"]).replace("_", " "),
        "value": _("unknown") if value is None else wording.number(value, 0 if value == int(value) else 2),
        "raises": factor["contribution"] > 0,
    }


def _test_of(answer: dict[str, Any]) -> str:
    """How good the model was on a time that it had not seen."""
    auc, trained_at = answer["backtest"].get("auc"), answer["trained_at"]
    if auc is None or trained_at is None:
        return ""
    names = {"auc": wording.number(auc, 2), "at": moments.day(datetime.fromisoformat(trained_at))}
    return _("AUC %(auc)s in its test, trained on %(at)s") % names
