"""The kinds of rollup: what each holds, and how its files are laid out.

Days are local days of the segment's zone, as days since 1970. Active days are of any event, person days of each
event by name. A session of a session_id has the 128 bits of the id's MD5 as its key; one that is only a run of
events without 30 minutes of silence has none, and is joined with its neighbours when read.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from eventlake.schema import INSTANT

#: Changes whenever the meaning, the columns or the layout of a rollup does; segments of another one are not read.
DEFINITION = "2"

#: A longer silence ends a session that has no id.
SILENCE_US = 30 * 60 * 1_000_000

#: A sum of money over any number of events.
MONEY_SUM = pa.decimal128(38, 2)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rollup. `name` is also that of its SQL file, `rollup_<name>.sql`, whose columns `schema` types."""

    name: str
    schema: pa.Schema
    delta_encoded: tuple[str, ...] = ()


TRACKS = Kind(
    "tracks",
    pa.schema(
        [
            pa.field("event_name", pa.string()),
            pa.field("person_id", pa.int64()),
            pa.field("timestamp", INSTANT),
        ]
    ),
    delta_encoded=("timestamp",),
)

ACTIVE_DAYS = Kind(
    "active_days",
    pa.schema(
        [
            pa.field("person_id", pa.int64()),
            pa.field("day", pa.int32()),
            pa.field("events", pa.int64()),
            pa.field("has_converted", pa.bool_()),
        ]
    ),
)

PERSON_DAYS = Kind("person_days", pa.schema([pa.field("event_name", pa.string()), *ACTIVE_DAYS.schema]))

EVENT_DAYS = Kind(
    "event_days",
    pa.schema(
        [
            pa.field("day", pa.int32()),
            pa.field("event_name", pa.string()),
            pa.field("event_type", pa.string()),
            pa.field("events", pa.int64()),
            pa.field("revenue", MONEY_SUM),
        ]
    ),
)

SESSIONS = Kind(
    "sessions",
    pa.schema(
        [
            pa.field("day", pa.int32()),
            pa.field("session_high", pa.int64()),
            pa.field("session_low", pa.int64()),
            pa.field("person_id", pa.int64()),
            pa.field("first_us", pa.int64()),
            pa.field("last_us", pa.int64()),
            pa.field("events", pa.int64()),
            pa.field("is_alone", pa.bool_()),
        ]
    ),
    delta_encoded=("first_us", "last_us"),
)

KINDS: tuple[Kind, ...] = (TRACKS, ACTIVE_DAYS, PERSON_DAYS, EVENT_DAYS, SESSIONS)

SCHEMAS: dict[str, pa.Schema] = {kind.name: kind.schema for kind in KINDS}
