"""Trends: lines over time, each with its total and that of the period before."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from analytics.api.query_answer_shapes import Line, TrendsResponse
from analytics.dashboard import period, wording
from analytics.dashboard.explore.results import result
from analytics.dashboard.explore.results.result import Cell, Chart, Result, Sheet, Table

if TYPE_CHECKING:
    from analytics.dashboard.explore.question import Question

#: More lines than colours of the charts; all beyond are in the tables.
MAX_DRAWN = 24


def show(question: Question, answer: TrendsResponse) -> Result:
    """The lines as a chart, their totals, and every value."""
    names = [_name(line, answer.series, question) for line in answer.series]
    before = answer.previous.series if answer.previous else []
    return Result(
        is_empty=not any(_has_values(line) for line in [*answer.series, *before]),
        chart=_chart(question, answer, names),
        tables=(_totals(answer, names), _values(question, answer, names)),
        sheet=_sheet(answer, names),
    )


def _name(line: Line, lines: list[Line], question: Question) -> str:
    """Of one series by values: the value; of several: both."""
    label = _("All events") if line.label == "All events" else line.label
    if not question.values.get("breakdown"):
        return label
    value = _("All others") if line.is_other else line.breakdown_value
    value = _("(not set)") if value is None else value
    return value if len({one.label for one in lines}) == 1 else f"{label}: {value}"


def _has_values(line: Line) -> bool:
    return any(line.values)


def _chart(question: Question, answer: TrendsResponse, names: list[str]) -> Chart:
    before = answer.previous.series if answer.previous else []
    lines = [
        {"label": name, "values": line.values, "before": past.values if past else None}
        for name, line, past in list(zip_longest(names, answer.series, before))[:MAX_DRAWN]
    ]
    data: dict[str, Any] = {
        "kind": "lines",
        "interval": question.values["interval"],
        "buckets": [result.wall(at) for at in answer.buckets],
        "before_buckets": [result.wall(at) for at in answer.previous.buckets] if answer.previous else [],
        "before_label": _("the period before"),
        "lines": lines,
        "is_unfinished": question.period.last >= period.today(),
    }
    return Chart(_("Trend"), _summary(question, answer, names), data)


def _summary(question: Question, answer: TrendsResponse, names: list[str]) -> str:
    """The highest value of the largest line, and where everything stands in words."""
    found = [(line, name) for line, name in zip(answer.series, names, strict=True) if _has_values(line)]
    if not found:
        return _("No value in this range.")
    line, name = found[0]
    value, at = max(
        (value, at) for value, at in zip(line.values, answer.buckets, strict=True) if value is not None
    )
    words = {
        "lines": wording.number(len(names)),
        "name": name,
        "value": result.number(value),
        "bucket": result.bucket(at, question.values["interval"]),
    }
    return (
        _("Lines: %(lines)s. Highest of %(name)s: %(value)s, %(bucket)s. All values are in the table.")
        % words
    )


def _totals(answer: TrendsResponse, names: list[str]) -> Table:
    columns = [_("Line"), _("Whole range")]
    past: list[Line | None] = [None] * len(names)
    if answer.previous:
        columns += [_("The period before"), _("Change")]
        past = list(answer.previous.series)
    rows = []
    for place, (name, line, before) in enumerate(zip(names, answer.series, past, strict=True)):
        texts = [result.number(line.total)]
        if before is not None:
            texts += [result.number(before.total), _change(line.total, before.total)]
        mark = place + 1 if place < MAX_DRAWN else 0
        rows.append([Cell(name, is_number=False, mark=mark), *(Cell(text) for text in texts)])
    return Table(_("Totals"), columns, rows, is_open=True)


def _change(now: result.Number, before: result.Number) -> str:
    if now is None or not before:
        return result.NOTHING
    moved_percent = (now - before) / abs(before) * 100
    sign = "+" if moved_percent > 0 else ""
    return f"{sign}{wording.percent(moved_percent)}"


def _values(question: Question, answer: TrendsResponse, names: list[str]) -> Table:
    rows = [
        result.cells(
            [result.bucket(at, question.values["interval"]), *(result.number(one) for one in values)]
        )
        for at, *values in zip(answer.buckets, *(line.values for line in answer.series), strict=True)
    ]
    return Table(_("All values"), [_("From"), *names], rows)


def _sheet(answer: TrendsResponse, names: list[str]) -> Sheet:
    columns = ["bucket", *names]
    lines = [line.values for line in answer.series]
    if answer.previous:
        columns += ["bucket before", *(f"{name} (before)" for name in names)]
    rows: list[list[str | result.Number]] = []
    for place, at in enumerate(answer.buckets):
        row: list[str | result.Number] = [at.isoformat(), *(values[place] for values in lines)]
        if answer.previous:
            row += _at(answer.previous.buckets, answer.previous.series, place)
        rows.append(row)
    return Sheet(columns, rows)


def _at(buckets: list[Any], lines: list[Line], place: int) -> list[str | result.Number]:
    if place >= len(buckets):
        return [""] + [None] * len(lines)
    return [buckets[place].isoformat(), *(line.values[place] for line in lines)]
