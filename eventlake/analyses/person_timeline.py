"""What one person did, newest first, page by page.

Source: API.md, `GET /persons/{id}/events`. A page starts where the last one ended, by time and row id, so that events
which arrive meanwhile move nothing. Full rows are read of the days that a page needs only: rollups tell which those
are, and how many events of the person each has.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eventlake.analyses.filters import Condition, Operator, filter_sql
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import Span, day_start, find_zone
from eventlake.proof import Proof
from eventlake.rollups.persons import NodeEvents, Rollups, covered, nodes_of, nodes_sql, root_of
from eventlake.schema import DERIVED, NAMES

#: Changes whenever the meaning of an answer does.
DEFINITION = "person_events/1"

MAX_EVENTS = 1_000
MAX_NAMES = 100

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)
_MICROSECOND = dt.timedelta(microseconds=1)

#: Bookkeeping of the lake is nobody's business.
_COLUMNS = tuple(name for name in NAMES if name not in DERIVED | {"insert_xid"})


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a timeline: just before (that is, older than) one event."""

    timestamp: dt.datetime
    id: int

    def encode(self) -> str:
        """Text that a client hands back as it came."""
        text = f"{(self.timestamp - _EPOCH) // _MICROSECOND}.{self.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """The place of `encode`. Errors: QuestionError for anything else."""
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            at_us, row_id = (int(part) for part in plain.decode("ascii").split("."))
            return cls(_EPOCH + at_us * _MICROSECOND, row_id)
        except (ValueError, OverflowError, binascii.Error) as error:
            raise QuestionError("this cursor is none of ours: take next_cursor as it came") from error


@dataclass(frozen=True, slots=True)
class PersonEventsQuestion(RangeQuestion):
    """Events of a person in a half-open range, before a cursor. `events` keeps events of these names only.

    `person_id` may be any node of the person.

    Errors: QuestionError for a limit beyond MAX_EVENTS, more names than MAX_NAMES, or a cursor of somebody else.
    """

    person_id: int
    events: tuple[str, ...] = ()
    limit: int = 50
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_EVENTS:
            raise QuestionError(f"a page has 1 to {MAX_EVENTS} events")
        if len(self.events) > MAX_NAMES:
            raise QuestionError(f"a timeline is filtered by at most {MAX_NAMES} event names")
        if self.cursor is not None:
            Cursor.decode(self.cursor)

    @property
    def before(self) -> Cursor:
        """The place before which the page starts."""
        return Cursor(self.to_at, 0) if self.cursor is None else Cursor.decode(self.cursor)

    @property
    def span(self) -> Span:
        """The part of the range that this page and all later ones can hold."""
        if self.cursor is None:
            return Span(self.from_at, self.to_at)
        to_at = min(self.to_at, Cursor.decode(self.cursor).timestamp + _MICROSECOND)
        return Span(min(self.from_at, to_at), to_at)


@dataclass(frozen=True, slots=True)
class PersonEvent:
    """One event: `columns` are all that the lake has but the JSON, `properties` is the JSON."""

    id: int
    uuid: str
    timestamp: dt.datetime
    event_name: str
    columns: Mapping[str, Any]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PersonEventsAnswer:
    """Events, newest first, and the cursor of the next page; None where there is none.

    `person_id` is the person that the asked node counts as now.
    """

    person_id: int
    events: tuple[PersonEvent, ...]
    next_cursor: str | None
    proof: Proof


@dataclass(frozen=True, slots=True)
class _Busy:
    """A stretch of time in which the person has about so many events."""

    from_at: dt.datetime
    to_at: dt.datetime
    events: int

    @property
    def utc_days(self) -> Iterator[dt.date]:
        """The UTC days that it touches."""
        day, last = (
            self.from_at.astimezone(dt.UTC).date(),
            (self.to_at - _MICROSECOND).astimezone(dt.UTC).date(),
        )
        while day <= last:
            yield day
            day += _DAY


def person_events(reader: Reader, question: PersonEventsQuestion) -> PersonEventsAnswer:
    """One page. Errors: QuestionError for what cannot be asked."""
    run = reader.run(DEFINITION)
    person = root_of(run.source, question.person_id)
    nodes = tuple(nodes_of(run.source, [person]).column("person_id").to_pylist())
    found: list[PersonEvent] = []
    busy = sorted(_busy_times(run, question, nodes), key=lambda stretch: stretch.to_at, reverse=True)
    to_at = question.span.to_at
    while busy and to_at > question.span.from_at and len(found) <= question.limit:
        span = Span(_reach(busy, question.limit + 1 - len(found), question.span.from_at), to_at)
        days = {day for stretch in busy if stretch.to_at > span.from_at for day in stretch.utc_days}
        files = run.source.snapshot.files_between(span.from_at, span.to_at)
        events = NodeEvents(tuple(file for file in files if file.day in days), nodes)
        found += _read(run, question, span, events, question.limit + 1 - len(found))
        to_at = span.from_at
        busy = [stretch for stretch in busy if stretch.from_at < to_at]
    page = found[: question.limit]
    has_more = len(found) > len(page)
    cursor = Cursor(page[-1].timestamp, page[-1].id).encode() if has_more else None
    return PersonEventsAnswer(person, tuple(page), cursor, run.proof())


def _busy_times(run: Run, question: PersonEventsQuestion, nodes: tuple[int, ...]) -> Iterator[_Busy]:
    """Days with events of the person: local ones that rollups know, UTC ones of everything else."""
    span = question.span
    segments, files = covered(run.source, span)
    if segments:
        parameters = Parameters()
        zone = find_zone(run.source.snapshot.zone)
        sql = statement(
            "person_active_days", nodes=nodes_sql(nodes, parameters), named=_named(question, parameters)
        )
        rollups = Rollups("person_days" if question.events else "active_days", segments)
        for day, events in run.rows(sql, parameters, rollups=rollups):
            date = _EPOCH.date() + day * _DAY
            busy = _Busy(day_start(date, zone), day_start(date + _DAY, zone), events)
            if busy.from_at < span.to_at and busy.to_at > span.from_at:
                yield busy
    if not files and not run.source.hot.num_rows:
        return
    parameters = Parameters()
    sql = statement(
        "person_days_beside_rollups",
        from_at=parameters.bind(span.from_at),
        to_at=parameters.bind(span.to_at),
        named=_named(question, parameters),
    )
    for day, events in run.rows(sql, parameters, events=NodeEvents(files, nodes)):
        yield _Busy(_EPOCH + day * _DAY, _EPOCH + (day + 1) * _DAY, events)


def _reach(busy: list[_Busy], wanted: int, not_before: dt.datetime) -> dt.datetime:
    """How far back to read for so many events."""
    for stretch in busy:
        wanted -= stretch.events
        if wanted <= 0:
            return max(stretch.from_at, not_before)
    return not_before


def _read(
    run: Run, question: PersonEventsQuestion, span: Span, events: NodeEvents, limit: int
) -> Iterator[PersonEvent]:
    parameters = Parameters()
    bounds = {"from_at": span.from_at, "to_at": span.to_at, "rows": limit}
    bounds |= {"before_at": question.before.timestamp, "before_id": question.before.id}
    for name, value in bounds.items():
        parameters.name(name, value)
    columns = ", ".join(f'"{name}"' for name in _COLUMNS)
    sql = statement("person_events", columns=columns, named=_named(question, parameters))
    for row in run.columns(sql, parameters, events=events).to_pylist():
        yield PersonEvent(
            row.pop("id"),
            row.pop("uuid"),
            row.pop("timestamp"),
            row.pop("event_name"),
            properties=_read_json(row.pop("metadata")),
            columns=row,
        )


def _named(question: PersonEventsQuestion, parameters: Parameters) -> str:
    if not question.events:
        return "true"
    name = Property("event_name", Scope.COLUMN)
    return filter_sql(Condition(name, Operator.IN, question.events), parameters)


def _read_json(text: str | None) -> Mapping[str, Any]:
    """The properties; none where the text is no JSON object, which must not cost the page its other events."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
