"""Retention, lifecycle, stickiness and sessions the slow and obvious way; see `oracle`."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter, defaultdict
from typing import Any as Value
from zoneinfo import ZoneInfo

from eventlake.analyses.lifecycle import LifecycleQuestion
from eventlake.analyses.retention import RetentionKind, RetentionQuestion
from eventlake.analyses.stickiness import StickinessQuestion
from eventlake.periods import Interval
from eventlake.tests.factory import Row
from eventlake.tests.oracle import bucket_key, bucket_keys, matches, person_of, sessions_of, within


def cohorts(
    question: RetentionQuestion, events: list[Row], merges: dict[int, int]
) -> list[tuple[int, list[int | None]]]:
    """Size and returns of each cohort."""
    zone = ZoneInfo(question.time_zone)
    keys = bucket_keys(question.from_at, question.to_at, question.interval, zone)
    kept = [e for e in events if matches(e, question.filter) and person_of(e, merges) is not None]
    kept = [e for e in kept if e["timestamp"] < question.to_at]
    found: list[tuple[int, list[int | None]]] = []
    for number, key in enumerate(keys):
        members: dict[Value, dt.datetime] = {}
        for person in {person_of(e, merges) for e in kept}:
            starts = sorted(
                e["timestamp"]
                for e in kept
                if person_of(e, merges) == person and _is(e, question.start_event)
            )
            if question.kind is RetentionKind.FIRST_TIME:
                starts = starts[:1]
            starts = [
                t for t in starts if t >= question.from_at and bucket_key(t, question.interval, zone) == key
            ]
            if starts:
                members[person] = starts[0]
        returned: list[int | None] = []
        for k in range(question.periods):
            if number + k >= len(keys):
                returned.append(None)
                continue
            returned.append(
                sum(
                    any(
                        _is(e, question.return_event)
                        and person_of(e, merges) == person
                        and bucket_key(e["timestamp"], question.interval, zone) == keys[number + k]
                        and e["timestamp"] >= (started if k == 0 else question.from_at)
                        for e in kept
                    )
                    for person, started in members.items()
                )
            )
        found.append((len(members), returned))
    return found


def stages(
    question: LifecycleQuestion, events: list[Row], merges: dict[int, int]
) -> list[tuple[int, int, int, int]]:
    """New, returning, resurrecting and dormant of each bucket."""
    zone = ZoneInfo(question.time_zone)
    keys = bucket_keys(question.from_at, question.to_at, question.interval, zone)
    if not keys:
        return []
    first: dict[Value, dt.datetime] = {}
    for e in sorted(events, key=lambda e: e["timestamp"]):
        first.setdefault(person_of(e, merges), e["timestamp"])
    present: dict[Value, set[Value]] = defaultdict(set)
    before_key = bucket_key(
        _one_bucket_back(question.from_at, question.interval, zone), question.interval, zone
    )
    for e in events:
        person = person_of(e, merges)
        if person is None or not _is(e, question.event) or not matches(e, question.filter):
            continue
        key = bucket_key(e["timestamp"], question.interval, zone)
        if question.from_at <= e["timestamp"] < question.to_at:
            present[key].add(person)
        elif e["timestamp"] < question.from_at and key in (before_key, keys[0]):
            present["before"].add(person)
    found = []
    earlier = present["before"]
    for key in keys:
        here = present[key]
        new = {
            p
            for p in here
            if first[p] >= question.from_at and bucket_key(first[p], question.interval, zone) == key
        }
        returning = (here & earlier) - new
        found.append((len(new), len(returning), len(here - new - returning), -len(earlier - here)))
        earlier = here
    return found


def sticky(question: StickinessQuestion, events: list[Row], merges: dict[int, int]) -> Counter[int]:
    """How many persons (summed over periods) were there on how many days."""
    zone = ZoneInfo(question.time_zone)
    days: dict[Value, set[Value]] = defaultdict(set)
    for e in within(events, question.from_at, question.to_at):
        person = person_of(e, merges)
        if person is not None and _is(e, question.event) and matches(e, question.filter):
            period = bucket_key(e["timestamp"], question.within, zone)
            days[person, period].add(bucket_key(e["timestamp"], Interval.DAY, zone))
    return Counter(len(found) for found in days.values())


def session_figures(events: list[Row], kept: list[Row], merges: dict[int, int]) -> dict[str, Value]:
    """Figures of the sessions of `events`, measured by `kept` alone."""
    named = sessions_of(events, merges)
    times: dict[Value, list[dt.datetime]] = defaultdict(list)
    for e in kept:
        if e["uuid"] in named:
            times[named[e["uuid"]]].append(e["timestamp"])
    lengths = [(max(found) - min(found)).total_seconds() for found in times.values()]
    count = len(times)
    return {
        "sessions": count,
        "avg_s": sum(lengths) / count if count else None,
        "median_s": statistics.median(lengths) if count else None,
        "events_per_session": sum(map(len, times.values())) / count if count else None,
        "bounce_ratio": sum(len(found) == 1 for found in times.values()) / count if count else None,
    }


def _is(event: Row, name: str | None) -> bool:
    return name is None or event["event_name"] == name


def _one_bucket_back(instant: dt.datetime, interval: Interval, zone: ZoneInfo) -> dt.datetime:
    key = bucket_key(instant, interval, zone)
    moment = instant.astimezone(dt.UTC)
    while bucket_key(moment, interval, zone) == key:
        moment -= dt.timedelta(minutes=5)
    return moment
