"""Checking the lake: what is right passes, and each kind of damage is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eventlake.engine import Engine
from eventlake.rollups.build import build_segment
from eventlake.sealing import seal
from eventlake.table import Lake
from eventlake.tests.factory import CLUSTER, FRESH, event, rows, seal_events
from eventlake.verify import check_files, check_rollups, check_uuids

EVENTS = [
    event("view", "2026-03-02T10:00", 1, session_id="s1", properties={"größe": 1}),
    event("buy", "2026-03-02T11:00", None),
    event("view", "2026-03-03T10:00", 2),
]


@pytest.fixture
def engine(lake: Lake) -> Iterator[Engine]:
    made = Engine(lake.uri)
    yield made
    made.close()


def test_a_whole_lake_passes(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    build_segment(lake, engine, lake.snapshot().files)
    assert list(check_files(lake)) == []
    assert list(check_uuids(lake, engine, FRESH)) == []
    assert list(check_rollups(lake, engine, FRESH)) == []


def test_a_file_that_is_gone_or_cut_is_named(lake: Lake) -> None:
    seal_events(lake, EVENTS)
    gone, cut = (Path(lake.uri) / file.path for file in lake.snapshot().files)
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    assert [fault.fault.split(",")[0] for fault in check_files(lake)] == [
        "is not there",
        f"has {cut.stat().st_size} bytes",
    ]


def test_a_flipped_bit_is_found_by_its_page(lake: Lake) -> None:
    seal_events(lake, EVENTS)
    file = lake.snapshot().files[0]
    path = Path(lake.uri) / file.path
    column = pq.read_metadata(path).row_group(0).column(0)
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    assert list(check_files(lake)) == []
    (fault,) = check_files(lake, with_pages=True)
    assert fault.file == file
    assert str(fault).startswith(f"{file.path} cannot be read: ")


def test_an_event_that_is_there_twice_is_counted(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    again = rows(EVENTS[:1], first=10)
    seal(lake, again, watermark_from=lake.snapshot().watermark, watermark_to=20, cluster=CLUSTER)
    assert list(check_uuids(lake, engine, FRESH)) == ["2026-03-02: 1 events more than once"]


@pytest.mark.parametrize("kind", ["tracks", "active_days", "person_days", "event_days", "sessions"])
def test_a_rollup_that_differs_from_a_recount_is_named(lake: Lake, engine: Engine, kind: str) -> None:
    seal_events(lake, EVENTS)
    segment = build_segment(lake, engine, lake.snapshot().files)
    path = Path(lake.uri) / segment.path(kind)
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table.slice(1), table.slice(0, 1), table.slice(0, 1)]).slice(1), path)
    assert list(check_rollups(lake, engine, FRESH)) == [
        f"rollup {kind} of 2026-03-02 to 2026-03-03 differs from a recount"
    ]
