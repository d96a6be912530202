"""Small events for tests: a row needs a name and a time, the rest has defaults."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from eventlake.engine import Engine
from eventlake.rollups.build import build_segment
from eventlake.rollups.segments import covered_paths
from eventlake.schema import SCHEMA
from eventlake.sealing import seal
from eventlake.source import MERGES_SCHEMA, Source
from eventlake.table import Lake, LakeFile

CLUSTER = 7_000_000_000_000_000_001
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)  # a Monday
FRESH = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)

Row = dict[str, Any]


def at(text: str) -> dt.datetime:
    """An instant from ISO text; UTC unless it says otherwise."""
    instant = dt.datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


def event(name: str, when: str | dt.datetime, person: int | None = 1, **columns: Any) -> Row:
    """One event; `properties` becomes the metadata."""
    instant = at(when) if isinstance(when, str) else when
    properties = columns.pop("properties", {})
    return {
        "uuid": str(uuid.uuid4()),
        "timestamp": instant,
        "event_name": name,
        "event_type": "user_action",
        "person_id": person,
        "session_id": "",
        "metadata": json.dumps(properties, ensure_ascii=False),
        "retention_days": 365,
        "created_at": instant,
        **columns,
    }


def rows(events: Iterable[Row], first: int = 1) -> pa.Table:
    """Events as an Arrow table; ids and transactions count up from `first`."""
    numbered = [
        {"id": number, "insert_xid": number, **item}
        for item, number in zip(events, itertools.count(first), strict=False)
    ]
    names = [name for name in SCHEMA.names if any(name in item for item in numbered)]
    schema = pa.schema([SCHEMA.field(name) for name in names])
    return pa.Table.from_pylist(numbered, schema=schema) if numbered else SCHEMA.empty_table()


def merges(pairs: dict[int, int]) -> pa.Table:
    """Who became whom."""
    return pa.Table.from_pydict(
        {"person_id": list(pairs), "root_id": list(pairs.values())}, schema=MERGES_SCHEMA
    )


def seal_events(lake: Lake, events: Iterable[Row]) -> None:
    """Seal events behind whatever the lake holds."""
    watermark = max(lake.snapshot().watermark, 1)
    table = rows(events, first=watermark)
    seal(
        lake,
        table,
        watermark_from=lake.snapshot().watermark,
        watermark_to=watermark + max(table.num_rows, 1),
        cluster=CLUSTER,
    )


def mixed_source(
    folder: Path,
    cold: list[Row],
    hot: list[Row],
    merged: dict[int, int] | None = None,
    *,
    zone: str | None = None,
) -> Source:
    """A source with some events sealed and some hot.

    With a zone, the first half of the sealed ones has rollups in that zone, two segments where there are enough.
    """
    lake = Lake(folder, zone=zone or "UTC")
    if zone is not None:
        quarter = -(-len(cold) // 4)
        for part in (cold[:quarter], cold[quarter : 2 * quarter]):
            if part:
                seal_events(lake, part)
                covered = covered_paths(lake.snapshot().segments)
                roll_up_files(lake, [file for file in lake.snapshot().files if file.path not in covered])
        cold = cold[2 * quarter :]
    if cold:
        seal_events(lake, cold)
    snapshot = lake.snapshot()
    return Source(snapshot, rows(hot, first=max(snapshot.watermark, 1)), FRESH, merges(merged or {}))


def roll_up_files(lake: Lake, files: list[LakeFile]) -> None:
    """Build one segment of rollups of these files."""
    engine = Engine(lake.uri)
    build_segment(lake, engine, files)
    engine.close()
