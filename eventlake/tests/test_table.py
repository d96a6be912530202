"""The table: snapshots, files of a range, evolution, addresses."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pytest
from deltalake import DeltaTable, write_deltalake

from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.errors import TableError
from eventlake.schema import SCHEMA
from eventlake.source import Source
from eventlake.storage import local_path, open_filesystem
from eventlake.table import Lake, LakeSnapshot
from eventlake.tests.conftest import ask_source
from eventlake.tests.factory import CLUSTER, FRESH, at, event, seal_events

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")


def sealed(lake: Lake) -> LakeSnapshot:
    seal_events(lake, [event("a", f"{day}T12:00") for day in DAYS])
    return lake.snapshot()


@pytest.mark.parametrize(
    ("from_text", "to_text", "expected"),
    [
        ("2026-03-02", "2026-03-03", [1]),
        ("2026-03-02T23:59", "2026-03-03T00:00:00.000001", [1, 2]),
        ("2026-03-02T00:00+05:00", "2026-03-03T00:00+05:00", [0, 1]),
        ("2026-03-02", "2026-03-02", []),
        ("2020-01-01", "2030-01-01", [0, 1, 2]),
    ],
)
def test_a_range_reads_only_the_files_of_its_days(
    lake: Lake, from_text: str, to_text: str, expected: list[int]
) -> None:
    files = sealed(lake).files_between(at(from_text), at(to_text))
    assert [file.day.isoformat() for file in files] == [DAYS[number] for number in expected]


def test_a_snapshot_stays_what_it_was_while_the_lake_grows(lake: Lake) -> None:
    before = sealed(lake)
    seal_events(lake, [event("a", "2026-03-04T12:00")])
    assert (before.version, before.rows, before.watermark) == (1, 3, 4)
    assert (lake.snapshot().version, lake.snapshot().rows, lake.snapshot().watermark) == (2, 4, 5)
    assert lake.snapshot() is lake.snapshot()


def test_another_process_sees_what_this_one_sealed(lake: Lake) -> None:
    reader = Lake(lake.uri)
    assert reader.snapshot().version == -1
    sealed(lake)
    assert reader.snapshot() == lake.snapshot()


def test_creating_twice_changes_nothing(lake: Lake) -> None:
    lake.create()
    lake.create()
    assert (lake.snapshot().version, lake.snapshot().watermark, lake.snapshot().cluster) == (0, 0, None)


def test_a_lake_made_by_older_code_gains_the_columns_it_lacks_and_stays_readable(lake: Lake) -> None:
    old = pa.schema([field for field in SCHEMA if field.name not in ("browser", "sentiment_score")])
    DeltaTable.create(lake.uri, schema=old, partition_by=["day"])
    row = {"id": 1, "uuid": "u", "timestamp": at("2026-03-02T12:00"), "day": at("2026-03-02").date()}
    row |= {"event_name": "a", "person_id": 1, "metadata": "{}", "created_at": FRESH, "insert_xid": 0}
    write_deltalake(lake.uri, pa.Table.from_pylist([row], schema=old), mode="append")
    seal_events(lake, [event("a", "2026-03-02T13:00", browser="Firefox")])
    assert set(SCHEMA.names) == {field.name for field in DeltaTable(lake.uri).schema().fields}
    browser = Breakdown(Property("browser", Scope.COLUMN))
    question = TrendsQuestion(
        at("2026-03-02"), at("2026-03-03"), "UTC", (Series(Measure.COUNT),), breakdown=browser
    )
    answer = ask_source(trends, question, Source.sealed_only(lake.snapshot(), FRESH))
    assert [(line.breakdown, line.total) for line in answer.lines] == [("Firefox", 1), (None, 1)]


def test_a_table_of_something_else_is_refused(lake: Lake) -> None:
    write_deltalake(lake.uri, pa.table({"a": [1]}))
    with pytest.raises(TableError, match="not an event lake"):
        lake.create()


def test_a_log_that_cannot_be_read_is_an_error_not_an_empty_lake(lake: Lake) -> None:
    sealed(lake)
    seal_events(lake, [event("a", "2026-03-04T12:00")])
    Path(lake.uri, "_delta_log", f"{1:020}.json").write_text("not json")
    with pytest.raises(TableError, match="cannot be read"):
        Lake(lake.uri).snapshot()


def test_addresses(tmp_path: Path) -> None:
    assert local_path("lake") == Path("lake").absolute()
    assert local_path("file:///a%20b") == Path("/a b")
    assert local_path("s3://bucket/lake") is None
    assert isinstance(open_filesystem(str(tmp_path), None), pafs.SubTreeFileSystem)
    remote = open_filesystem(
        "s3://bucket/lake/", {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_REGION": "x"}
    )
    assert remote.base_path == "bucket/lake/"
    assert isinstance(remote.base_fs, pafs.S3FileSystem)
    with pytest.raises(TableError, match="ftp"):
        open_filesystem("ftp://host/lake", None)


def test_a_folder_with_an_odd_name_works(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "it's a 'lake' [1] * é")
    assert sealed(lake).cluster == CLUSTER
    question = TrendsQuestion(at("2026-03-01"), at("2026-03-04"), "UTC", (Series(Measure.COUNT),))
    answer = ask_source(trends, question, Source.sealed_only(lake.snapshot(), FRESH))
    assert answer.lines[0].values == (1, 1, 1)
