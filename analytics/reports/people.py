"""Persons as people read them: lists, one of them with all that is known, and what they did.

A person is known by the uuid of its root; the uuid of a merged node leads there. `only` are the roots that somebody
may see, None for all: whatever they may not see is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from analytics import host, queueing
from analytics.errors import NotFound
from analytics.models import Person
from analytics.reports import cohorts
from analytics.reports.analyses import ask
from analytics.reports.answering import answering
from analytics.reports.pages import decode_cursor, encode_cursor
from analytics.reports.ranges import span_or_all, zone_of
from analytics.store import erasure, person_lists, profiles

if TYPE_CHECKING:
    from eventlake.analyses.person_summaries import PersonSummariesAnswer
    from eventlake.analyses.person_timeline import PersonEvent

#: How many distinct ids a list shows of each person, and a person's own page of itself.
_IDS_IN_LIST, _IDS_OF_ONE = 5, 1000


@dataclass(frozen=True)
class Wanted:
    """Which persons: those who go by a text, those of a cohort; newest first, or oldest."""

    search: str = ""
    cohort: int | None = None
    order: str = "-created_at"
    cursor: str = ""
    limit: int = 50
    only: frozenset[int] | None = None

    @property
    def list_key(self) -> tuple[Any, ...]:
        """What makes it the same list on every page."""
        return ("persons", self.search, self.cohort, self.order)


@dataclass(frozen=True)
class Timeline:
    """Which events of a person: of these names, in a half-open range, a page of them."""

    events: tuple[str, ...] = ()
    date_from: str | None = None
    date_to: str | None = None
    timezone: str | None = None
    cursor: str | None = None
    limit: int = 50


def roots_of(user: AbstractBaseUser) -> frozenset[int]:
    """The persons that a user is."""
    return frozenset(profiles.roots_of_user(user, host.get().distinct_id(user)))


def list_people(wanted: Wanted) -> dict[str, Any]:
    """A page of persons.

    **Shape**: `persons`, each as `person` but with the first few distinct ids; `next_cursor`, None on the last page.
    **Errors**: `BadInput` for a cursor or cohort that is none, `Unavailable`.
    """
    people = person_lists.everybody()
    if wanted.only is not None:
        people = person_lists.among(people, sorted(wanted.only))
    if wanted.cohort is not None:
        with answering():
            members = cohorts.members([wanted.cohort])[wanted.cohort]
        people = person_lists.among(people, members.column("member_id").to_pylist())
    if wanted.search:
        people = person_lists.going_by(people, wanted.search)
    rows = person_lists.page(
        people,
        is_ascending=wanted.order == "created_at",
        after=_place(wanted),
        limit=wanted.limit + 1,
    )
    shown, summaries = rows[: wanted.limit], _summaries(rows[: wanted.limit])
    ids = person_lists.distinct_ids_of([row.pk for row in shown], each=_IDS_IN_LIST)
    cursor = None
    if len(rows) > wanted.limit:
        cursor = encode_cursor([shown[-1].created_at.isoformat(), shown[-1].pk], wanted.list_key)
    return {
        "persons": [_as_answer(row, summaries, ids[row.pk]) for row in shown],
        "next_cursor": cursor,
        "proof": asdict(summaries.proof),
    }


def person(uuid: UUID, only: Collection[int] | None) -> dict[str, Any]:
    """One person. **Errors**: `NotFound`, also for one who may not be seen; `Unavailable`."""
    root = _root(uuid, only)
    summaries = _summaries([root])
    ids = person_lists.distinct_ids_of([root.pk], each=_IDS_OF_ONE)[root.pk]
    return {**_as_answer(root, summaries, ids), "proof": asdict(summaries.proof)}


def events(uuid: UUID, wanted: Timeline, only: Collection[int] | None) -> dict[str, Any]:
    """What a person did, newest first.

    **Shape**: `person_id`; `events`, each with the columns of the lake and its `metadata`; `next_cursor`, None on the
    last page. **Errors**: `NotFound`, also for one who may not be seen; `BadInput`, `Unavailable`.
    """
    root = _root(uuid, only)
    span = span_or_all(wanted.date_from, wanted.date_to, zone_of(wanted.timezone))
    with answering():
        from eventlake.analyses.person_timeline import PersonEventsQuestion, person_events

        question = PersonEventsQuestion(
            from_at=span.from_at,
            to_at=span.to_at,
            person_id=root.pk,
            events=wanted.events,
            limit=wanted.limit,
            cursor=wanted.cursor or None,
        )
    found = ask(person_events, question)
    return {
        "person_id": root.uuid,
        "events": [_event(event) for event in found.events],
        "next_cursor": found.next_cursor,
        "proof": asdict(found.proof),
    }


def erase(uuid: UUID) -> dict[str, Any]:
    """Erase a person from the database now and from the lake as soon as a worker is free; the certificate so far.

    **Errors**: `NotFound`.
    """
    erased = erasure.erase(uuid)
    queueing.wake("analytics.tasks.lake_upkeep")
    return asdict(erasure.certificate(erased.uuid))


def _root(uuid: UUID, only: Collection[int] | None) -> Person:
    node = Person.objects.select_related("merged_into").filter(uuid=uuid).first()
    if node is None or (only is not None and node.root.pk not in only):
        raise NotFound("there is no such person")
    return node.root


def _place(wanted: Wanted) -> tuple[datetime, int] | None:
    if not wanted.cursor:
        return None
    created_at, row_id = decode_cursor(wanted.cursor, wanted.list_key)
    return datetime.fromisoformat(created_at), row_id


def _summaries(people: Sequence[Person]) -> PersonSummariesAnswer:
    span = span_or_all(None, None, zone_of(None))
    with answering():
        from eventlake.analyses.person_summaries import PersonSummariesQuestion, person_summaries

        question = PersonSummariesQuestion(span.from_at, span.to_at, tuple(row.pk for row in people))
    return ask(person_summaries, question)


def _as_answer(row: Person, summaries: PersonSummariesAnswer, distinct_ids: Sequence[str]) -> dict[str, Any]:
    summary = summaries.persons.get(row.pk)
    return {
        "id": row.uuid,
        "distinct_ids": distinct_ids,
        "user_id": row.user_id,
        "is_identified": row.is_identified,
        "properties": row.properties,
        "created_at": row.created_at,
        "first_seen": summary.first_seen if summary else None,
        "last_seen": summary.last_seen if summary else None,
        "events": summary.events if summary else 0,
    }


def _event(event: PersonEvent) -> dict[str, Any]:
    columns = {name: value for name, value in event.columns.items() if name != "person_id"}
    return {
        "uuid": event.uuid,
        "timestamp": event.timestamp,
        "event_name": event.event_name,
        **columns,
        "metadata": event.properties,
    }
