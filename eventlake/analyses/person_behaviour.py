"""What persons do, each as one row: how much, when by their own clock, in which sessions, and what most often.

For everybody in one pass, or for a few persons. Only adds up: what a score or a habit is, is decided by who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from eventlake.analyses.buckets import epoch_us
from eventlake.analyses.local_time import offset_sql, person_offsets
from eventlake.analyses.properties import Property, text_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.sessions import sessioned_sql
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.parameters import Parameters
from eventlake.periods import find_zone
from eventlake.proof import Proof
from eventlake.relations import Access, Relation
from eventlake.rollups.persons import EventsOfPersons, nodes_of

#: Changes whenever the meaning of a figure does.
DEFINITION = "person_behaviour/1"

#: Favourites that are kept of each kind.
_FAVOURITES = 5

_HOURS, _DAYS = 24, 7

#: 1970-01-01 was a Thursday; Monday is day 0.
_FIRST_WEEKDAY = 3

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PersonBehaviourQuestion(RangeQuestion):
    """A half-open range, and how its persons are looked at.

    `persons`: ids of persons as they are now, None for everybody. `zones`: persons who do not live in `time_zone`.
    `favourites`: a name of ours for each property whose most frequent values are asked for.
    """

    time_zone: str
    persons: tuple[int, ...] | None = None
    zones: Mapping[int, ZoneInfo] = field(default_factory=dict)
    favourites: Mapping[str, Property] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonBehaviour:
    """One row a person who has an event in the range, persons ascending.

    **Shape**: `persons` has person_id, user_id (the host's, null for a visitor), events, active_days, first_us,
    last_us, conversions, errors, revenue, avg_response_ms (null without a measured response), late_events and
    late_days (of the second half of the range), sessions, length_us (of all sessions), and for each favourite its
    name (a list of texts, the most frequent first) and `<name>_different`. `hours` and `weekdays` have a row a person
    and count events by local hour and by weekday from Monday.
    """

    persons: pa.Table
    hours: Integers
    weekdays: Integers
    proof: Proof


def person_behaviour(reader: Reader, question: PersonBehaviourQuestion) -> PersonBehaviour:
    """All of it. Errors: QuestionError for a range, zone or property that cannot be asked."""
    run = reader.run(DEFINITION)
    nodes = None
    if question.persons is not None:
        table = nodes_of(run.source, question.persons)
        run.give("person_nodes", table)
        nodes = tuple(table.column("person_id").to_pylist())
    run.give("person_offsets", person_offsets(question.span, question.zones))
    events = _LocalEvents(EventsOfPersons(question.span, nodes), question)
    hours = run.columns(statement("behaviour_hours"), Parameters(), events=events)
    run.give("person_hours", hours)
    parameters = Parameters()
    parameters.name("middle_us", _middle_us(question))
    persons = run.columns(statement("behaviour_persons"), parameters)
    ids = persons.column("person_id").to_numpy()
    persons = _with_sessions(run, persons, ids, events.events)
    for name, prop in question.favourites.items():
        persons = _with_favourites(run, persons, ids, events.events, (name, prop))
    return PersonBehaviour(persons, *_clocks(hours, ids), run.proof())


@dataclass(frozen=True, slots=True)
class _LocalEvents:
    """Events with `local_us`."""

    events: EventsOfPersons
    question: PersonBehaviourQuestion

    def sql(self, access: Access, parameters: Parameters) -> str:
        """The offset of the person where they have one of their own."""
        question = self.question
        offset = offset_sql(question.span, find_zone(question.time_zone), parameters)
        has_own = bool(question.zones)
        return statement(
            "behaviour_events",
            offset=f"coalesce(person_offsets.offset_us, {offset})" if has_own else offset,
            own_offsets="\n" + statement("behaviour_own_offsets") if has_own else "",
            events=self.events.sql(access, parameters),
        )


def _middle_us(question: PersonBehaviourQuestion) -> int:
    span = question.span
    return (epoch_us(span.from_at) + epoch_us(span.to_at)) // 2


def _with_sessions(run: Run, persons: pa.Table, ids: Integers, events: Relation) -> pa.Table:
    parameters = Parameters()
    sql = statement("behaviour_sessions", sessioned=sessioned_sql(parameters))
    found = run.columns(sql, parameters, events=events)
    places = _places(found, ids)
    for name in ("sessions", "length_us"):
        persons = persons.append_column(name, found.column(name).take(places).fill_null(0))
    return persons


def _with_favourites(
    run: Run, persons: pa.Table, ids: Integers, events: Relation, asked: tuple[str, Property]
) -> pa.Table:
    name, prop = asked
    parameters = Parameters()
    parameters.name("limit", _FAVOURITES)
    sql = statement("behaviour_favourites", value=text_sql(prop, parameters))
    found = run.columns(sql, parameters, events=events)
    places = _places(found, ids)
    persons = persons.append_column(name, found.column("favourites").take(places))
    return persons.append_column(f"{name}_different", found.column("different").take(places).fill_null(0))


def _places(found: pa.Table, ids: Integers) -> pa.Array:
    """For each person the row in `found`, null where there is none."""
    theirs = found.column("person_id").to_numpy()
    if not len(theirs):
        return pa.nulls(len(ids), pa.int64())
    order = np.argsort(theirs)
    place = np.searchsorted(theirs[order], ids).clip(max=len(theirs) - 1)
    place = order[place]
    return pa.array(place, pa.int64(), mask=theirs[place] != ids)


def _clocks(hours: pa.Table, ids: Integers) -> tuple[Integers, Integers]:
    """Events of each person by hour of the day and by day of the week."""
    person = np.searchsorted(ids, hours.column("person_id").to_numpy())
    hour = hours.column("hour").to_numpy().astype(np.int64)
    events = hours.column("events").to_numpy()
    weekday = (hour // _HOURS + _FIRST_WEEKDAY) % _DAYS
    return (
        _counted(person * _HOURS + hour % _HOURS, events, len(ids), _HOURS),
        _counted(person * _DAYS + weekday, events, len(ids), _DAYS),
    )


def _counted(place: Integers, events: Integers, rows: int, columns: int) -> Integers:
    counts = np.bincount(place, events, rows * columns)
    return counts.astype(np.int64).reshape(rows, columns)
