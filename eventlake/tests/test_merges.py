"""Merges that files were written with: when they still hold, what has come since, and what is left without them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventlake.analyses.measures import Measure
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Series, TrendsQuestion
from eventlake.engine import Engine
from eventlake.merges import FOLDER, Bases, base_of, digest_of
from eventlake.rewriting import Changes, days_of_undone, rewrite_days, vacuum
from eventlake.rollups.build import build_segment
from eventlake.source import Source
from eventlake.table import Lake
from eventlake.tests.factory import FRESH, at, event, merges, rows, seal_events

DAYS = [dt.date(2026, 3, 2), dt.date(2026, 3, 3)]
EVENTS = [
    event("a", "2026-03-02T10:00", 1),
    event("a", "2026-03-02T10:01", 2),
    event("a", "2026-03-03T10:00", 3),
    event("a", "2026-03-03T10:01", 4),
]


@pytest.fixture
def engine(lake: Lake) -> Iterator[Engine]:
    made = Engine(lake.uri)
    yield made
    made.close()


def persons(lake: Lake, engine: Engine, merged: dict[int, int]) -> tuple[float | None, str]:
    """How many there are, and the SQL that counted them."""
    question = TrendsQuestion(at("2026-03-01"), at("2026-03-10"), "UTC", (Series(Measure.PERSONS),))
    source = Source(lake.snapshot(), rows([]), FRESH, merges(merged))
    with engine.read(source) as reader:
        answer = trends(reader, question)
    return answer.lines[0].total, answer.proof.sql


def test_the_order_of_merges_does_not_matter() -> None:
    assert digest_of(merges({1: 5, 2: 5})) == digest_of(merges({2: 5, 1: 5})) != digest_of(merges({1: 5}))
    assert base_of("day=2026-03-02/0f8fad5b-d9cb-469f-a165-70867728950e.parquet") is None


def test_merges_hold_while_nobody_parts() -> None:
    base = {2: 1, 3: 1}
    bases = Bases({"b": merges(base)})
    for now, holds in [
        (base, True),
        ({2: 1, 3: 1, 1: 9, 8: 7}, False),  # 2 and 3 stay with 1, who is 9 by now
        ({2: 9, 3: 9, 1: 9, 8: 7}, True),
        ({2: 1}, False),
        ({}, False),
    ]:
        assert bases.holding(merges(now)) == (frozenset("b") if holds else frozenset())


def test_what_has_come_since() -> None:
    one, two = merges({2: 1}), merges({2: 1, 3: 1})
    bases = Bases({digest_of(one): one, digest_of(two): two})
    now = merges({2: 9, 3: 9, 1: 9})

    def since(*known: object) -> list[int]:
        digests = frozenset(map(digest_of, known))
        return sorted(bases.since(digests, now).column("person_id").to_pylist())

    assert (since(two), since(one), since(one, two)) == ([1], [1, 3], [1, 3])
    assert bases.since(frozenset([digest_of(two)]), two).num_rows == 0


@pytest.mark.parametrize("is_rolled_up", [False, True])
def test_only_later_merges_are_joined(lake: Lake, engine: Engine, is_rolled_up: bool) -> None:
    seal_events(lake, EVENTS)
    rewrite_days(lake, engine, DAYS, Changes(FRESH, merges=merges({2: 1})))
    if is_rolled_up:
        build_segment(lake, engine, lake.snapshot().files)
    total, sql = persons(lake, engine, {2: 1})
    assert (total, "moved" in sql) == (3, False)
    total, sql = persons(lake, engine, {2: 1, 4: 3})
    assert (total, "moved" in sql) == (2, True)
    assert persons(lake, engine, {2: 3, 1: 3, 4: 3})[0] == 1
    assert persons(lake, engine, {1: 2})[0] == 3  # the other way round
    assert persons(lake, engine, {3: 2, 1: 4})[0] == 2  # parted, and each with somebody else
    assert persons(lake, engine, {})[0] == 4


def test_days_whose_merges_were_undone_are_found_and_mended(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    rewrite_days(lake, engine, DAYS[:1], Changes(FRESH, merges=merges({2: 1})))
    assert days_of_undone(lake, merges({2: 1, 4: 3})) == []
    assert days_of_undone(lake, merges({4: 3})) == DAYS[:1]
    rewrite_days(lake, engine, DAYS[:1], Changes(FRESH, merges=merges({4: 3})))
    assert days_of_undone(lake, merges({4: 3})) == []
    assert persons(lake, engine, {4: 3})[0] == 3


def test_a_lost_table_of_merges_costs_time_and_no_truth(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    rewrite_days(lake, engine, DAYS, Changes(FRESH, merges=merges({2: 1})))
    (kept,) = (Path(lake.uri) / FOLDER).iterdir()
    kept.write_bytes(b"torn")
    anew = Lake(lake.uri)
    assert persons(anew, engine, {2: 1})[0] == 3
    assert days_of_undone(anew, merges({2: 1})) == DAYS


def test_merges_go_with_the_last_file_that_names_them(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    for merged in ({2: 1}, {2: 1, 4: 3}):
        rewrite_days(lake, engine, DAYS, Changes(FRESH, merges=merges(merged)))
    assert len(list((Path(lake.uri) / FOLDER).iterdir())) == 2
    vacuum(lake, retention_hours=1)
    assert len(list((Path(lake.uri) / FOLDER).iterdir())) == 2
    vacuum(lake, retention_hours=0)
    assert [path.stem for path in (Path(lake.uri) / FOLDER).iterdir()] == [digest_of(merges({2: 1, 4: 3}))]
