"""Local time as SQL: the offset of a zone at each event, for everybody alike or for each person.

Offsets come from the calendar (`zoneinfo`) and become whole numbers, because the engine's own time zone functions
are many times slower. A person without a zone of their own lives in that of the question.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa

from eventlake.analyses.buckets import epoch_us
from eventlake.parameters import Parameters
from eventlake.periods import Span, offsets

#: One row a person and stretch of time in which the zone keeps its offset.
OFFSETS_SCHEMA = pa.schema(
    [
        pa.field("person_id", pa.int64(), False),
        pa.field("from_us", pa.int64(), False),
        pa.field("to_us", pa.int64(), False),
        pa.field("offset_us", pa.int64(), False),
    ]
)

_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a zone keeps its offset, in microseconds."""

    from_us: int
    to_us: int
    offset_us: int


def stretches(span: Span, zone: ZoneInfo) -> tuple[Stretch, ...]:
    """The stretches that make up a span, ascending; none for an empty one."""
    found = offsets(span, zone)
    if not found:
        return ()
    ends = [*(start for start, _ in found[1:]), span.to_at]
    return tuple(
        Stretch(epoch_us(start), epoch_us(end), offset // _MICROSECOND)
        for (start, offset), end in zip(found, ends, strict=True)
    )


def offset_sql(span: Span, zone: ZoneInfo, parameters: Parameters) -> str:
    """An expression: microseconds that the zone's clocks are ahead of UTC at an event of the span."""
    found = stretches(span, zone)
    if not found:
        return "0"
    sql = parameters.bind(found[0].offset_us)
    for stretch in found[1:]:
        from_us, offset_us = parameters.bind(stretch.from_us), parameters.bind(stretch.offset_us)
        sql = f'case when epoch_us("timestamp") >= {from_us} then {offset_us} else {sql} end'
    return sql


def person_offsets(span: Span, zones: Mapping[int, ZoneInfo]) -> pa.Table:
    """The stretches of each of these persons, with the columns of `OFFSETS_SCHEMA`."""
    of_zone = {zone: stretches(span, zone) for zone in set(zones.values())}
    rows = [
        (person, stretch.from_us, stretch.to_us, stretch.offset_us)
        for person, zone in zones.items()
        for stretch in of_zone[zone]
    ]
    columns = [pa.array((row[place] for row in rows), pa.int64()) for place in range(4)]
    return pa.Table.from_arrays(columns, schema=OFFSETS_SCHEMA)
