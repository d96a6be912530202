"""Scanning sealed files: every row of the range once, in small batches, whatever was done to the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from eventlake.errors import TableError
from eventlake.periods import Span
from eventlake.scanning import scan
from eventlake.schema import FILE_SCHEMA
from eventlake.source import SUPERSEDED_SCHEMA
from eventlake.tests.factory import COLD, REWRITTEN, at, cleared_folder, event, laid_out

EVENTS = [
    event(f"e{n}", f"2026-03-0{2 + n % 4}T{n:02}:00:00", n % 3, properties={"plan": "pro"}) for n in range(20)
]
EVER = Span(at("2026-01-01"), at("2027-01-01"))


def superseded(*ids: int) -> pa.Table:
    return pa.table([pa.array(ids, pa.int64())], schema=SUPERSEDED_SCHEMA)


def scanned(folder: Path, layout: Any, span: Span, *changed: int) -> list[pa.RecordBatch]:
    source = laid_out(folder, EVENTS, layout)
    return list(scan(source.snapshot, span, superseded(*changed), batch_rows=2))


@pytest.mark.parametrize("layout", [COLD, REWRITTEN])
def test_every_sealed_row_comes_once_in_small_batches(layout: Any) -> None:
    with cleared_folder() as folder:
        batches = scanned(folder, layout, EVER)
    names = sorted(name for batch in batches for name in batch.column("event_name").to_pylist())
    assert names == sorted(f"e{n}" for n in range(20 if layout is COLD else 15))
    assert {batch.schema for batch in batches} == {FILE_SCHEMA}
    assert max(batch.num_rows for batch in batches) <= 2
    days = [min(batch.column("timestamp").to_pylist()).date() for batch in batches]
    assert days == sorted(days)


def test_a_range_is_half_open_and_changed_rows_are_left_out() -> None:
    span = Span(at("2026-03-02T04:00:00"), at("2026-03-03T05:00:00"))
    with cleared_folder() as folder:
        source = laid_out(folder, EVENTS, COLD)
        found = list(scan(source.snapshot, span, superseded(), batch_rows=100))
        ids = {
            name: number
            for batch in found
            for name, number in zip(*(batch.column(c).to_pylist() for c in ("event_name", "id")), strict=True)
        }
        left = list(scan(source.snapshot, span, superseded(ids["e8"], 10**9), batch_rows=100))
    assert set(ids) == {"e4", "e8", "e12", "e16", "e1"}
    assert {name for batch in left for name in batch.column("event_name").to_pylist()} == set(ids) - {"e8"}


def test_a_file_that_is_gone_is_an_error_of_the_lake() -> None:
    with cleared_folder() as folder:
        source = laid_out(folder, EVENTS, COLD)
        next(folder.rglob("*.parquet")).unlink()
        with pytest.raises(TableError, match="cannot be read"):
            list(scan(source.snapshot, EVER, superseded(), batch_rows=100))
