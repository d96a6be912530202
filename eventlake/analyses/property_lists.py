"""Which properties events have, and which values a property has: what a picker offers.

Source: API.md, `GET /properties` and `/properties/{name}/values`. Names come from a sample of the events, because to
read the JSON of all of them takes seconds; a property that is in less than one event of ten thousand may be missed.
Values are counted over all events of the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eventlake.analyses.filters import All, Condition, Filter, Operator, event_is, filter_sql
from eventlake.analyses.properties import Property, text_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.proof import Proof
from eventlake.relations import Events

#: Change whenever the meaning of an answer does.
NAMES_DEFINITION = "property_names/1"
VALUES_DEFINITION = "property_values/1"

SAMPLE_EVENTS = 50_000
MAX_LIST = 1_000


class ValueKind(StrEnum):
    """What the values of a property read as."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PropertyNamesQuestion(RangeQuestion):
    """Properties of the events of a name (any, if None) in a half-open range. Errors: QuestionError for the limit."""

    event: str | None = None
    limit: int = MAX_LIST

    def __post_init__(self) -> None:
        _check_limit(self.limit)


@dataclass(frozen=True, slots=True)
class PropertyName:
    """A property, the share of the sampled events that have it (0 to 1), and what its values read as."""

    name: str
    share: float
    kind: ValueKind


@dataclass(frozen=True, slots=True)
class PropertyNamesAnswer:
    """Properties, the most frequent first, found in `sampled_events` events."""

    properties: tuple[PropertyName, ...]
    sampled_events: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class PropertyValuesQuestion(RangeQuestion):
    """Values of a property of the events of a name (any, if None). `search` keeps values that contain it, in any case.

    Errors: QuestionError for the limit.
    """

    prop: Property
    event: str | None = None
    search: str = ""
    limit: int = 50

    def __post_init__(self) -> None:
        _check_limit(self.limit)


@dataclass(frozen=True, slots=True)
class PropertyValuesAnswer:
    """Values as text with their events, the most frequent first."""

    values: tuple[tuple[str, int], ...]
    proof: Proof


def property_names(reader: Reader, question: PropertyNamesQuestion) -> PropertyNamesAnswer:
    """The properties. Errors: those of `Run.rows`."""
    run = reader.run(NAMES_DEFINITION)
    parameters = Parameters()
    sql = statement("property_names", filter=filter_sql(_of_event(question.event), parameters))
    parameters.name("sample_events", SAMPLE_EVENTS)
    parameters.name("names", question.limit)
    rows = run.rows(sql, parameters, events=Events(question.reads))
    found = tuple(
        PropertyName(name, events / sampled, _kind(events, numbers, truths))
        for name, events, numbers, truths, sampled in rows
    )
    return PropertyNamesAnswer(found, rows[0][-1] if rows else 0, run.proof())


def property_values(reader: Reader, question: PropertyValuesQuestion) -> PropertyValuesAnswer:
    """The values. Errors: those of `Run.rows`."""
    run = reader.run(VALUES_DEFINITION)
    parts: list[Filter] = [_of_event(question.event)]
    if question.search:
        parts.append(Condition(question.prop, Operator.ICONTAINS, question.search))
    parameters = Parameters()
    wanted = filter_sql(All(tuple(parts)), parameters)
    sql = statement("property_values", filter=wanted, value=text_sql(question.prop, parameters))
    parameters.name("rows", question.limit)
    rows = run.rows(sql, parameters, events=Events(question.reads))
    return PropertyValuesAnswer(tuple((value, events) for value, events in rows), run.proof())


def _of_event(event: str | None) -> Filter:
    return event_is(event) if event is not None else All(())


def _kind(events: int, numbers: int, truths: int) -> ValueKind:
    if truths == events:
        return ValueKind.BOOLEAN
    return ValueKind.NUMBER if numbers == events else ValueKind.TEXT


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIST:
        raise QuestionError(f"a list has 1 to {MAX_LIST} entries")
