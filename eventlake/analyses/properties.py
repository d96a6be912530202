"""Properties of events as SQL expressions: how any name is read safely, as text or as a number.

A property's name is data, so it is bound like every other value (see `eventlake.relations`): the statement sees it
as a column with a name of ours, in which quotes, dots, dollars and any script of the real name mean only
themselves. A column's name comes from the lake's own schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.schema import QUERYABLE, SCHEMA

#: Longer names are a mistake or an attack; real clients stay below 200.
MAX_NAME_CHARACTERS = 1_000


class Scope(StrEnum):
    """Where a property lives: in the event's JSON, in that of its person as it is now, or in a column of the lake."""

    EVENT = "event"
    PERSON = "person"
    COLUMN = "column"


@dataclass(frozen=True, slots=True)
class Property:
    """A property by name. Errors: QuestionError for a column that does not exist, or a name too long."""

    name: str
    scope: Scope = Scope.EVENT

    def __post_init__(self) -> None:
        if self.scope is Scope.COLUMN and self.name not in QUERYABLE:
            raise QuestionError(f"there is no column {self.name!r}")
        if len(self.name) > MAX_NAME_CHARACTERS:
            raise QuestionError(f"a property name has at most {MAX_NAME_CHARACTERS} characters")

    @property
    def type(self) -> pa.DataType:
        """Type of the column; text for a property in JSON."""
        return SCHEMA.field(self.name).type if self.scope is Scope.COLUMN else pa.string()


def text_sql(prop: Property, parameters: Parameters) -> str:
    """The property as text; null when it is missing. JSON true is 'true', an object is compact JSON."""
    if prop.scope is Scope.EVENT:
        return parameters.read_property(prop.name)
    if prop.scope is Scope.PERSON:
        pointer = parameters.bind(json_pointer(prop.name))
        # The table has no column person_id, so that the name means the event's.
        value = f"try(json_extract_string(persons.properties, {pointer}))"
        return f"(select any_value({value}) from persons where persons.root_id = person_id)"  # noqa: S608
    if is_text(prop):
        return f"nullif({_column(prop)}, '')"
    return f"cast({_column(prop)} as varchar)"


def json_pointer(name: str) -> str:
    """The JSON Pointer of a top-level key (RFC 6901: just `~` and `/` are escaped)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def number_sql(prop: Property, parameters: Parameters) -> str:
    """The property as a double; null when it is missing or does not read as a number.

    Texts such as "nan" and "inf" read as numbers that are not finite: whoever counts them leaves them out.
    """
    if is_number(prop):
        return f"cast({_column(prop)} as double)"
    return f"try_cast({text_sql(prop, parameters)} as double)"


def is_number(prop: Property) -> bool:
    """Whether it is a column of numbers."""
    kind = prop.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_text(prop: Property) -> bool:
    """Whether it is a column of texts."""
    return prop.scope is Scope.COLUMN and bool(pa.types.is_string(prop.type))


def is_instant(prop: Property) -> bool:
    """Whether it is a column of instants."""
    return bool(pa.types.is_timestamp(prop.type))


def column_sql(prop: Property) -> str:
    """A column as it stands, which lets the engine skip row groups."""
    return _column(prop)


def _column(prop: Property) -> str:
    return f'"{prop.name}"'
