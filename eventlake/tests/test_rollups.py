"""Rollups: which are used, when they are not, and that they come and go without anybody noticing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from eventlake.analyses.measures import Measure
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Series, TrendsAnswer, TrendsQuestion
from eventlake.engine import Engine
from eventlake.rollups import build
from eventlake.rollups.build import GRACE, build_segment, plan_segments, refresh_rollups
from eventlake.rollups.segments import FOLDER, segment_name
from eventlake.source import SUPERSEDED_SCHEMA, Source
from eventlake.table import Lake, LakeFile
from eventlake.tests.factory import FRESH, Row, at, event, rows, seal_events

NOW = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
CLOSED = NOW.date()
PERSONS = TrendsQuestion(at("2026-03-01"), at("2026-03-08"), "UTC", (Series(Measure.PERSONS),))
EVENTS = [event("a", f"2026-03-0{day}T10:00", person) for day in (2, 3, 4) for person in (1, 2)]


@pytest.fixture
def engine(lake: Lake) -> Iterator[Engine]:
    made = Engine(lake.uri)
    yield made
    made.close()


def ask(engine: Engine, source: Source) -> TrendsAnswer:
    with engine.read(source) as reader:
        return trends(reader, PERSONS)


def cold(lake: Lake) -> Source:
    return Source.sealed_only(lake.snapshot(), FRESH)


def uses_rollups(answer: TrendsAnswer) -> bool:
    return "segments of rollups" in answer.proof.sql


def seal_and_roll_up(lake: Lake, engine: Engine, events: list[Row] = EVENTS) -> None:
    seal_events(lake, events)
    refresh_rollups(lake, engine, closed_before=CLOSED, now=NOW)


def test_closed_days_are_read_from_rollups_alone(lake: Lake, engine: Engine) -> None:
    seal_and_roll_up(lake, engine)
    answer = ask(engine, cold(lake))
    assert uses_rollups(answer)
    assert answer.lines[0].values == (0, 2, 2, 2, 0, 0, 0)
    assert answer.proof.rows_read == 6  # of active days; no data file is opened
    assert "files of lake version" not in answer.proof.sql


def test_a_late_event_is_read_beside_the_rollups(lake: Lake, engine: Engine) -> None:
    seal_and_roll_up(lake, engine)
    seal_events(lake, [event("a", "2026-03-03T11:00", 3)])
    answer = ask(engine, cold(lake))
    assert uses_rollups(answer)
    assert answer.lines[0].values == (0, 2, 3, 2, 0, 0, 0)
    assert answer.lines[0].total == 3


def test_a_refresh_covers_late_events_and_retires_what_they_replace(lake: Lake, engine: Engine) -> None:
    seal_and_roll_up(lake, engine)
    old = lake.snapshot()
    seal_events(lake, [event("a", "2026-03-03T11:00", 3)])
    done = refresh_rollups(lake, engine, closed_before=CLOSED, now=NOW)
    assert (done.built, done.retired) == (1, 1)
    assert ask(engine, cold(lake)).proof.rows_read == 7
    assert ask(engine, Source.sealed_only(old, FRESH)).lines[0].total == 2  # whoever reads is undisturbed
    long_after = dt.datetime.now(dt.UTC) + GRACE * 2
    refresh_rollups(lake, engine, closed_before=CLOSED, now=long_after)
    assert refresh_rollups(lake, engine, closed_before=CLOSED, now=long_after).swept == 0
    assert {path.name for path in (Path(lake.uri) / FOLDER).iterdir() if path.is_dir()} == {
        segment.name for segment in lake.snapshot().segments
    }


def test_refreshing_twice_builds_nothing_more(lake: Lake, engine: Engine) -> None:
    seal_and_roll_up(lake, engine)
    done = refresh_rollups(lake, engine, closed_before=CLOSED, now=NOW)
    assert (done.built, done.retired, done.swept) == (0, 0, 0)


def test_the_open_day_has_no_rollup(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    refresh_rollups(lake, engine, closed_before=dt.date(2026, 3, 4), now=NOW)
    assert [segment.last_day for segment in lake.snapshot().segments] == [dt.date(2026, 3, 3)]
    assert ask(engine, cold(lake)).lines[0].values == (0, 2, 2, 2, 0, 0, 0)


def test_a_changed_row_takes_its_file_out_of_the_rollups(lake: Lake, engine: Engine) -> None:
    seal_and_roll_up(lake, engine)
    changed = rows([event("a", "2026-03-02T10:00", 9)], first=1)
    source = replace(cold(lake), hot=changed, superseded=pa.table({"id": [1]}, schema=SUPERSEDED_SCHEMA))
    answer = ask(engine, source)
    assert not uses_rollups(answer)
    assert answer.lines[0].total == 3
    elsewhere = replace(source, hot=rows([]), superseded=pa.table({"id": [77]}, schema=SUPERSEDED_SCHEMA))
    assert uses_rollups(ask(engine, elsewhere))


def test_rollups_of_another_zone_are_not_used(lake: Lake, engine: Engine) -> None:
    seal_and_roll_up(lake, engine)
    berlin = Lake(lake.uri, zone="Europe/Berlin")
    assert berlin.snapshot().segments == ()
    refresh_rollups(berlin, engine, closed_before=CLOSED, now=NOW)
    assert len(berlin.snapshot().segments) == 1
    assert lake.snapshot().segments == ()  # retired


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"zone": "UTC", "sources": 1}'])
def test_a_torn_manifest_is_no_segment(lake: Lake, engine: Engine, content: bytes) -> None:
    seal_and_roll_up(lake, engine)
    name = lake.snapshot().segments[0].name
    (Path(lake.uri) / FOLDER / f"{name}.json").write_bytes(content)
    again = Lake(lake.uri)
    assert again.snapshot().segments == ()
    assert refresh_rollups(again, engine, closed_before=CLOSED, now=NOW).built == 1
    assert len(again.snapshot().segments) == 1


def test_a_build_that_died_is_cleared_away_later(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    died = Path(lake.uri) / FOLDER / "died"
    died.mkdir(parents=True)
    (died / "tracks.parquet").write_bytes(b"torn")
    refresh_rollups(lake, engine, closed_before=CLOSED, now=NOW)
    assert died.exists()
    later = dt.datetime.now(dt.UTC) + GRACE * 2
    assert refresh_rollups(lake, engine, closed_before=CLOSED, now=later).swept == 1
    assert not died.exists()


def test_segments_are_whole_days_of_one_month_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "SEGMENT_ROWS", 10)
    sizes = [("2026-01-30", 4), ("2026-01-31", 4), ("2026-01-31", 4), ("2026-02-01", 1), ("2026-02-02", 99)]
    files = [
        LakeFile(f"{number}.parquet", dt.date.fromisoformat(day), count, 1)
        for number, (day, count) in enumerate(sizes)
    ]
    groups = [[file.path[0] for file in group] for group in plan_segments(files, dt.date(2026, 3, 1))]
    assert groups == [["0"], ["1", "2"], ["3"], ["4"]]
    assert list(plan_segments(files, dt.date(2026, 1, 31))) == [(files[0],)]


def test_the_same_files_have_the_same_name_in_any_order() -> None:
    assert segment_name("UTC", ["a", "b"]) == segment_name("UTC", ["b", "a"])
    assert segment_name("UTC", ["a"]) != segment_name("Asia/Tokyo", ["a"])


def test_the_largest_of_overlapping_segments_wins(lake: Lake, engine: Engine) -> None:
    seal_events(lake, EVENTS)
    files = lake.snapshot().files
    build_segment(lake, engine, files[:1])
    build_segment(lake, engine, files)
    assert [len(segment.sources) for segment in lake.snapshot().segments] == [3]
    assert ask(engine, cold(lake)).lines[0].values == (0, 2, 2, 2, 0, 0, 0)
