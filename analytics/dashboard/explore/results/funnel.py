"""Funnels: how many got how far, by group where there is a breakdown, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from analytics.api.query_answer_shapes import FunnelResponse, StepFigures
from analytics.dashboard import wording
from analytics.dashboard.explore import words
from analytics.dashboard.explore.results import result
from analytics.dashboard.explore.results.result import Cell, Chart, Figure, Result, Sheet, Table

if TYPE_CHECKING:
    from analytics.dashboard.explore.question import Question

#: Groups of bars that can still be told apart.
MAX_DRAWN = 8


def show(_question: Question, answer: FunnelResponse) -> Result:
    """Steps as bars, and as a table with what was lost on the way."""
    groups = [(_group_name(one.value, is_other=one.is_other), one.steps) for one in answer.breakdowns or []]
    return Result(
        is_empty=not any(step.persons for step in answer.steps),
        figures=_figures(answer.steps),
        chart=_chart(answer.steps, groups),
        tables=_tables(answer.steps, groups),
        sheet=_sheet(answer.steps, groups),
    )


def _group_name(value: str | None, *, is_other: bool) -> str:
    if is_other:
        return _("All others")
    return _("(not set)") if value is None else value


def _figures(steps: list[StepFigures]) -> list[Figure]:
    medians = [step.median_seconds_from_previous for step in steps[1:]]
    together = sum(median for median in medians if median is not None)
    return [
        Figure(_("Conversion"), result.percent(steps[-1].conversion_ratio)),
        Figure(_("Started"), wording.number(steps[0].persons)),
        Figure(_("Went all the way"), wording.number(steps[-1].persons)),
        Figure(
            _("Medians, summed"),
            words.length(together) if None not in medians else result.NOTHING,
        ),
    ]


def _chart(steps: list[StepFigures], groups: list[tuple[str, list[StepFigures]]]) -> Chart:
    drawn = groups[:MAX_DRAWN] or [(_("Everybody"), steps)]
    data: dict[str, Any] = {
        "kind": "funnel",
        "steps": [step.event for step in steps],
        "groups": [
            {
                "label": name,
                "persons": [step.persons for step in ones],
                "percents": [round((step.conversion_ratio or 0) * 100, 4) for step in ones],
            }
            for name, ones in drawn
        ],
        "lost_label": _("lost on the way"),
        "persons_label": _("people"),
    }
    summary = ". ".join(
        f"{place}. {step.event}: {wording.number(step.persons)}, {result.percent(step.conversion_ratio)}"
        for place, step in enumerate(steps, 1)
    )
    return Chart(_("Steps, as a share of the first"), summary, data)


def _tables(steps: list[StepFigures], groups: list[tuple[str, list[StepFigures]]]) -> list[Table]:
    columns = [
        _("Step"), _("People"), _("Of the first step"), _("Of the step before"), _("Lost"), _("Median time"),
    ]  # fmt: skip
    tables = [Table(_("Steps"), columns, [_row(steps, place) for place in range(len(steps))], is_open=True)]
    if groups:
        named = [
            [Cell(name, is_number=False, mark=mark if mark <= MAX_DRAWN else 0), *_row(ones, place)]
            for mark, (name, ones) in enumerate(groups, 1)
            for place in range(len(ones))
        ]
        tables.append(Table(_("By group"), [_("Group"), *columns], named, is_open=True, text_columns=2))
    return tables


def _row(steps: list[StepFigures], place: int) -> list[Cell]:
    step = steps[place]
    lost = steps[place - 1].persons - step.persons if place else None
    median = step.median_seconds_from_previous
    texts = [
        f"{place + 1}. {step.event}",
        wording.number(step.persons),
        result.percent(step.conversion_ratio),
        result.percent(step.previous_ratio) if place else result.NOTHING,
        result.number(lost),
        result.NOTHING if median is None else words.length(median),
    ]
    return result.cells(texts)


def _sheet(steps: list[StepFigures], groups: list[tuple[str, list[StepFigures]]]) -> Sheet:
    columns = [
        "group", "step", "event", "persons", "conversion_ratio", "previous_ratio", "median_seconds_from_previous",
    ]  # fmt: skip
    rows = [
        [
            name, place, step.event, step.persons, step.conversion_ratio, step.previous_ratio,
            step.median_seconds_from_previous,
        ]
        for name, ones in [("", steps), *groups]
        for place, step in enumerate(ones, 1)
    ]  # fmt: skip
    return Sheet(columns, rows)
