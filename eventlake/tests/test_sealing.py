"""Sealing: once, whole, durable, and readable by strangers."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from eventlake import durability, sealing
from eventlake.datafiles import write_day_files
from eventlake.errors import ClusterMismatchError, SchemaError, StaleWatermarkError, TableError
from eventlake.schema import NAMES
from eventlake.sealing import Position, cluster_number, rebase, seal
from eventlake.table import Lake, LakeSnapshot
from eventlake.tests.factory import CLUSTER, event, rows, seal_events


def three() -> pa.Table:
    return rows(
        [
            event("login", "2026-03-02T10:00", person=2),
            event("view", "2026-03-02T09:00", person=1),
            event("login", "2026-03-03T00:00", person=1),
        ]
    )


def seal_three(lake: Lake) -> sealing.Sealed:
    return seal(lake, three(), watermark_from=0, watermark_to=4, cluster=CLUSTER)


def state(lake: Lake) -> LakeSnapshot:
    return Lake(lake.uri).snapshot()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_a_lake_that_is_not_there_is_an_empty_snapshot_and_reading_makes_nothing(lake: Lake) -> None:
    assert lake.snapshot() == LakeSnapshot(lake.uri, -1, 0, None, ())
    assert not os.path.exists(lake.uri)


def test_rows_and_watermark_arrive_in_one_version(lake: Lake) -> None:
    sealed = seal_three(lake)
    snapshot = lake.snapshot()
    assert (sealed.version, sealed.rows, sealed.watermark) == (1, 3, 4)
    assert (snapshot.version, snapshot.rows, snapshot.watermark, snapshot.cluster) == (1, 3, 4, CLUSTER)
    assert [file.day.isoformat() for file in snapshot.files] == ["2026-03-02", "2026-03-03"]
    assert snapshot.size_bytes == sealed.size_bytes == sum(map(os.path.getsize, data_files(lake)))


def test_sealing_the_same_range_twice_changes_nothing(lake: Lake) -> None:
    seal_three(lake)
    before = state(lake)
    with pytest.raises(StaleWatermarkError) as caught:
        seal_three(lake)
    assert (caught.value.expected, caught.value.found) == (0, 4)
    assert state(lake) == before
    assert len(data_files(lake)) == len(before.files)


def test_of_two_sealings_of_one_range_that_overlap_exactly_one_counts(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = write_day_files

    def write_and_be_overtaken(*args: Any) -> Any:
        yield from write(*args)
        monkeypatch.setattr(sealing, "write_day_files", write)
        seal_three(Lake(lake.uri))

    monkeypatch.setattr(sealing, "write_day_files", write_and_be_overtaken)
    with pytest.raises(StaleWatermarkError):
        seal_three(lake)
    assert (state(lake).rows, state(lake).version, state(lake).watermark) == (3, 1, 4)


def test_a_sealing_that_lands_while_another_commits_makes_it_fail(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = sealing._write_transaction

    def be_overtaken(*args: Any) -> None:
        monkeypatch.setattr(sealing, "_write_transaction", commit)
        seal_three(Lake(lake.uri))
        commit(*args)

    monkeypatch.setattr(sealing, "_write_transaction", be_overtaken)
    with pytest.raises(StaleWatermarkError):
        seal_three(lake)
    assert (state(lake).rows, state(lake).version, state(lake).watermark) == (3, 1, 4)


def test_a_commit_overtaken_by_something_else_is_tried_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_three(lake)
    commit = sealing._write_transaction
    tables: list[DeltaTable] = []

    def fail_once(table: DeltaTable, *rest: Any) -> None:
        tables.append(table)
        if len(tables) == 1:
            raise CommitFailedError("overtaken")
        commit(table, *rest)

    monkeypatch.setattr(sealing, "_write_transaction", fail_once)
    seal(
        lake,
        rows([event("a", "2026-03-04T00:00")], first=4),
        watermark_from=4,
        watermark_to=5,
        cluster=CLUSTER,
    )
    assert (state(lake).rows, len(tables)) == (4, 2)


def test_a_commit_that_succeeded_although_its_answer_was_lost_is_not_repeated(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = sealing._write_transaction

    def commit_and_lose_the_answer(*args: Any) -> None:
        commit(*args)
        raise CommitFailedError("connection reset")

    monkeypatch.setattr(sealing, "_write_transaction", commit_and_lose_the_answer)
    assert seal_three(lake).version == 1
    assert (state(lake).rows, state(lake).version) == (3, 1)


def test_commits_that_never_get_through_are_reported(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise CommitFailedError("overtaken")

    monkeypatch.setattr(sealing, "_write_transaction", fail)
    with pytest.raises(TableError, match="too busy"):
        seal_three(lake)
    assert state(lake).rows == 0


@pytest.mark.parametrize("step", ["sync_files", "_commit"])
def test_a_sealing_killed_before_its_commit_leaves_no_row_and_the_next_succeeds(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    lake.create()
    with monkeypatch.context() as patch:
        patch.setattr(durability if step == "sync_files" else sealing, step, killed)
        with pytest.raises(KeyboardInterrupt):
            seal_three(lake)
    assert len(data_files(lake)) == 2
    assert (state(lake).rows, state(lake).watermark) == (0, 0)
    assert seal_three(lake).rows == 3
    assert state(lake).rows == DeltaTable(lake.uri).count() == 3


def test_a_sealing_killed_after_its_commit_is_not_repeated(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            seal_three(lake)
    with pytest.raises(StaleWatermarkError):
        seal_three(lake)
    assert state(lake).rows == 3


def test_no_rows_write_nothing_and_keep_the_watermark(lake: Lake) -> None:
    seal_three(lake)
    before = state(lake)
    for nothing in (three().slice(0, 0), iter(())):
        sealed = seal(lake, nothing, watermark_from=4, watermark_to=9, cluster=CLUSTER)
        assert (sealed.rows, sealed.watermark) == (0, 4)
    assert state(lake) == before


def test_another_cluster_is_refused_until_the_lake_is_rebased(lake: Lake) -> None:
    seal_three(lake)
    more = rows([event("a", "2026-03-04T00:00")], first=2)
    with pytest.raises(ClusterMismatchError):
        seal(lake, more, watermark_from=4, watermark_to=5, cluster=8)
    rebase(lake, Position(4, CLUSTER), Position(2, 8))
    assert (state(lake).watermark, state(lake).cluster, state(lake).rows) == (2, 8, 3)
    seal(lake, more, watermark_from=2, watermark_to=3, cluster=8)
    assert (state(lake).watermark, state(lake).rows) == (3, 4)
    with pytest.raises(ClusterMismatchError):
        rebase(lake, Position(3, CLUSTER), Position(5, CLUSTER))


def test_a_cluster_may_be_a_number_or_a_name() -> None:
    assert cluster_number(CLUSTER) == CLUSTER
    assert cluster_number("sqlite:a") != cluster_number("sqlite:b")
    assert 0 <= cluster_number(2**64 - 1) < 2**63


@pytest.mark.parametrize("insert_xid", [3, 10])
def test_rows_outside_their_range_are_refused(lake: Lake, insert_xid: int) -> None:
    seal_three(lake)
    stray = rows([event("a", "2026-03-04T00:00", insert_xid=insert_xid)])
    with pytest.raises(SchemaError, match="outside"):
        seal(lake, stray, watermark_from=4, watermark_to=10, cluster=CLUSTER)
    assert state(lake).rows == 3


def test_batches_are_sealed_in_chunks_of_bounded_memory(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "CHUNK_ROWS", 2)
    batches = iter(three().to_batches(max_chunksize=1))
    assert seal(lake, batches, watermark_from=0, watermark_to=4, cluster=CLUSTER).rows == 3
    assert (state(lake).version, len(state(lake).files)) == (1, 2)


def test_rows_in_a_file_are_sorted_by_name_person_and_time(lake: Lake) -> None:
    events = [
        event("b", "2026-03-02T01:00", person=1),
        event("a", "2026-03-02T03:00", person=2),
        event("a", "2026-03-02T02:00", person=2),
        event("a", "2026-03-02T04:00", person=1),
    ]
    seal_events(lake, events)
    (file,) = data_files(lake)
    found = duckdb.execute("select id from read_parquet($file)", {"file": file}).fetchall()
    assert [row[0] for row in found] == [4, 3, 2, 1]


def test_a_stranger_reads_the_same_rows(lake: Lake) -> None:
    seal_three(lake)
    by_delta = DeltaTable(lake.uri).to_pyarrow_table(filesystem=lake.filesystem)
    assert tuple(by_delta.column_names) == NAMES
    assert sorted(by_delta.column("id").to_pylist()) == [1, 2, 3]
    found = duckdb.execute(
        "select id, day::varchar, event_name from read_parquet($files) order by id",
        {"files": f"{lake.uri}/*/*.parquet"},
    ).fetchall()
    assert found == [(1, "2026-03-02", "login"), (2, "2026-03-02", "view"), (3, "2026-03-03", "login")]


def test_the_watermark_outlives_checkpoints_and_the_commits_before_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "CHECKPOINT_EVERY", 2)
    for number in range(1, 5):
        seal_events(lake, [event("a", f"2026-03-0{number}T00:00")])
    for version in range(4):
        durability.commit_path(Path(lake.uri), version).unlink()
    snapshot = state(lake)
    assert (snapshot.version, snapshot.rows, snapshot.watermark, snapshot.cluster) == (4, 4, 5, CLUSTER)


def test_everything_is_fsynced_in_the_order_that_a_power_cut_needs(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.create()
    steps: list[str] = []
    sync, commit = durability._fsync, sealing._write_transaction

    def record_sync(path: Path) -> None:
        steps.append(os.path.relpath(path, lake.uri).split("/")[-1])
        sync(path)

    def record_commit(*args: Any) -> None:
        steps.append("COMMIT")
        commit(*args)

    monkeypatch.setattr(durability, "_fsync", record_sync)
    monkeypatch.setattr(sealing, "_write_transaction", record_commit)
    seal_three(lake)
    files = {os.path.basename(file) for file in data_files(lake)}
    before, after = steps[: steps.index("COMMIT")], steps[steps.index("COMMIT") + 1 :]
    assert set(before) == files | {"day=2026-03-02", "day=2026-03-03", "."}
    assert before[-1] == "."
    assert after[-3:] == [f"{1:020}.json", "_delta_log", "."]


@pytest.mark.parametrize("left", [b"", b'{"add":{"pa', b"\0" * 64])
def test_a_commit_torn_by_a_power_cut_is_set_aside_and_sealed_again(lake: Lake, left: bytes) -> None:
    seal_three(lake)
    before = state(lake)
    commit = durability.commit_path(Path(lake.uri), 2)
    commit.write_bytes(left)
    assert state(lake) == before
    assert commit.with_suffix(".torn").exists()
    seal_events(lake, [event("a", "2026-03-04T00:00")])
    assert (state(lake).version, state(lake).rows) == (2, 4)


def data_files(lake: Lake) -> list[str]:
    return sorted(glob.glob(f"{lake.uri}/day=*/*.parquet"))
