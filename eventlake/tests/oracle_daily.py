"""Figures of every day the slow and obvious way; see `oracle`."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from eventlake.analyses.active_change import ActiveChangeQuestion
from eventlake.analyses.daily import DailyQuestion
from eventlake.periods import Interval
from eventlake.tests.factory import Row
from eventlake.tests.oracle import bucket_key, bucket_keys, matches, person_of, sessions_of, within


def days_of(question: DailyQuestion) -> list[dt.date]:
    zone = ZoneInfo(question.time_zone)
    return bucket_keys(question.from_at, question.to_at, Interval.DAY, zone)


def of_day(event: Row, question: DailyQuestion) -> dt.date:
    key: dt.date = bucket_key(event["timestamp"], Interval.DAY, ZoneInfo(question.time_zone))
    return key


def kept(question: DailyQuestion, events: list[Row]) -> list[Row]:
    found = within(events, question.from_at, question.to_at)
    return [event for event in found if matches(event, question.filter)]


def window(days: list[dt.date], place: int, length: int) -> set[dt.date]:
    """The days of the range that lie in the window which ends with one of them."""
    return set(days[max(0, place - length + 1) : place + 1])


def persons(
    question: DailyQuestion, events: list[Row], merges: dict[int, int], length: int, name: str | None
) -> list[int]:
    days = days_of(question)
    rows = [event for event in kept(question, events) if name in (None, event["event_name"])]
    return [
        len(
            {person_of(e, merges) for e in rows if of_day(e, question) in window(days, place, length)}
            - {None}
        )
        for place in range(len(days))
    ]


def returns(
    question: DailyQuestion, events: list[Row], merges: dict[int, int], distance: int
) -> list[tuple[int, int]]:
    days = days_of(question)
    present: dict[dt.date, set[int | None]] = {day: set() for day in days}
    first: dict[int | None, dt.datetime] = {}
    for event in sorted(events, key=lambda e: e["timestamp"]):
        person = person_of(event, merges)
        if person is None or event["timestamp"] >= question.to_at or not matches(event, question.filter):
            continue
        first.setdefault(person, event["timestamp"])
        if event["timestamp"] >= question.from_at:
            present[of_day(event, question)].add(person)
    zone = ZoneInfo(question.time_zone)
    came = {
        person: bucket_key(at, Interval.DAY, zone) for person, at in first.items() if at >= question.from_at
    }
    found = []
    for place, day in enumerate(days):
        cohort = {p for p, began in came.items() if place >= distance and began == days[place - distance]}
        found.append((len(cohort), len(cohort & present[day])))
    return found


def conversions(
    question: DailyQuestion, events: list[Row], merges: dict[int, int], steps: tuple[str, ...], length: int
) -> list[int]:
    days = days_of(question)
    rows = [
        e for e in kept(question, events) if e["event_name"] in steps and person_of(e, merges) is not None
    ]
    found = []
    for place in range(len(days)):
        inside = [e for e in rows if of_day(e, question) in window(days, place, length)]
        people = {person_of(e, merges) for e in inside}
        found.append(
            sum(_goes_through([e for e in inside if person_of(e, merges) == p], steps) for p in people)
        )
    return found


def _goes_through(events: list[Row], steps: tuple[str, ...]) -> bool:
    reached: dt.datetime | None = None
    for step in steps:
        later = [
            e["timestamp"]
            for e in events
            if e["event_name"] == step and (reached is None or e["timestamp"] >= reached)
        ]
        if not later:
            return False
        reached = min(later)
    return True


def sessions(
    question: DailyQuestion, events: list[Row], merges: dict[int, int]
) -> dict[dt.date, tuple[int, float]]:
    """Sessions and seconds by the day of the first matching event."""
    inside = within(events, question.from_at, question.to_at)
    session_of = sessions_of(inside, merges)
    times: dict[object, list[Row]] = {}
    for event in inside:
        if event["uuid"] in session_of and matches(event, question.filter):
            times.setdefault(session_of[event["uuid"]], []).append(event)
    found: dict[dt.date, tuple[int, float]] = {}
    for rows in times.values():
        first, last = min(rows, key=lambda e: e["timestamp"]), max(rows, key=lambda e: e["timestamp"])
        count, length_s = found.get(of_day(first, question), (0, 0.0))
        spent_s = (last["timestamp"] - first["timestamp"]).total_seconds()
        found[of_day(first, question)] = (count + 1, length_s + spent_s)
    return found


def change(
    question: ActiveChangeQuestion, events: list[Row], merges: dict[int, int]
) -> tuple[int, int, int, int, int]:
    rows = [e for e in events if matches(e, question.filter) and person_of(e, merges) is not None]

    def there(from_at: dt.datetime | None, to_at: dt.datetime) -> set[int | None]:
        return {
            person_of(e, merges)
            for e in rows
            if (from_at is None or from_at <= e["timestamp"]) and e["timestamp"] < to_at
        }

    now, before = there(question.from_at, question.to_at), there(question.before_at, question.from_at)
    early = there(None, question.before_at)
    return (
        len(before), len(now), len(now - before - early), len((now & early) - before), len(before - now),
    )  # fmt: skip
