"""Funnels by trying every way to give steps to events; see `oracle`."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections.abc import Iterator

from eventlake.analyses.funnel_question import Attribution, FunnelQuestion, Order
from eventlake.tests.factory import Row
from eventlake.tests.oracle import matches, person_of, text_of, within

Times = list[dt.datetime]


def persons(
    question: FunnelQuestion, events: list[Row], merged: dict[int, int]
) -> dict[int, tuple[Times, set[str | None]]]:
    """When each person who entered did the counted steps, and the values that the breakdown may then have."""
    kept = [e for e in within(events, question.from_at, question.to_at) if matches(e, question.filter)]
    found: dict[int, tuple[Times, set[str | None]]] = {}
    for person in {p for e in kept if (p := person_of(e, merged)) is not None}:
        own = sorted((e for e in kept if person_of(e, merged) == person), key=lambda e: e["timestamp"])
        entries = [times for entry in own for times in _entry(question, own, entry)]
        if entries:
            best = min(entries, key=lambda entry: (-len(entry[0]), entry[0]))[0]
            found[person] = best, {value for times, value in entries if times == best}
    return found


def figures(question: FunnelQuestion, times: list[Times]) -> list[tuple[int, float | None]]:
    """Persons and the median of each step."""
    rows = []
    for number in range(len(question.steps)):
        reached = [t for t in times if len(t) > number]
        passed = [(t[number] - t[number - 1]).total_seconds() for t in reached] if number else []
        rows.append((len(reached), statistics.median(passed) if passed else None))
    return rows


def _does(question: FunnelQuestion, event: Row, step: int) -> bool:
    asked = question.steps[step]
    return event["event_name"] == asked.event and matches(event, asked.filter)


def _entry(question: FunnelQuestion, own: list[Row], entry: Row) -> Iterator[tuple[Times, str | None]]:
    """The times of the steps that an entry reaches, each with a value of the breakdown; nothing if it is none."""
    end = entry["timestamp"] + dt.timedelta(seconds=question.window_s)
    ahead = [e for e in own if entry["timestamp"] <= e["timestamp"] <= end]
    find = _unordered if question.order is Order.UNORDERED else _chains
    found = list(find(question, own, ahead, entry))
    if not found:
        return
    best = min(found, key=lambda chain: (-len(chain[0]), chain[0]))[0]
    for times, last in found:
        if times == best and not _is_void(question, own, times):
            first_value, last_value = (_value(question, e) for e in (entry, last))
            yield times, first_value if question.attribution is Attribution.FIRST else last_value


def _value(question: FunnelQuestion, event: Row) -> str | None:
    return text_of(event, question.breakdown.prop) if question.breakdown else None


def _chains(
    question: FunnelQuestion, own: list[Row], ahead: list[Row], entry: Row
) -> Iterator[tuple[Times, Row]]:
    """Every chain of different events in order of time, each of which does the next step."""
    if not _does(question, entry, 0):
        return
    stack: list[list[Row]] = [[entry]]
    while stack:
        chain = stack.pop()
        if question.order is not Order.STRICT or _is_unbroken(own, chain):
            yield [e["timestamp"] for e in chain], chain[-1]
        if len(chain) < len(question.steps):
            stack += [
                [*chain, e]
                for e in ahead
                if e not in chain
                and e["timestamp"] >= chain[-1]["timestamp"]
                and _does(question, e, len(chain))
            ]


def _is_unbroken(own: list[Row], chain: list[Row]) -> bool:
    """Whether some order of the events of each instant puts nothing between the events of the chain."""
    first, last = chain[0]["timestamp"], chain[-1]["timestamp"]
    between = [e for e in own if first < e["timestamp"] < last]
    return all(e in chain for e in between)


def _unordered(
    question: FunnelQuestion, own: list[Row], ahead: list[Row], entry: Row
) -> Iterator[tuple[Times, Row]]:
    """For each number of first steps that different events, one of them the entry, do: when they were done."""
    del own
    for level in range(len(question.steps), 0, -1):
        ways = [
            way
            for way in itertools.permutations(ahead, level)
            if entry in way and all(_does(question, e, step) for step, e in enumerate(way))
        ]
        if ways:
            times = [_done(question, ahead, count) for count in range(1, level + 1)]
            for last in ahead:
                if last["timestamp"] == times[-1] and any(_does(question, last, s) for s in range(level)):
                    yield times, last
            return


def _done(question: FunnelQuestion, ahead: list[Row], count: int) -> dt.datetime:
    return min(
        max(e["timestamp"] for e in way)
        for way in itertools.permutations(ahead, count)
        if all(_does(question, e, step) for step, e in enumerate(way))
    )


def _is_void(question: FunnelQuestion, own: list[Row], times: Times) -> bool:
    return any(
        e["event_name"] == exclusion.event
        and times[exclusion.from_step - 1] <= e["timestamp"] <= times[exclusion.to_step - 1]
        for exclusion in question.exclusions
        if exclusion.to_step <= len(times)
        for e in own
    )
