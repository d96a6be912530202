"""The few figures that stand for an answer, beside those of the period before: what a letter has room for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from analytics.api import query_answer_shapes as answers
from analytics.api.questions import Chosen, Fitting

#: Lines of trends and links of paths in one letter.
_MOST = 12


@dataclass(frozen=True)
class MainFigure:
    """A figure and what it was before; None where there is none. `is_ratio`: 0 to 1."""

    label: str
    now: float | None
    before: float | None = None
    is_ratio: bool = False


Named = dict[str, tuple[float | None, bool]]


def main_figures(asked: Fitting) -> list[MainFigure]:
    """The figures of a question, and of the same question in as many days before; empty where nothing happened.

    **Errors**: `BadInput`, `Unavailable`.
    """
    read = _READ[asked.analysis]
    values = {name: value for name, value in asked.values.items() if name != "compare"}
    once = replace(asked, values=values)
    now = read(once.answer())
    if not any(value for value, _is_ratio in now.values()):
        return []
    before = read(replace(once, chosen=_before(once.chosen)).answer())
    return [
        MainFigure(label, value, before.get(label, (None, is_ratio))[0], is_ratio)
        for label, (value, is_ratio) in list(now.items())[:_MOST]
    ]


def _before(chosen: Chosen) -> Chosen:
    length = chosen.last - chosen.first + timedelta(days=1)
    return Chosen(chosen.first - length, chosen.last - length, chosen.zone)


def _trends(answer: answers.TrendsResponse) -> Named:
    has_one_label = len({line.label for line in answer.series}) == 1
    named: Named = {}
    for line in answer.series:
        value = _("All others") if line.is_other else line.breakdown_value
        label = _("All events") if line.label == "All events" else line.label
        if value is not None:
            label = value if has_one_label else f"{label}: {value}"
        named.setdefault(label, (line.total, False))
    return named


def _funnel(answer: answers.FunnelResponse) -> Named:
    named: Named = {_("Conversion"): (answer.steps[-1].conversion_ratio, True)}
    for place, step in enumerate(answer.steps, 1):
        named[f"{place}. {step.event}"] = (step.persons, False)
    return named


def _retention(answer: answers.RetentionResponse) -> Named:
    named: Named = {_("People who started"): (sum(cohort.size for cohort in answer.cohorts), False)}
    for period in (1, 2, 4):
        seen = [
            (cohort.size, back)
            for cohort in answer.cohorts
            if len(cohort.returned) > period and (back := cohort.returned[period]) is not None
        ]
        size = sum(size for size, _back in seen)
        if size:
            share = sum(back for _size, back in seen) / size
            named[_("Came back in period %(period)s") % {"period": period}] = (share, True)
    return named


def _paths(answer: answers.PathsResponse) -> Named:
    largest = sorted(answer.links, key=lambda link: -link.count)
    return {f"{link.step}. {link.source} → {link.target}": (link.count, False) for link in largest}


def _lifecycle(answer: answers.LifecycleResponse) -> Named:
    return {
        _("New"): (sum(answer.new), False),
        _("Returning"): (sum(answer.returning), False),
        _("Resurrecting"): (sum(answer.resurrecting), False),
        _("Dormant"): (sum(answer.dormant), False),
    }


def _stickiness(answer: answers.StickinessResponse) -> Named:
    people = sum(answer.persons)
    days = sum(count * there for count, there in zip(answer.counts, answer.persons, strict=True))
    return {
        _("People"): (people, False),
        _("Days each, on average"): (days / people if people else None, False),
    }


_READ: dict[str, Callable[[Any], Named]] = {
    "trends": _trends,
    "funnel": _funnel,
    "retention": _retention,
    "paths": _paths,
    "lifecycle": _lifecycle,
    "stickiness": _stickiness,
}
