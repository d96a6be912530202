"""Trends: measures of events over calendar buckets, broken down, compared and combined.

Source: API.md, "trends". Persons are merged persons and an event without one counts for none. The total
of a measure is taken over the whole range (persons are distinct over it), never the sum of the buckets.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from eventlake.analyses.buckets import bucket_sql
from eventlake.analyses.filters import All, Filter, event_is, filter_sql
from eventlake.analyses.formula import Formula, Number, parse_formula
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope, number_sql, text_sql
from eventlake.analyses.sessions import sessioned_sql
from eventlake.analyses.statements import statement
from eventlake.analyses.trends_question import OTHER, Line, Series, TrendsAnswer, TrendsQuestion
from eventlake.engine import Reader, Run
from eventlake.parameters import Parameters
from eventlake.periods import Span, bucket_starts, find_zone, previous_span
from eventlake.relations import Events
from eventlake.rollups.daily import Buckets, EventBuckets, PersonBuckets, SessionPieces
from eventlake.rollups.kinds import SILENCE_US

#: Changes whenever the meaning of a figure does.
DEFINITION = "trends/1"

#: The slot of the values beyond the limit of a breakdown, and the only one where there is no breakdown.
_REST = 0

_REVENUE = Property("revenue_impact", Scope.COLUMN)


@dataclass(frozen=True, slots=True)
class _Period:
    """A range and the starts of its buckets."""

    span: Span
    starts: tuple[dt.datetime, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    """One series in one period: the kept values of the breakdown, and values by (slot, bucket).

    Slots count the kept values from 1; the bucket None is the whole range. What is missing had no event.
    """

    kept: tuple[str | None, ...]
    cells: dict[tuple[int, int | None], Number]

    @property
    def has_rest(self) -> bool:
        return (_REST, None) in self.cells


def trends(reader: Reader, question: TrendsQuestion) -> TrendsAnswer:
    """Every line of the question. Errors: QuestionError for what cannot be asked."""
    formula = parse_formula(question.formula, len(question.series)) if question.formula else None
    run = reader.run(DEFINITION)
    periods = list(_periods(question))
    now = _measure_all(run, question, periods[0], kept=None)
    tables = [now]
    if question.compare_previous:
        tables.append(_measure_all(run, question, periods[1], kept=[table.kept for table in now]))
    rests = [any(table[number].has_rest for table in tables) for number in range(len(question.series))]
    if formula:
        rests = [any(rests)] * len(rests)
    lines = [
        tuple(_lines(question, formula, table, rests, len(period.starts)))
        for table, period in zip(tables, periods, strict=True)
    ]
    compared = question.compare_previous
    return TrendsAnswer(
        buckets=periods[0].starts,
        lines=lines[0],
        previous_buckets=periods[1].starts if compared else None,
        previous=lines[1] if compared else None,
        proof=run.proof(),
    )


def _periods(question: TrendsQuestion) -> Iterator[_Period]:
    zone = find_zone(question.time_zone)
    spans = [question.span]
    if question.compare_previous:
        spans.append(previous_span(question.span, zone, question.interval))
    for span in spans:
        yield _Period(span, bucket_starts(span, question.interval, zone))


def _measure_all(
    run: Run, question: TrendsQuestion, period: _Period, kept: list[tuple[str | None, ...]] | None
) -> list[_Measured]:
    measured: list[_Measured] = []
    for number, series in enumerate(question.series):
        given = kept[number] if kept else None
        if given is None and question.formula and measured:
            given = measured[0].kept
        measured.append(_measure(run, question, series, period, given))
    return measured


def _measure(
    run: Run, question: TrendsQuestion, series: Series, period: _Period, kept: tuple[str | None, ...] | None
) -> _Measured:
    if question.breakdown is None and (rows := _from_rollups(run, question, series, period)) is not None:
        return _Measured((), {(_REST, bucket): value for _, _, bucket, value in rows})
    parameters = Parameters()
    slots = {
        "bucket": bucket_sql(period.starts, period.span.to_at, parameters),
        "relation": _relation_sql(series, parameters),
        "filter": filter_sql(_condition(question, series), parameters),
    }
    if question.breakdown is None:
        columns = _columns_sql(series, parameters)
        sql = statement("trends", columns=columns, measure=series.measure.sql, **slots)
        rows = run.rows(sql, parameters, events=Events(period.span))
        return _Measured((), {(_REST, bucket): value for _, _, bucket, value in rows})
    slots["breakdown"] = text_sql(question.breakdown.prop, parameters)
    measure = series.measure.sql
    if series.measure is Measure.COUNT:
        measure, columns = "cast(sum(events) as bigint)", "events"
        scoped = statement("trends_scoped_counts", **slots)
    else:
        columns = series.measure.column
        scoped = statement("trends_scoped", columns=_columns_sql(series, parameters), **slots)
    if kept is None:
        largest = statement("trends_kept_largest", measure=measure)
        parameters.name("kept_limit", question.breakdown.limit)
    else:
        largest = statement("trends_kept_given")
        parameters.name("kept_values", list(kept))
    slots = {"scoped": scoped, "kept": largest, "columns": f"bucket, {columns}", "measure": measure}
    sql = statement("trends_breakdown", **slots)
    rows = run.rows(sql, parameters, events=Events(period.span))
    if kept is None:
        found = {slot: value for slot, value, bucket, _ in rows if slot and bucket is None}
        kept = tuple(found[slot] for slot in sorted(found))
    return _Measured(kept, {(slot, bucket): value for slot, _, bucket, value in rows})


def _from_rollups(
    run: Run, question: TrendsQuestion, series: Series, period: _Period
) -> list[tuple[Any, ...]] | None:
    """Rows of a measure that counts events, persons or sessions without a filter; None for any other."""
    if question.filter is not None or series.filter is not None or not period.starts:
        return None
    buckets = Buckets(period.span, period.starts, question.interval, find_zone(question.time_zone))
    measure = series.measure.daily_sql
    parameters = Parameters()
    if series.measure is Measure.SESSIONS and series.event is None and buckets.is_of_days:
        parameters.name("silence_us", SILENCE_US)
        sql = statement(
            "trends_of_sessions", bucket=buckets.of_day(parameters), runs=statement("session_runs")
        )
        return run.rows(sql, parameters, pieces=SessionPieces(period.span, buckets.zone))
    if measure is None or (series.measure is Measure.SUM and series.prop != _REVENUE):
        return None
    if series.measure in (Measure.PERSONS, Measure.PER_PERSON):
        present = PersonBuckets(buckets, series.event)
        return run.rows(statement("trends_of_persons", measure=measure), parameters, present=present)
    counted = EventBuckets(buckets, series.event)
    return run.rows(statement("trends_of_events", measure=measure), parameters, counted=counted)


def _columns_sql(series: Series, parameters: Parameters) -> str:
    """The one column that a measure looks at; naming no other spares finding out who was merged."""
    column = series.measure.column
    return column if column == "person_id" else f"{_value_sql(series, parameters)} as {column}"


def _value_sql(series: Series, parameters: Parameters) -> str:
    if series.measure is Measure.SESSIONS:
        return "session_key"
    if series.prop is not None and series.measure.needs_property:
        return number_sql(series.prop, parameters)
    return "null"


def _relation_sql(series: Series, parameters: Parameters) -> str:
    return f"({sessioned_sql(parameters)})" if series.measure is Measure.SESSIONS else "events"


def _condition(question: TrendsQuestion, series: Series) -> Filter:
    parts = [event_is(series.event)] if series.event is not None else []
    return All((*parts, *(part for part in (question.filter, series.filter) if part is not None)))


def _lines(
    question: TrendsQuestion, formula: Formula | None, table: list[_Measured], rests: list[bool], buckets: int
) -> Iterator[Line]:
    columns = [
        list(_lines_of(question, series, measured, has_rest, buckets))
        for series, measured, has_rest in zip(question.series, table, rests, strict=True)
    ]
    if formula is None:
        for column in columns:
            yield from column
        return
    for parts in zip(*columns, strict=True):
        yield Line(
            label=formula.text,
            values=tuple(
                formula.evaluate(values) for values in zip(*(part.values for part in parts), strict=True)
            ),
            total=formula.evaluate([part.total for part in parts]),
            breakdown=parts[0].breakdown,
            is_other=parts[0].is_other,
        )


def _lines_of(
    question: TrendsQuestion, series: Series, measured: _Measured, has_rest: bool, buckets: int
) -> Iterator[Line]:
    for slot, breakdown in _slots(question, measured, has_rest):
        values = [
            measured.cells.get((slot, bucket), series.measure.of_nothing)
            for bucket in (*range(buckets), None)
        ]
        yield Line(
            label=series.label or series.event or "All events",
            values=tuple(values[:-1]),
            total=values[-1],
            breakdown=breakdown,
            is_other=slot == _REST and question.breakdown is not None,
        )


def _slots(question: TrendsQuestion, measured: _Measured, has_rest: bool) -> Iterable[tuple[int, str | None]]:
    if question.breakdown is None:
        return [(_REST, None)]
    kept = list(enumerate(measured.kept, start=1))
    return [*kept, (_REST, OTHER)] if has_rest else kept
