"""Funnel: how many persons got how far through steps, and how fast.

Source: API.md, "funnel". One statement fetches the events that matter; how far each person got is worked out over
whole columns (`funnel_matching`), because no join or window of SQL finds the best entry in a single pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from eventlake.analyses.filters import All, Any, Filter, event_is, filter_sql
from eventlake.analyses.funnel_matching import Flags, Integers, Matches, Rows, Rules, match
from eventlake.analyses.funnel_question import (
    Attribution,
    FunnelAnswer,
    FunnelGroup,
    FunnelPersons,
    FunnelPersonsQuestion,
    FunnelQuestion,
    Order,
    StepFigures,
)
from eventlake.analyses.funnel_steps import match_by_steps
from eventlake.analyses.properties import text_sql
from eventlake.analyses.statements import statement
from eventlake.analyses.trends_question import OTHER
from eventlake.engine import Reader, Run
from eventlake.parameters import Parameters
from eventlake.relations import Events, Relation, Tracks

#: Changes whenever the meaning of a figure does.
DEFINITION = "funnel/1"

_US_PER_S = 1_000_000

#: Rows that are matched at a time, by each of two threads: it bounds the memory beside the fetched columns.
_PART_ROWS = 1_000_000


def funnel(reader: Reader, question: FunnelQuestion) -> FunnelAnswer:
    """Every step, and every group of a breakdown. Errors: QuestionError for a filter that cannot be asked."""
    run = reader.run(DEFINITION)
    table = _fetch(run, question)
    matches = _match_all(table, _rules(question), with_places=question.breakdown is not None)
    steps = _figures(question, matches, np.ones(len(matches.levels), np.bool_))
    groups = None
    if question.breakdown is not None:
        groups = tuple(_groups(question, table, matches))
    return FunnelAnswer(steps, groups, run.proof())


def funnel_persons(reader: Reader, question: FunnelPersonsQuestion) -> FunnelPersons:
    """Who got so far. Errors: as `funnel`."""
    run = reader.run(DEFINITION)
    table = _fetch(run, question)
    matches = _match_all(table, _rules(question), with_places=True)
    levels = matches.levels
    wanted = levels >= question.step if question.has_reached else levels == question.step - 1
    persons = table.column("person_id").to_numpy()[matches.first_row[wanted]]
    return FunnelPersons(tuple(np.sort(persons).tolist()), run.proof())


def _fetch(run: Run, question: FunnelQuestion) -> pa.Table:
    parameters = Parameters()
    is_lean = question.filter is None and question.breakdown is None
    is_lean = is_lean and all(step.filter is None for step in question.steps)
    steps = [_step_filter(step.event, step.filter) for step in question.steps]
    excluded = [event_is(exclusion.event) for exclusion in question.exclusions]
    wanted: list[Filter] = [question.filter] if question.filter is not None else []
    if question.order is not Order.STRICT:
        wanted.append(Any((*steps, *excluded)))
    breakdown = ""
    if question.breakdown is not None:
        breakdown = f", {text_sql(question.breakdown.prop, parameters)} as breakdown"
    sql = statement(
        "funnel",
        bits=_bits([*steps, *excluded], parameters),
        breakdown=breakdown,
        filter=filter_sql(All(tuple(wanted)), parameters),
    )
    events: Relation = Tracks(question.span) if is_lean else Events(question.span)
    return run.columns(sql, parameters, events=events)


def _step_filter(event: str, condition: Filter | None) -> Filter:
    return event_is(event) if condition is None else All((event_is(event), condition))


def _bits(conditions: Sequence[Filter], parameters: Parameters) -> str:
    """A whole number whose n-th bit says whether the n-th condition holds."""
    parts = [
        f"if({filter_sql(condition, parameters)}, {1 << number}, 0)"
        for number, condition in enumerate(conditions)
    ]
    return f"cast({' + '.join(parts) or '0'} as integer)"


def _rules(question: FunnelQuestion) -> Rules:
    return Rules(
        len(question.steps),
        question.window_s * _US_PER_S,
        question.order,
        tuple((bit, e.from_step - 1, e.to_step - 1) for bit, e in enumerate(question.exclusions)),
    )


def _match_all(table: pa.Table, rules: Rules, *, with_places: bool) -> Matches:
    rows = Rows(*(table.column(name).to_numpy() for name in ("person_id", "at_us", "bits")))
    if not with_places and (found := match_by_steps(rows, rules)) is not None:
        return found
    parts = list(_parts(rows.person))
    if len(parts) == 1:
        return match(rows, rules, with_places=with_places)

    def match_part(part: Flags) -> Matches:
        found = match(rows.take(part), rules, with_places=with_places)
        if not with_places:
            return found
        places = np.flatnonzero(part)
        return Matches(found.levels, found.at_us, places[found.first_row], places[found.last_row])

    with ThreadPoolExecutor(2) as pool:  # the columns' arithmetic runs outside of Python's lock
        matched = list(pool.map(match_part, parts))
    return Matches(
        np.concatenate([found.levels for found in matched]),
        np.concatenate([found.at_us for found in matched]),
        np.concatenate([found.first_row for found in matched]),
        np.concatenate([found.last_row for found in matched]),
    )


def _parts(person: Integers) -> Iterator[Flags]:
    """Which rows belong to each part; a part never divides a person."""
    count = max(-(-len(person) // _PART_ROWS), 1)
    sample = np.sort(person[:: max(len(person) // 10_000, 1)])
    places = np.linspace(0, len(sample) - 1, count + 1).astype(np.int64)[1:-1]
    borders = np.unique(sample[places]) if len(sample) else sample
    low = None
    for border in borders:
        below = person < border
        yield below if low is None else below & (person >= low)
        low = border
    yield np.ones(len(person), np.bool_) if low is None else person >= low


def _figures(
    question: FunnelQuestion, matches: Matches, of_group: npt.NDArray[np.bool_]
) -> tuple[StepFigures, ...]:
    levels, at_us = matches.levels[of_group], matches.at_us[of_group]
    figures: list[StepFigures] = []
    for number, step in enumerate(question.steps):
        reached = levels > number
        persons = int(np.count_nonzero(reached))
        first = figures[0].persons if figures else persons
        before = figures[-1].persons if figures else persons
        median_s = None
        if number and persons:
            passed_us = at_us[reached, number] - at_us[reached, number - 1]
            median_s = float(np.median(passed_us)) / _US_PER_S
        figures.append(
            StepFigures(
                step.event,
                persons,
                persons / first if first else None,
                persons / before if before else None,
                median_s,
            )
        )
    return tuple(figures)


def _groups(question: FunnelQuestion, table: pa.Table, matches: Matches) -> Iterator[FunnelGroup]:
    """Groups by the value of the counted event; the value decides between equals, a missing one comes last."""
    assert question.breakdown is not None
    rows = matches.first_row if question.attribution is Attribution.FIRST else matches.last_row
    values = table.column("breakdown").take(pa.array(rows)).combine_chunks().dictionary_encode("encode")
    codes = values.indices.to_numpy(zero_copy_only=False)
    texts = values.dictionary.to_pylist()
    sizes = np.bincount(codes, minlength=len(texts)).tolist()
    ranked = sorted(
        range(len(texts)), key=lambda code: (-sizes[code], texts[code] is None, _utf8(texts[code]))
    )
    kept = ranked[: question.breakdown.limit]
    for code in kept:
        yield FunnelGroup(texts[code], False, _figures(question, matches, codes == code))
    if len(ranked) > len(kept):
        rest = np.isin(codes, kept, invert=True)
        yield FunnelGroup(OTHER, True, _figures(question, matches, rest))


def _utf8(text: str | None) -> bytes:
    return (text or "").encode()
