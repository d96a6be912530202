"""The same answers, worked out slowly and obviously, one event at a time.

Nothing here is shared with the analyses: buckets are local dates, sets are sets, sorting is sorting.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any as Value
from zoneinfo import ZoneInfo

from eventlake.analyses.filters import All, Any, Condition, Filter, Not, Operator
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends_question import Series, TrendsQuestion
from eventlake.periods import Interval
from eventlake.tests.factory import Row

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
QUARTER = dt.timedelta(minutes=15)
SILENCE = dt.timedelta(minutes=30)


def within(events: Iterable[Row], from_at: dt.datetime, to_at: dt.datetime) -> list[Row]:
    return [e for e in events if from_at <= e["timestamp"] < to_at]


# --- calendar


def bucket_key(instant: dt.datetime, interval: Interval, zone: ZoneInfo) -> Value:
    local = instant.astimezone(zone)
    if interval is Interval.HOUR:
        return (local.replace(minute=0, second=0, microsecond=0, tzinfo=None, fold=0), local.utcoffset())
    day = local.date()
    if interval is Interval.WEEK:
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if interval is Interval.MONTH else day


def bucket_keys(from_at: dt.datetime, to_at: dt.datetime, interval: Interval, zone: ZoneInfo) -> list[Value]:
    """Every key between two instants, found by walking in steps of a quarter of an hour."""
    keys: list[Value] = []
    instant, last = from_at.astimezone(dt.UTC), to_at.astimezone(dt.UTC) - dt.timedelta(microseconds=1)
    while instant <= last:
        key = bucket_key(instant, interval, zone)
        if key not in keys[-3:]:
            keys.append(key)
        instant = last if instant < last < instant + QUARTER else instant + QUARTER
    return keys


# --- persons and sessions


def person_of(event: Row, merges: dict[int, int]) -> int | None:
    person = event["person_id"]
    return None if person is None else merges.get(person, person)


def sessions_of(events: list[Row], merges: dict[int, int]) -> dict[str, Value]:
    """The session of each event by uuid; events without one are left out."""
    found: dict[str, Value] = {}
    last: dict[int, tuple[dt.datetime, int]] = {}
    for event in sorted(events, key=lambda e: e["timestamp"]):
        person = person_of(event, merges)
        if event["session_id"]:
            found[event["uuid"]] = event["session_id"]
        elif person is not None:
            when, number = last.get(person, (None, 0))
            if when is None or event["timestamp"] - when > SILENCE:
                number += 1
            last[person] = (event["timestamp"], number)
            found[event["uuid"]] = (person, number)
    return found


# --- properties and filters


def text_of(event: Row, prop: Property) -> str | None:
    if prop.scope is Scope.COLUMN:
        value = event.get(prop.name)
        return None if value is None or value == "" else str(value)
    value = json.loads(event["metadata"]).get(prop.name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (dict, list, bool)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def number_of(event: Row, prop: Property) -> float | None:
    text = text_of(event, prop)
    return float(text) if text is not None and NUMBER.fullmatch(text) else None


def equals(event: Row, prop: Property, value: Value) -> bool:
    if isinstance(value, bool):
        return text_of(event, prop) == ("true" if value else "false")
    if isinstance(value, (int, float)):
        return number_of(event, prop) == value
    return text_of(event, prop) == value


def ordered(event: Row, prop: Property, operator: Operator, value: Value) -> bool:
    if isinstance(value, (int, float)) or NUMBER.fullmatch(value):
        left: Value = number_of(event, prop)
        right: Value = float(value)
    else:
        left, right = text_of(event, prop), value
    if left is None:
        return False
    return {
        Operator.GT: left > right,
        Operator.GTE: left >= right,
        Operator.LT: left < right,
        Operator.LTE: left <= right,
    }[operator]


def matches(event: Row, node: Filter | None) -> bool:
    if node is None:
        return True
    if isinstance(node, All):
        return all(matches(event, part) for part in node.parts)
    if isinstance(node, Any):
        return any(matches(event, part) for part in node.parts)
    if isinstance(node, Not):
        return not matches(event, node.part)
    return _condition(event, node)


def _condition(event: Row, node: Condition) -> bool:
    prop, operator, value = node.prop, node.operator, node.value
    text = text_of(event, prop)
    if operator in (Operator.IS_SET, Operator.IS_NOT_SET):
        return (text is None) is (operator is Operator.IS_NOT_SET)
    if operator in (Operator.EQ, Operator.NE):
        return equals(event, prop, value) is (operator is Operator.EQ)
    if operator in (Operator.IN, Operator.NOT_IN):
        assert isinstance(value, tuple)
        return any(equals(event, prop, item) for item in value) is (operator is Operator.IN)
    if operator in (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE):
        return ordered(event, prop, operator, value)
    if text is None:
        return False
    wanted = str(value)
    return {
        Operator.CONTAINS: wanted in text,
        Operator.ICONTAINS: wanted.lower() in text.lower(),
        Operator.STARTS_WITH: text.startswith(wanted),
        Operator.REGEX: operator is Operator.REGEX and re.search(wanted, text) is not None,
    }[operator]


# --- trends


@dataclass
class World:
    """What a measure needs to know besides the events themselves."""

    merges: dict[int, int]
    sessions: dict[str, Value]


def measure(series: Series, events: list[Row], world: World) -> Value:
    persons = [p for e in events if (p := person_of(e, world.merges)) is not None]
    if series.measure is Measure.COUNT:
        return len(events)
    if series.measure is Measure.PERSONS:
        return len(set(persons))
    if series.measure is Measure.SESSIONS:
        return len({world.sessions[e["uuid"]] for e in events if e["uuid"] in world.sessions})
    if series.measure is Measure.PER_PERSON:
        return len(persons) / len(set(persons)) if persons else None
    assert series.prop is not None
    numbers = sorted(n for e in events if (n := number_of(e, series.prop)) is not None)
    if series.measure is Measure.SUM:
        return math.fsum(numbers)
    if not numbers:
        return None
    if series.measure is Measure.AVG:
        return math.fsum(numbers) / len(numbers)
    if series.measure is Measure.MIN:
        return numbers[0]
    if series.measure is Measure.MAX:
        return numbers[-1]
    place = int(series.measure.value[1:]) / 100 * (len(numbers) - 1)
    low, high = math.floor(place), math.ceil(place)
    return numbers[low] + (numbers[high] - numbers[low]) * (place - low)


def trend_lines(
    question: TrendsQuestion, series: Series, events: list[Row], merges: dict[int, int]
) -> list[tuple[str | None, bool, list[Value], Value]]:
    """(breakdown value, is it the rest, values, total) of one series."""
    zone = ZoneInfo(question.time_zone)
    all_events = within(events, question.from_at, question.to_at)
    world = World(merges, sessions_of(all_events, merges))
    kept = [
        e
        for e in all_events
        if (series.event is None or e["event_name"] == series.event)
        and matches(e, question.filter)
        and matches(e, series.filter)
    ]
    keys = bucket_keys(question.from_at, question.to_at, question.interval, zone)

    def line(chosen: list[Row]) -> tuple[list[Value], Value]:
        by_bucket = defaultdict(list)
        for e in chosen:
            by_bucket[bucket_key(e["timestamp"], question.interval, zone)].append(e)
        return [measure(series, by_bucket[key], world) for key in keys], measure(series, chosen, world)

    if question.breakdown is None:
        return [(None, False, *line(kept))]
    groups = defaultdict(list)
    for e in kept:
        groups[text_of(e, question.breakdown.prop)].append(e)

    def rank(value: str | None) -> Value:
        total = measure(series, groups[value], world)
        text = (value is None, (value or "").encode())
        return (total is None, 0 if total is None else -total, text)

    ranked = sorted(groups, key=rank)
    shown = ranked[: question.breakdown.limit]
    lines = [(value, False, *line(groups[value])) for value in shown]
    others = [e for value in ranked[question.breakdown.limit :] for e in groups[value]]
    return [*lines, ("$other", True, *line(others))] if others else lines


# --- overview


def totals(events: list[Row], merges: dict[int, int]) -> dict[str, Value]:
    """The figures of one range, whose events these are."""
    persons = {p for e in events if (p := person_of(e, merges)) is not None}
    converted = {
        person_of(e, merges)
        for e in events
        if e["event_type"] == "conversion" or (e.get("conversion_value") or 0) > 0
    } & persons
    sessions = defaultdict(list)
    named = sessions_of(events, merges)
    for e in events:
        if e["uuid"] in named:
            sessions[named[e["uuid"]]].append(e["timestamp"])
    lengths = [(max(times) - min(times)).total_seconds() for times in sessions.values()]
    return {
        "events": len(events),
        "persons": len(persons),
        "revenue": sum((e.get("revenue_impact") or Decimal(0) for e in events), Decimal(0)),
        "conversion_percent": 100 * len(converted) / len(persons) if persons else None,
        "sessions": len(sessions),
        "avg_session_s": sum(lengths) / len(lengths) if lengths else None,
        "bounce_ratio": sum(len(t) == 1 for t in sessions.values()) / len(sessions) if sessions else None,
    }


def top(events: list[Row], column: str, merges: dict[int, int], limit: int) -> list[tuple[str, int, int]]:
    counts = Counter(e[column] for e in events)
    persons = defaultdict(set)
    for e in events:
        persons[e[column]].add(person_of(e, merges))
    ranked = sorted(counts, key=lambda value: (-counts[value], value.encode()))
    return [(value, counts[value], len(persons[value] - {None})) for value in ranked[:limit]]
