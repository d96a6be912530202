"""Relations over local days and calendar buckets: from rollups where they hold, from events everywhere else.

A rollup counts whole local days of its zone. So a relation here takes rollups for the days that lie wholly in the
span, and events for the rest: days that the span cuts, files without a rollup, and hot rows. What both sides know
of (a person of a day with a late event, say) is grouped once more; everything else is read as it stands.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from eventlake.analyses.buckets import bucket_of_day_sql, bucket_sql, day_number, day_sql
from eventlake.analyses.filters import All, Filter, event_is, filter_sql
from eventlake.analyses.statements import statement
from eventlake.parameters import Parameters
from eventlake.periods import Interval, Span, bucket_starts, day_start, find_zone
from eventlake.relations import Access, Events, Tracks, bases_of, events_sql, moved_sql, segments_between
from eventlake.rollups.segments import Segment, covered_paths
from eventlake.source import Source
from eventlake.table import LakeFile

_DAY = dt.timedelta(days=1)

#: Before everything: two days after the first that Python knows, so that any zone can reach it.
HISTORY_FROM = dt.date(1, 1, 3)


@dataclass(frozen=True, slots=True)
class Buckets:
    """A span in calendar buckets of a zone; `starts` as `periods.bucket_starts` gives them.

    `first_number` is the number of the first bucket; `is_calendar` says that each is one of the calendar's.
    """

    span: Span
    starts: tuple[dt.datetime, ...]
    interval: Interval
    zone: ZoneInfo
    first_number: int = 0
    is_calendar: bool = True

    @classmethod
    def of(cls, span: Span, interval: Interval, zone: ZoneInfo) -> Buckets:
        """The calendar's own buckets of a span."""
        return cls(span, bucket_starts(span, interval, zone), interval, zone)

    @classmethod
    def whole(cls, span: Span, zone: ZoneInfo) -> Buckets:
        """The span as a single bucket."""
        return cls(span, (span.from_at,), Interval.DAY, zone, is_calendar=False)

    def with_one_before(self) -> Buckets:
        """The same after one more bucket, number -1: the calendar's bucket before, up to the start of the span."""
        start = bucket_starts(_just_before(self.starts[0]), self.interval, self.zone)[0]
        return self._after(start)

    def with_history(self) -> Buckets:
        """The same after one more bucket of everything that happened before."""
        return self._after(day_start(HISTORY_FROM, self.zone))

    def _after(self, start: dt.datetime) -> Buckets:
        return Buckets(
            Span(start, self.span.to_at),
            (start, self.span.from_at, *self.starts[1:]),
            self.interval,
            self.zone,
            self.first_number - 1,
            is_calendar=False,
        )

    @property
    def is_of_days(self) -> bool:
        """Whether every bucket consists of whole local days, but for the ends of the span."""
        return self.interval is not Interval.HOUR and all(
            day_start(start.astimezone(self.zone).date(), self.zone) == start for start in self.starts[1:]
        )

    @property
    def has_one_day_each(self) -> bool:
        """Whether a bucket is never more than one local day."""
        return self.interval is Interval.DAY and self.is_calendar

    def of_event(self, parameters: Parameters) -> str:
        """The bucket of an event."""
        return bucket_sql(self.starts, self.span.to_at, parameters, self.first_number)

    def of_day(self, parameters: Parameters) -> str:
        """The bucket of a local day."""
        last = (self.span.to_at.astimezone(dt.UTC) - dt.timedelta(microseconds=1)).astimezone(self.zone)
        starts = tuple(start.astimezone(self.zone) for start in self.starts)
        return bucket_of_day_sql(starts, last.date(), parameters, self.first_number)


class Days:
    """Which local days of a span rollups can answer for, and what has to be read beside them."""

    def __init__(self, source: Source, span: Span, zone: ZoneInfo) -> None:
        self.source = source
        self.span = _from_earliest(source, span, zone)
        self.zone = zone

    @cached_property
    def first(self) -> dt.date:
        """The first local day that lies wholly in the span; after `last` where there is none."""
        day = self.span.from_at.astimezone(self.zone).date()
        return day if day_start(day, self.zone) == self.span.from_at else day + _DAY

    @cached_property
    def last(self) -> dt.date:
        """The last local day that lies wholly in the span."""
        return self.span.to_at.astimezone(self.zone).date() - _DAY

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Rollups that hold whole days of the span."""
        if self.first > self.last or find_zone(self.source.snapshot.zone) != self.zone:
            return ()
        whole = Span(day_start(self.first, self.zone), day_start(self.last + _DAY, self.zone))
        return segments_between(self.source, whole)

    @cached_property
    def uncovered(self) -> tuple[LakeFile, ...]:
        """Files that no rollup in use covers."""
        covered = covered_paths(self.segments)
        files = self.source.snapshot.files_between(self.span.from_at, self.span.to_at)
        return tuple(file for file in files if file.path not in covered)

    def edges(self) -> Iterator[tuple[Span, tuple[LakeFile, ...]]]:
        """The days that the span cuts, and the covered files that hold them; nothing without rollups."""
        if not self.segments:
            return
        covered = covered_paths(self.segments)
        first, last = day_start(self.first, self.zone), day_start(self.last + _DAY, self.zone)
        for span in (Span(self.span.from_at, first), Span(last, self.span.to_at)):
            files = self.source.snapshot.files_between(span.from_at, span.to_at)
            held = tuple(file for file in files if file.path in covered)
            if held:
                yield span, held

    @cached_property
    def has_rest(self) -> bool:
        """Whether anything has to be read beside the rollups."""
        return bool(self.uncovered or self.source.hot.num_rows or any(self.edges()))

    def shared(self) -> list[int]:
        """Days, since 1970, of which more than one part knows: two segments, or a segment and the rest."""
        parts: Counter[int] = Counter()
        for segment in self.segments:
            parts.update(self._local_days(segment.first_day, segment.last_day))
        rest: set[int] = set()
        for file in self.uncovered:
            rest.update(self._local_days(file.day, file.day))
        for day in self.source.hot.column("day").unique().to_pylist():
            rest.update(self._local_days(day, day))
        parts.update(rest)
        return sorted(day for day, count in parts.items() if count > 1)

    def events(self, access: Access, parameters: Parameters) -> str:
        """Events that rollups do not answer for, every column."""
        parts = [events_sql(access, parameters, self.uncovered, self.span)]
        parts += [events_sql(access, parameters, files, span, with_hot=False) for span, files in self.edges()]
        return "\nunion all by name\n".join(f"({part})" for part in parts)

    def _local_days(self, first: dt.date, last: dt.date) -> range:
        """Local days that UTC days touch."""
        start = dt.datetime.combine(first, dt.time(), dt.UTC).astimezone(self.zone)
        end = dt.datetime.combine(last, dt.time.max, dt.UTC).astimezone(self.zone)
        return range(day_number(start.date()), day_number(end.date()) + 1)


@dataclass(frozen=True, slots=True)
class PersonBuckets:
    """Who was there in which bucket: bucket, person_id, events, has_converted; one row a bucket and person.

    Of the events of one name, or of any; a filter is answered by the events themselves. With `may_repeat` a bucket
    and person can have several rows, each of a part of the events, which spares a grouping.
    """

    buckets: Buckets
    event: str | None = None
    filter: Filter | None = None
    may_repeat: bool = False

    def sql(self, access: Access, parameters: Parameters) -> str:
        """From person days where they hold."""
        days = Days(access.source, self.buckets.span, self.buckets.zone)
        if self.filter is not None or not self.buckets.is_of_days or not days.segments:
            return self._of_events(access, parameters)
        rows = _person_days(days, self.event, access, parameters)
        as_it_is = self.may_repeat or self.buckets.has_one_day_each
        name = "person_buckets_daily" if as_it_is else "person_buckets_grouped"
        return statement(name, days=rows, bucket=self.buckets.of_day(parameters))

    def _of_events(self, access: Access, parameters: Parameters) -> str:
        bucket = self.buckets.of_event(parameters)
        kept = filter_sql(_named(self.event, self.filter), parameters)
        events = Events(self.buckets.span).sql(access, parameters)
        return statement("person_buckets_of_events", bucket=bucket, filter=kept, events=events)


@dataclass(frozen=True, slots=True)
class EventPersons:
    """Whom each event reached in a span: event_name, person_id; a pair can have several rows."""

    span: Span
    zone: ZoneInfo

    def sql(self, access: Access, parameters: Parameters) -> str:
        """From person days where they hold, else from tracks."""
        days = Days(access.source, self.span, self.zone)
        if not days.segments:
            return Tracks(self.span).sql(access, parameters)
        rollups = access.read_rollups("person_days", days.segments, parameters)
        rows = statement("event_persons", rollups=rollups, **bounds(days, parameters))
        rows = moved_sql(access, rows, bases_of(days.segments))
        if not days.has_rest:
            return rows
        rest = statement("tracks_of_events", events=days.events(access, parameters))
        return f"{rows}\nunion all by name\n{rest}"


@dataclass(frozen=True, slots=True)
class EventNames:
    """What happened in a span: event_name; a name can have several rows."""

    span: Span
    zone: ZoneInfo

    def sql(self, access: Access, parameters: Parameters) -> str:
        """From event days where they hold."""
        days = Days(access.source, self.span, self.zone)
        if not days.segments:
            return statement("event_names", rows=Events(self.span).sql(access, parameters))
        rollups = access.read_rollups("event_days", days.segments, parameters)
        rows = statement("event_names_of_rollups", rollups=rollups, **bounds(days, parameters))
        if not days.has_rest:
            return rows
        rest = statement("event_names", rows=days.events(access, parameters))
        return f"{rows}\nunion all\n{rest}"


@dataclass(frozen=True, slots=True)
class EventBuckets:
    """How often what happened in which bucket: bucket, event_name, event_type, events, revenue (decimal).

    Of the events of one name, or of any. A bucket can have several rows of one name: sum them.
    """

    buckets: Buckets
    event: str | None = None
    filter: Filter | None = None

    def sql(self, access: Access, parameters: Parameters) -> str:
        """From event days where they hold."""
        days = Days(access.source, self.buckets.span, self.buckets.zone)
        if self.filter is not None or not self.buckets.is_of_days or not days.segments:
            events = Events(self.buckets.span)
            bucket = self.buckets.of_event(parameters)
            kept = filter_sql(_named(self.event, self.filter), parameters)
            return statement(
                "event_buckets_of_events",
                column="bucket",
                bucket=bucket,
                filter=kept,
                events=events.sql(access, parameters),
            )
        rows = statement(
            "event_days_of_rollups",
            rollups=access.read_rollups("event_days", days.segments, parameters),
            filter=filter_sql(_named(self.event, None), parameters),
            **bounds(days, parameters),
        )
        if days.has_rest:
            rest = statement(
                "event_buckets_of_events",
                column="day",
                bucket=day_sql(days.span, days.zone, parameters),
                filter=filter_sql(_named(self.event, None), parameters),
                events=days.events(access, parameters),
            )
            rows = f"{rows}\nunion all\n{rest}"
        return statement("event_buckets_of_days", days=rows, bucket=self.buckets.of_day(parameters))


@dataclass(frozen=True, slots=True)
class SessionPieces:
    """Sessions in pieces, one a local day: day, session_high, session_low, person_id, first_us, last_us, events.

    `person_id` is set where the session has no id; such pieces are runs of events of the person.
    """

    span: Span
    zone: ZoneInfo

    def sql(self, access: Access, parameters: Parameters) -> str:
        """From rollups where they hold. The statement names the length of a silence itself."""
        days = Days(access.source, self.span, self.zone)
        if not days.segments:
            return _pieces_of_events(days, access, parameters)
        rows = session_slots(days, "session_pieces_of_rollups", access, parameters)
        rows = moved_sql(access, rows, bases_of(days.segments))
        if days.has_rest:
            rows = f"{rows}\nunion all by name\n{_pieces_of_events(days, access, parameters)}"
        return rows


@dataclass(frozen=True, slots=True)
class SessionRest:
    """Pieces, as in `SessionPieces`, of the events that no rollup answers for."""

    days: Days

    def sql(self, access: Access, parameters: Parameters) -> str:
        """No rows where there is nothing beside the rollups."""
        return _pieces_of_events(self.days, access, parameters)


@dataclass(frozen=True, slots=True)
class SessionRollups:
    """Rollups of sessions as they stand, or only pieces that can belong together (`apart`)."""

    days: Days
    apart: bool = False

    def sql(self, access: Access, parameters: Parameters) -> str:
        """A FROM item, or the statement that picks pieces."""
        if not self.apart:
            return access.read_rollups("sessions", self.days.segments, parameters)
        rows = session_slots(self.days, "session_pieces_apart", access, parameters)
        return moved_sql(access, rows, bases_of(self.days.segments))


def session_slots(days: Days, name: str, access: Access, parameters: Parameters) -> str:
    """A statement over the rollups of sessions, for the whole days of the span."""
    rollups = access.read_rollups("sessions", days.segments, parameters)
    return statement(name, rollups=rollups, **bounds(days, parameters))


def _pieces_of_events(days: Days, access: Access, parameters: Parameters) -> str:
    rest = statement("session_rows", day=day_sql(days.span, days.zone, parameters))
    return statement("session_pieces_of_events", events=days.events(access, parameters), pieces=rest)


def _person_days(days: Days, event: str | None, access: Access, parameters: Parameters) -> str:
    """Rows day, person_id, events, has_converted; one a day and person."""
    rollups = access.read_rollups(
        "active_days" if event is None else "person_days", days.segments, parameters
    )
    named = filter_sql(_named(event, None), parameters)
    slots = {"rollups": rollups, "named": named, **bounds(days, parameters)}
    shared = parameters.bind(days.shared())
    bases = bases_of(days.segments)
    again = f"list_contains(cast({shared} as integer[]), day)"
    if moved := access.moved(bases):
        again += f" or {statement('person_has_moved', merges=moved)}"
    plain = statement("person_days_of_rollups", kept=f"not ({again})", **slots)
    apart = statement("person_days_of_rollups", kept=f"({again})", **slots)
    apart = moved_sql(access, apart, bases)
    if days.has_rest:
        rest = statement(
            "person_days_of_events",
            day=day_sql(days.span, days.zone, parameters),
            filter=filter_sql(_named(event, None), parameters),
            events=days.events(access, parameters),
        )
        apart = f"{apart}\nunion all by name\n{rest}"
    return f"{plain}\nunion all by name\n{statement('person_days_grouped', days=apart)}"


def _from_earliest(source: Source, span: Span, zone: ZoneInfo) -> Span:
    """The span from the local day of the earliest event on: the history of all time has no events at its start."""
    days = [file.day for file in source.snapshot.files[:1]]
    if source.hot.num_rows:
        days.append(pc.min(source.hot.column("day")).as_py())
    if not days:
        return span
    earliest = dt.datetime.combine(min(days), dt.time(), dt.UTC).astimezone(zone)
    return Span(min(max(span.from_at, day_start(earliest.date(), zone)), span.to_at), span.to_at)


def _just_before(instant: dt.datetime) -> Span:
    moment = instant.astimezone(dt.UTC)
    return Span(moment - dt.timedelta(microseconds=1), moment)


def bounds(days: Days, parameters: Parameters) -> dict[str, str]:
    """The first and last whole local day of the span, bound."""
    return {
        "first": parameters.bind(day_number(days.first)),
        "last": parameters.bind(day_number(days.last)),
    }


def _named(event: str | None, condition: Filter | None) -> Filter | None:
    parts: Iterable[Filter | None] = (event_is(event) if event is not None else None, condition)
    kept = tuple(part for part in parts if part is not None)
    return All(kept) if kept else None
