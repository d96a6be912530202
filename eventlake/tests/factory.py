"""Small events for tests: a row needs a name and a time, the rest has defaults."""

from __future__ import annotations

import atexit
import datetime as dt
import itertools
import json
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from eventlake.engine import Engine
from eventlake.rewriting import Changes, rewrite_days
from eventlake.rollups.build import build_segment
from eventlake.rollups.segments import covered_paths
from eventlake.schema import SCHEMA
from eventlake.sealing import seal
from eventlake.source import MERGES_SCHEMA, Source
from eventlake.table import Lake

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


@dataclass(frozen=True)
class Layout:
    """Where the events lie: the share that is sealed, and what has been done to the older half of that.

    `is_rolled_up`: rollups cover it, in two segments where there is enough. `is_rewritten`: each day was compacted,
    so that hot properties are columns, at first by every second merge, then by all. `has_undone`: others were one
    person when it was compacted than are now.
    """

    sealed: float = 1.0
    is_rolled_up: bool = False
    is_rewritten: bool = False
    has_undone: bool = False


HOT = Layout(0.0)
COLD = Layout(1.0)
MIXED = Layout(0.5)
ROLLED_UP = Layout(0.75, is_rolled_up=True)
REWRITTEN = Layout(0.75, is_rolled_up=True, is_rewritten=True)
LAYOUTS = (
    HOT,
    COLD,
    MIXED,
    ROLLED_UP,
    REWRITTEN,
    Layout(1.0, is_rolled_up=True),
    Layout(1.0, is_rewritten=True),
    Layout(0.75, is_rolled_up=True, is_rewritten=True, has_undone=True),
)


def laid_out(
    folder: Path, events: list[Row], layout: Layout, merged: dict[int, int] | None = None, zone: str = "UTC"
) -> Source:
    """A source of events that lie as the layout says in a `cleared_folder`, with rollups in this zone."""
    lake = Lake(folder, zone=zone)
    cold = round(len(events) * layout.sealed)
    older = cold // 2 if layout.is_rolled_up or layout.is_rewritten else 0
    known = dict(list((merged or {}).items())[::2])
    for part in (events[: older // 2], events[older // 2 : older]):
        if part:
            seal_events(lake, part)
            _prepare(lake, layout, merges({1: 2, 3: 2} if layout.has_undone else known))
        known = merged or {}
    if cold > older:
        seal_events(lake, events[older:cold])
    snapshot = lake.snapshot()
    hot = rows(events[cold:], first=max(snapshot.watermark, 1))
    return Source(snapshot, hot, FRESH, merges(merged or {}))


@cache
def shared_engine() -> Engine:
    """One engine, and with it one folder, for many lakes in turn: to open one costs more than to ask it.

    Names of files are never used twice, so that nothing of one lake can be met in another.
    """
    folder = Path(tempfile.mkdtemp(prefix="eventlake-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Engine(str(folder))


@contextmanager
def cleared_folder() -> Iterator[Path]:
    """The folder of the shared engine, without what lay in it."""
    folder = Path(shared_engine().root)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    yield folder


def _prepare(lake: Lake, layout: Layout, merged: pa.Table) -> None:
    engine = shared_engine()
    if layout.is_rewritten:
        days = {file.day for file in lake.snapshot().files}
        rewrite_days(lake, engine, days, Changes(at("2000-01-01"), merges=merged))
    if layout.is_rolled_up:
        snapshot = lake.snapshot()
        covered = covered_paths(snapshot.segments)
        files = [file for file in snapshot.files if file.path not in covered]
        build_segment(lake, engine, files)


def mixed_source(
    folder: Path, cold: list[Row], hot: list[Row], merged: dict[int, int] | None = None
) -> Source:
    """A source with some events sealed and some hot."""
    lake = Lake(folder)
    if cold:
        seal_events(lake, cold)
    snapshot = lake.snapshot()
    return Source(snapshot, rows(hot, first=max(snapshot.watermark, 1)), FRESH, merges(merged or {}))
