"""The engine: locked down, limited, shared between threads, and fair to its source."""

from __future__ import annotations

import datetime as dt
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from eventlake.analyses.measures import Measure
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Series, TrendsQuestion
from eventlake.engine import Engine, Limits, Run
from eventlake.errors import QueryCancelledError, QueryFailedError, QueryTimeoutError
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.relations import Events
from eventlake.source import SUPERSEDED_SCHEMA, Source
from eventlake.table import Lake
from eventlake.tests.factory import FRESH, at, event, mixed_source, rows, seal_events

SPAN = Span(at("2026-03-02"), at("2026-03-09"))
COUNT = TrendsQuestion(SPAN.from_at, SPAN.to_at, "UTC", (Series(Measure.COUNT),))
ENDLESS = "count(*) from events, range(10000000) a, range(10000000) b where hash(a.range, b.range) = 1"


def over_events(selected: str) -> str:
    """A SELECT that reads `events`, as every analysis does."""
    return f"with events as ({{{{events}}}}) select {selected}"


def source_in(folder: Path) -> Source:
    return mixed_source(folder, [event("a", "2026-03-02T10:00")], [event("b", "2026-03-03T10:00")])


def total(engine: Engine, source: Source) -> object:
    with engine.read(source) as reader:
        return trends(reader, COUNT).lines[0].total


FORBIDDEN = "file system operations are disabled"


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        ("read_csv('/etc/passwd')", FORBIDDEN),
        ("read_text('/etc/passwd')", FORBIDDEN),
        ("read_text('{lake}/../../../../../../etc/passwd')", FORBIDDEN),
        ("glob('/etc/*')", FORBIDDEN),
        ("sniff_csv('/etc/passwd')", FORBIDDEN),
        ("'/etc/passwd'", "does not exist"),
        ("read_parquet('https://example.org/a.parquet')", FORBIDDEN),
        ("read_parquet('s3://bucket/a.parquet')", FORBIDDEN),
        ("rows_of_the_caller", "does not exist"),
    ],
)
def test_a_select_reaches_nothing_but_the_table(tmp_path: Path, relation: str, reason: str) -> None:
    rows_of_the_caller = pa.table({"secret": [1]})
    sql = over_events("* from events, " + relation.replace("{lake}", str(tmp_path)))
    with (
        Engine(str(tmp_path)).read(source_in(tmp_path)) as reader,
        pytest.raises(QueryFailedError, match=reason),
    ):
        reader.run("test").rows(sql, Parameters(), events=Events(SPAN))
    assert rows_of_the_caller.num_rows == 1


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("set memory_limit = '9GB'", "Cannot change configuration"),
        ("set lock_configuration = false", "Cannot change configuration"),
        ("set enable_external_access = true", "Cannot change configuration"),
        ("reset threads", "Cannot (change|reset) configuration"),
        ("copy (select 1) to '/tmp/eventlake-written.csv'", FORBIDDEN),
        ("install httpfs", "Cannot access|disabled"),
        ("load httpfs", "disabled through configuration"),
        ("attach '/tmp/eventlake-stolen.db'", FORBIDDEN),
    ],
)
def test_the_database_is_locked(tmp_path: Path, sql: str, reason: str) -> None:
    with pytest.raises(duckdb.Error, match=reason):
        Engine(str(tmp_path))._cursor().execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to '{lake}/written.csv'",
        "attach '{lake}/stolen.db'",
        "create table kept (a int)",
        "create secret s (type s3)",
        "select 1; copy (select 1) to '{lake}/written.csv'",
        "explain analyze select 1",
        "pragma threads = 8",
        "",
    ],
)
def test_only_a_single_select_runs(tmp_path: Path, sql: str) -> None:
    with (
        Engine(str(tmp_path)).read(source_in(tmp_path)) as reader,
        pytest.raises(QueryFailedError, match="only a single SELECT"),
    ):
        reader.run("test").rows(sql.replace("{lake}", str(tmp_path)), Parameters(), events=Events(SPAN))
    assert not {"written.csv", "stolen.db"} & set(os.listdir(tmp_path))


def test_another_lake_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(QueryFailedError, match="this engine reads"),
        Engine(str(tmp_path / "other")).read(source_in(tmp_path)),
    ):
        pass


def test_a_query_stops_at_its_time_limit_and_the_engine_lives_on(tmp_path: Path) -> None:
    engine = Engine(str(tmp_path), Limits(timeout_s=0.2))
    with engine.read(source_in(tmp_path)) as reader, pytest.raises(QueryTimeoutError):
        reader.run("test").rows(over_events(ENDLESS), Parameters(), events=Events(SPAN))
    assert total(engine, Source.sealed_only(Lake(tmp_path).snapshot(), FRESH)) == 1


def test_a_time_limit_that_passes_between_queries_stops_the_next(tmp_path: Path) -> None:
    with (
        Engine(str(tmp_path), Limits(timeout_s=0)).read(source_in(tmp_path)) as reader,
        pytest.raises(QueryTimeoutError),
    ):
        reader.run("test").rows(over_events("1 from events"), Parameters(), events=Events(SPAN))


def test_a_query_stops_when_its_caller_has_gone(tmp_path: Path) -> None:
    asked = threading.Event()

    def is_gone() -> bool:
        was_asked = asked.is_set()
        asked.set()  # there at the start, gone at the first look
        return was_asked

    engine = Engine(str(tmp_path))
    with (
        engine.read(source_in(tmp_path), is_cancelled=is_gone) as reader,
        pytest.raises(QueryCancelledError),
    ):
        reader.run("test").rows(over_events(ENDLESS), Parameters(), events=Events(SPAN))


def test_a_query_that_needs_more_memory_fails_and_the_engine_lives_on(tmp_path: Path) -> None:
    engine = Engine(str(tmp_path), Limits(memory_mb=64))
    with engine.read(source_in(tmp_path)) as reader, pytest.raises(QueryFailedError, match=r"[Mm]emory"):
        reader.run("test").rows(
            over_events("len(list(range::varchar || 'x')) from events, range(50000000)"),
            Parameters(),
            events=Events(SPAN),
        )
    assert total(engine, Source.sealed_only(Lake(tmp_path).snapshot(), FRESH)) == 1


def test_many_threads_share_one_engine_and_never_see_each_other(tmp_path: Path) -> None:
    snapshot = source_in(tmp_path).snapshot
    engine = Engine(str(tmp_path))

    def ask(number: int) -> object:
        hot = rows([event("b", "2026-03-03T10:00")] * number, first=100)
        return total(engine, Source(snapshot, hot, FRESH))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(40))) == [number + 1 for number in range(40)]


def test_a_forked_child_opens_its_own_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, source = Engine(str(tmp_path)), source_in(tmp_path)
    assert total(engine, source) == 2
    parent = engine._database
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert total(engine, source) == 2
    assert engine._database is not parent


def test_a_closed_engine_opens_again(tmp_path: Path) -> None:
    engine, source = Engine(str(tmp_path)), source_in(tmp_path)
    engine.close()
    assert total(engine, source) == 2
    engine.close()
    assert total(engine, source) == 2


def test_a_sealed_row_that_changed_since_counts_once_as_the_database_has_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    seal_events(lake, [event("a", "2026-03-02T10:00"), event("b", "2026-03-02T11:00")])
    changed = rows([event("renamed", "2026-03-02T10:00", id=1, insert_xid=1)])
    plain = Source(lake.snapshot(), changed, FRESH)
    question = replace(COUNT, series=tuple(Series(Measure.COUNT, name) for name in ("a", "b", "renamed")))
    with Engine(str(tmp_path)).read(
        replace(plain, superseded=pa.table({"id": [1]}, schema=SUPERSEDED_SCHEMA))
    ) as reader:
        assert [line.total for line in trends(reader, question).lines] == [0, 1, 1]


def test_without_a_lake_and_without_rows_every_answer_is_nought(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "none")
    assert total(Engine(lake.uri), Source.sealed_only(lake.snapshot(), FRESH)) == 0


def test_the_proof_says_what_was_read(tmp_path: Path) -> None:
    source = mixed_source(
        tmp_path,
        [event("a", "2026-03-02T10:00"), event("a", "2026-03-02T11:00"), event("a", "2026-02-01T10:00")],
        [event("b", "2026-03-03T10:00")],
    )
    with Engine(str(tmp_path)).read(source) as reader:
        proof = trends(reader, replace(COUNT, compare_previous=False)).proof
    assert (proof.fresh_to, proof.lake_version, proof.definition) == (FRESH, 1, "trends/1")
    assert proof.rows_read == 3  # the file of February is not opened
    files = re.findall(r"read_parquet\(\$(\w+)", proof.sql)
    assert f"-- ${files[0]} = 1 files of lake version 1" in proof.sql
    assert f"= {SPAN.from_at!r}" in proof.sql
    assert str(tmp_path) not in proof.sql
    assert proof.duration_ms > 0


def test_a_value_in_the_proof_cannot_leave_its_comment(tmp_path: Path) -> None:
    question = replace(COUNT, series=(Series(Measure.COUNT, "x\n; drop table events"),))
    with Engine(str(tmp_path)).read(source_in(tmp_path)) as reader:
        proof = trends(reader, question).proof
    assert "\n; drop" not in proof.sql
    assert re.search(r"-- \$p\d+ = 'x\\n; drop table events'", proof.sql)


def test_instants_reach_the_engine_to_the_microsecond(tmp_path: Path) -> None:
    source = mixed_source(tmp_path, [event("a", "2026-03-02T00:00:00.000001")], [])
    with Engine(str(tmp_path)).read(source) as reader:
        run: Run = reader.run("test")
        sql = over_events("count(*) from events")
        microsecond = dt.timedelta(microseconds=1)
        start = at("2026-03-02T00:00:00.000001")
        assert run.rows(sql, Parameters(), events=Events(Span(start, start + microsecond))) == [(1,)]
        assert run.rows(sql, Parameters(), events=Events(Span(start - microsecond, start))) == [(0,)]
        assert run.rows(sql, Parameters(), events=Events(Span(start + microsecond, SPAN.to_at))) == [(0,)]
