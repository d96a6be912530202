"""Rewriting days: what goes, what stays, what readers and other writers notice of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from eventlake import rewriting
from eventlake.analyses.filters import Condition, Operator
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.engine import Engine
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.relations import Events
from eventlake.rewriting import Changes, days_to_compact, find_days, rewrite_days, vacuum
from eventlake.rollups.build import build_segment
from eventlake.rollups.segments import FOLDER
from eventlake.source import Source
from eventlake.table import Lake
from eventlake.tests.factory import FRESH, Row, at, event, merges, rows, seal_events

DAY = dt.date(2026, 3, 2)
NOW = at("2026-06-01")
RANGE = Span(at("2026-03-01"), at("2026-03-10"))


@pytest.fixture
def engine(lake: Lake) -> Iterator[Engine]:
    made = Engine(lake.uri)
    yield made
    made.close()


def ids(*numbers: int, name: str = "person_id") -> pa.Table:
    return pa.table({name: pa.array(numbers, pa.int64())})


def read(
    lake: Lake, columns: str = "id, event_name, person_id", source: Source | None = None
) -> list[tuple[object, ...]]:
    engine = Engine(lake.uri)
    with engine.read(source or Source.sealed_only(lake.snapshot(), FRESH)) as reader:
        sql = f"with events as ({{{{events}}}}) select {columns} from events order by id"  # noqa: S608
        found = reader.run("test").columns(sql, Parameters(), events=Events(RANGE)).to_pylist()
    engine.close()
    return [tuple(row.values()) for row in found]


def seal_one_by_one(lake: Lake, events: list[Row]) -> None:
    for item in events:
        seal_events(lake, [item])


EVENTS = [
    event("b", "2026-03-02T10:00", 2, properties={"plan": "pro", "n": 1}),
    event("a", "2026-03-02T11:00", 1, properties={"plan": "free"}),
    event("a", "2026-03-02T09:00", None),
    event("c", "2026-03-03T09:00", 3),
]


def test_many_files_of_a_day_become_one_sorted_file(lake: Lake, engine: Engine) -> None:
    seal_one_by_one(lake, EVENTS)
    columns = 'id, uuid, "timestamp", event_name, person_id, metadata, created_at, insert_xid'
    before = read(lake, columns)
    assert days_to_compact(lake.snapshot().files, closed_before=DAY) == [DAY]
    assert days_to_compact(lake.snapshot().files, closed_before=DAY, most_open=3) == []
    done = rewrite_days(lake, engine, [DAY], Changes(NOW))
    assert (done.rows_before, done.rows_after, done.files_before, done.files_after) == (3, 3, 3, 1)
    assert days_to_compact(lake.snapshot().files, closed_before=DAY) == []
    position = lake.snapshot()
    assert (position.watermark, position.rows) == (5, 4)
    assert read(lake, columns) == before
    names = pq.read_table(Path(lake.uri) / position.files[0].path).column("event_name").to_pylist()
    assert names == ["a", "a", "b"]


def test_twice_changes_nothing_but_the_version(lake: Lake, engine: Engine) -> None:
    seal_one_by_one(lake, EVENTS)
    rewrite_days(lake, engine, [DAY], Changes(NOW))
    once = read(lake, "*")
    rewrite_days(lake, engine, [DAY], Changes(NOW))
    assert read(lake, "*") == once


def test_an_erased_person_is_in_no_file_and_the_others_are(lake: Lake, engine: Engine) -> None:
    seal_events(lake, [*EVENTS, event("secret-name", "2026-03-04T09:00", 2)])
    changes = Changes(NOW, erased=ids(2, 77))
    days = find_days(lake, engine, changes, lake.snapshot().files)
    assert days == [DAY, dt.date(2026, 3, 4)]
    rewrite_days(lake, engine, days, changes)
    assert [row[0] for row in read(lake)] == [2, 3, 4]
    assert find_days(lake, engine, changes, lake.snapshot().files) == []
    assert dt.date(2026, 3, 4) not in {file.day for file in lake.snapshot().files}
    vacuum(lake, retention_hours=0)
    assert not any(b"secret-name" in path.read_bytes() for path in Path(lake.uri).rglob("*.parquet"))


def test_rows_end_with_their_own_retention(lake: Lake, engine: Engine) -> None:
    kept = {"created_at": at("2026-03-02"), "retention_days": 91}
    ended = {"created_at": at("2026-03-02"), "retention_days": 90}
    never = {"created_at": at("2020-01-01"), "retention_days": None}
    seal_events(lake, [event("a", "2026-03-02T10:00", **part) for part in (kept, ended, never)])
    changes = Changes(at("2026-05-31"))
    assert find_days(lake, engine, Changes(at("2026-05-30")), lake.snapshot().files) == []
    assert find_days(lake, engine, changes, lake.snapshot().files) == [DAY]
    rewrite_days(lake, engine, [DAY], changes)
    assert [row[0] for row in read(lake)] == [1, 3]


def test_a_row_that_changed_after_sealing_is_taken_from_the_database(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    moved = rows([event("moved", "2026-03-05T10:00", 1)], first=2)
    changes = Changes(NOW, changed=moved, superseded=ids(2, name="id"))
    assert find_days(lake, engine, changes, lake.snapshot().files) == [DAY]
    rewrite_days(lake, engine, [DAY, dt.date(2026, 3, 5)], changes)
    assert read(lake) == [(1, "b", 2), (2, "moved", 1), (3, "a", None), (4, "c", 3)]


def test_merged_persons_are_written_beside_the_persons_of_the_events(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    merged = Changes(NOW, merges=merges({2: 1}))
    assert find_days(lake, engine, merged, lake.snapshot().files) == [DAY]
    rewrite_days(lake, engine, [DAY], merged)
    assert find_days(lake, engine, merged, lake.snapshot().files) == []
    assert read(lake, "id, person_id, merged_person_id")[:2] == [(1, 2, 1), (2, 1, 1)]
    undone = Changes(NOW)
    assert find_days(lake, engine, undone, lake.snapshot().files) == [DAY]
    rewrite_days(lake, engine, [DAY], undone)
    assert read(lake, "id, person_id, merged_person_id")[0] == (1, 2, 2)


def test_what_is_sealed_meanwhile_is_not_lost(
    lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_one_by_one(lake, EVENTS)
    other = Lake(lake.uri)
    open_table = Lake.open_table
    sealed: list[bool] = []

    def open_late(self: Lake) -> object:
        table = open_table(self)
        if self is lake and not sealed:
            sealed.append(True)
            seal_events(other, [event("late", "2026-03-02T12:00", 1)])
        return table

    monkeypatch.setattr(Lake, "open_table", open_late)
    rewrite_days(lake, engine, [DAY], Changes(NOW))
    assert [row[1] for row in read(lake)] == ["b", "a", "a", "c", "late"]
    assert sum(file.day == DAY for file in lake.snapshot().files) == 2


def test_two_who_rewrite_the_same_day_do_not_double_it(
    lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_one_by_one(lake, EVENTS)
    other, other_engine = Lake(lake.uri), Engine(lake.uri)
    overtaken: list[bool] = []
    write_day = rewriting._write_day

    def write_late(*arguments: Any) -> list[Any]:
        written = list(write_day(*arguments))
        if arguments[0] is lake and not overtaken:
            overtaken.append(True)
            rewrite_days(other, other_engine, [DAY], Changes(NOW))
        return written

    monkeypatch.setattr(rewriting, "_write_day", write_late)
    rewrite_days(lake, engine, [DAY], Changes(NOW))
    other_engine.close()
    assert [row[0] for row in read(lake)] == [1, 2, 3, 4]
    assert sum(file.day == DAY for file in lake.snapshot().files) == 1


def test_a_reader_keeps_its_files_until_they_are_vacuumed(lake: Lake, engine: Engine) -> None:
    seal_one_by_one(lake, EVENTS)
    old = Source.sealed_only(lake.snapshot(), FRESH)
    rewrite_days(lake, engine, [DAY], Changes(NOW, erased=ids(2)))
    assert vacuum(lake, retention_hours=1) == 0
    assert len(read(lake, source=old)) == 4
    assert vacuum(lake, retention_hours=0) == 3
    assert len(read(lake)) == 3


def test_vacuum_takes_files_of_dead_writers_and_leaves_rollups(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    segment = build_segment(lake, engine, lake.snapshot().files)
    orphan = Path(lake.uri) / "day=2026-03-02" / "orphan.parquet"
    orphan.write_bytes(b"never committed")
    assert vacuum(lake, retention_hours=1) == 0
    vacuum(lake, retention_hours=0)
    assert not orphan.exists()
    assert (Path(lake.uri) / segment.path("tracks")).exists()
    assert (Path(lake.uri) / FOLDER / f"{segment.name}.json").exists()
    assert len(read(lake)) == 4


def test_rollups_of_files_that_went_are_not_used(lake: Lake, engine: Engine) -> None:
    seal_one_by_one(lake, EVENTS)
    build_segment(lake, engine, lake.snapshot().files)
    assert len(lake.snapshot().segments) == 1
    rewrite_days(lake, engine, [DAY], Changes(NOW, erased=ids(2)))
    assert lake.snapshot().segments == ()


PLAN = Property("plan")


def by_plan(lake: Lake, hot: list[Row] | None = None) -> list[tuple[str | None, int | float | None]]:
    question = TrendsQuestion(
        RANGE.from_at,
        RANGE.to_at,
        "UTC",
        (Series(Measure.COUNT, filter=Condition(PLAN, Operator.NE, "team")),),
        breakdown=Breakdown(PLAN),
    )
    engine = Engine(lake.uri)
    snapshot = lake.snapshot()
    source = Source(snapshot, rows(hot or [], first=snapshot.watermark), FRESH)
    with engine.read(source) as reader:
        answer = trends(reader, question)
    engine.close()
    assert ('"metadata_plan" as' in answer.proof.sql) is any("plan" in f.properties for f in snapshot.files)
    return [(line.breakdown, line.total) for line in answer.lines]


def test_hot_properties_answer_as_the_json_does(lake: Lake, engine: Engine) -> None:
    plans = ["pro", "pro", "free", 5, True, None, ["x", "é"], {"k": 1}, "", "team"]
    events = [
        event("a", f"2026-03-02T10:{minute:02}", properties={"plan": plan, "o'clock": 1, "naïve": 2})
        for minute, plan in enumerate(plans)
    ]
    seal_events(lake, events)
    from_json = by_plan(lake)
    rewrite_days(lake, engine, [DAY], Changes(NOW))
    assert lake.snapshot().files[0].properties == {"plan"}
    assert by_plan(lake) == from_json
    seal_events(lake, [event("a", "2026-03-02T23:00", properties={"plan": "pro"})])
    mixed = dict(by_plan(lake, hot=[event("a", "2026-03-02T23:30", properties={"plan": "pro"})]))
    assert (dict(from_json)["pro"], mixed["pro"]) == (2, 4)


def test_ids_and_odd_names_do_not_become_columns(lake: Lake, engine: Engine) -> None:
    events = [
        event(
            "a",
            f"2026-03-02T{n // 60:02}:{n % 60:02}",
            properties={"id": f"u{n}", "Plan": "x", "plan": "y", 'a"b': 1},
        )
        for n in range(200)
    ]
    seal_events(lake, events)
    rewrite_days(lake, engine, [DAY], Changes(NOW))
    assert lake.snapshot().files[0].properties == {"Plan"}
    assert lake.properties() == {"Plan"}


def test_without_such_days_nothing_is_written(lake: Lake, engine: Engine, tmp_path: Path) -> None:
    seal_events(lake, EVENTS)
    version = lake.snapshot().version
    assert rewrite_days(lake, engine, [dt.date(2020, 1, 1)], Changes(NOW)) is None
    assert lake.snapshot().version == version


def test_strangers_read_the_table_as_it_stands(lake: Lake, engine: Engine) -> None:
    seal_one_by_one(lake, EVENTS)
    rewrite_days(lake, engine, [DAY], Changes(NOW, merges=merges({2: 1})))
    build_segment(lake, engine, lake.snapshot().files)
    table = DeltaTable(lake.uri)
    assert table.protocol().min_reader_version == 1
    found = table.to_pyarrow_table().sort_by("id")
    assert found.column("event_name").to_pylist() == ["b", "a", "a", "c"]
    assert found.column("merged_person_id").to_pylist() == [1, 1, None, None]
    assert found.column("metadata_plan").to_pylist() == ["pro", "free", None, None]
    assert found.column("day").to_pylist() == [DAY, DAY, DAY, dt.date(2026, 3, 3)]
