"""Which column of a file means what.

Targets are the fields of a native event: `event`, `distinct_id`, `timestamp`, `uuid`, `properties` (JSON text or an
object), `session_id`, `page_url`, `event_type`, `revenue_impact`, `anonymous_id`. Columns that are not mapped become
properties under their own names.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from analytics.errors import BadInput
from analytics.ingestion.event import Arrival, Event, Reason, Rejected

TARGETS = (
    "event",
    "distinct_id",
    "timestamp",
    "uuid",
    "properties",
    "session_id",
    "page_url",
    "event_type",
    "action",
    "revenue_impact",
    "anonymous_id",
)
_USUAL_NAMES = {
    "event": ("event_name", "name"),
    "distinct_id": ("user", "user_id"),
    "timestamp": ("ts", "time"),
}


@dataclass(frozen=True)
class ColumnMap:
    """Target to column, and a fixed event name for files without one."""

    columns: dict[str, str]
    event_name: str = ""


def parse_map(pairs: Iterable[str], event_name: str = "") -> ColumnMap:
    """The mapping that `--map target=column` options describe.

    **Errors**: `BadInput` for a pair without `=` or an unknown target.

    Example:
        >>> parse_map(["distinct_id=user", "timestamp=when"]).columns
        {'distinct_id': 'user', 'timestamp': 'when'}
    """
    columns = {}
    for pair in pairs:
        target, equals, column = pair.partition("=")
        if not equals or not column:
            raise BadInput(f"--map {pair!r}: write target=column")
        if target not in TARGETS:
            raise BadInput(f"--map {pair!r}: the target must be one of {', '.join(TARGETS)}")
        columns[target] = column
    return ColumnMap(columns, event_name)


def complete(mapping: ColumnMap, columns: Iterable[str]) -> ColumnMap:
    """The mapping with what the column names themselves tell, checked against the file.

    **Errors**: `BadInput` naming a mapped column that is not there, or a needed target without a column.
    """
    known = list(columns)
    found = dict(mapping.columns)
    for target in TARGETS:
        for name in (target, *_USUAL_NAMES.get(target, ())):
            if target not in found and name in known and name not in found.values():
                found[target] = name
    missing = [column for column in found.values() if column not in known]
    if missing:
        raise BadInput(f"the file has no column {missing[0]!r}; it has {', '.join(known)}")
    for target in ("event", "distinct_id", "timestamp"):
        if target not in found and not (target == "event" and mapping.event_name):
            raise BadInput(
                f"no column for {target!r}; add --map {target}=COLUMN (columns: {', '.join(known)})"
                + (" or --event NAME" if target == "event" else "")
            )
    return ColumnMap(found, mapping.event_name)


def to_event(
    row: Mapping[str, Any], mapping: ColumnMap, arrival: Arrival, number: int, file: uuid.UUID
) -> Event:
    """One row as an event. Without a uuid of its own it gets one from file and row number, so that a second import
    of the row is a duplicate.

    **Errors**: `Rejected` where the properties are no JSON object.
    """

    def value(target: str) -> Any:
        column = mapping.columns.get(target)
        return _plain(row.get(column)) if column is not None else None

    mapped = set(mapping.columns.values())
    properties = {name: _plain(item) for name, item in row.items() if name not in mapped}
    properties |= _object(value("properties"))
    if (revenue := value("revenue_impact")) not in (None, ""):
        properties["revenue_impact"] = revenue
    return Event(
        arrival=arrival,
        index=number,
        given_name=value("event") or mapping.event_name or None,
        given_distinct_id=value("distinct_id"),
        given_uuid=value("uuid") or uuid.uuid5(file, str(number)),
        given_timestamp=value("timestamp"),
        properties=properties,
        session_id=str(value("session_id") or ""),
        page_url=str(value("page_url") or ""),
        event_type=str(value("event_type") or ""),
        action=str(value("action") or ""),
        anonymous_id=str(value("anonymous_id") or ""),
    )


def _object(given: Any) -> dict[str, Any]:
    if given is None or given == "":
        return {}
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            given = None
    if not isinstance(given, dict):
        raise Rejected(Reason.INVALID_PROPERTIES, "the properties column must hold a JSON object")
    return given


def _plain(value: Any) -> Any:
    """Dates and decimals of Parquet as JSON has them."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
