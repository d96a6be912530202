"""Columns: rows fit exactly, or it is said why not."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from eventlake.errors import SchemaError
from eventlake.schema import COLUMNS, SCHEMA, conform
from eventlake.tests.factory import event, rows


def one() -> pa.Table:
    return rows([event("a", "2026-03-02T23:59:59.999999")])


def test_columns_that_may_be_absent_become_null_and_the_day_is_worked_out() -> None:
    table = conform(one())
    assert table.schema == SCHEMA
    assert table.column("day").to_pylist() == [dt.date(2026, 3, 2)]
    assert table.column("browser").to_pylist() == [None]


def test_the_day_is_never_taken_from_the_caller() -> None:
    wrong = one().append_column("day", pa.array([dt.date(1999, 1, 1)]))
    assert conform(wrong).column("day").to_pylist() == [dt.date(2026, 3, 2)]
    before_1970 = rows([event("a", "1969-12-31T23:00")])
    assert conform(before_1970).column("day").to_pylist() == [dt.date(1969, 12, 31)]


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SchemaError, match="does not have: ip_address"):
        conform(one().append_column("ip_address", pa.array(["::1"])))
    with pytest.raises(SchemaError, match="uuid is required"):
        conform(one().drop_columns(["uuid"]))
    with pytest.raises(SchemaError, match="event_name is required and 1 rows"):
        conform(one().drop_columns(["event_name"]).append_column("event_name", pa.nulls(1, pa.string())))
    with pytest.raises(SchemaError, match="status_code does not fit"):
        conform(one().append_column("status_code", pa.array([2**40])))


def test_every_column_says_what_it_holds() -> None:
    assert all(column.about for column in COLUMNS)
    assert not {"ip_address", "ip"} & {column.name for column in COLUMNS}


def test_importing_the_package_loads_none_of_the_heavy_libraries() -> None:
    code = "import sys, eventlake; print(sorted({'duckdb', 'deltalake', 'pyarrow'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_reference_lists_every_column() -> None:
    reference = Path(__file__).parents[2] / "docs" / "reference" / "lake-columns.md"
    listed = [line for line in reference.read_text().splitlines() if line.startswith("| `")]
    assert listed == [
        f"| `{c.name}` | {c.type} | {'yes' if c.required else 'no'} | {c.about} |" for c in COLUMNS
    ]
