"""The whole life of a lake in an S3-compatible store (moto's server, on a port of this machine)."""

from __future__ import annotations

import datetime as dt
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from moto.server import ThreadedMotoServer

from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.engine import Engine
from eventlake.rewriting import Changes, rewrite_days, vacuum
from eventlake.rollups.build import GRACE, refresh_rollups
from eventlake.source import Source
from eventlake.table import Lake
from eventlake.tests.factory import FRESH, Row, at, event, rows, seal_events
from eventlake.verify import check_files, check_rollups, check_uuids

CLOSED, NOW = dt.date(2026, 3, 9), at("2026-03-10")
COUNTS = TrendsQuestion(
    at("2026-03-01"),
    at("2026-03-06"),
    "UTC",
    (Series(Measure.COUNT), Series(Measure.PERSONS), Series(Measure.SESSIONS)),
)


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    bucket = urllib.request.Request(f"{address}/lakes", method="PUT")  # noqa: S310  # an address of this machine
    urllib.request.urlopen(bucket).close()  # noqa: S310  # an address of this machine
    yield {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ALLOW_HTTP": "true",
    }
    server.stop()


def ask(lake: Lake, question: TrendsQuestion, hot: list[Row] | None = None) -> list[tuple[object, ...]]:
    engine = Engine(lake.uri)
    snapshot = lake.snapshot()
    source = Source(snapshot, rows(hot or [], first=max(snapshot.watermark, 1)), FRESH)
    with engine.read(source) as reader:
        lines = trends(reader, question).lines
    engine.close()
    return [(line.breakdown, *line.values) for line in lines]


def test_a_lake_lives_in_an_object_store(store: dict[str, str]) -> None:
    lake = Lake("s3://lakes/events", store)
    engine = Engine(lake.uri)
    seal_events(lake, [event("a", "2026-03-02T10:00", 1, session_id="s1", properties={"plan": "pro"})])
    for person in (2, 3):
        seal_events(lake, [event("a", f"2026-03-0{person}T11:00", person, properties={"plan": "free"})])
    expected = [(None, 0, 2, 1, 0, 0)] * 3
    assert ask(lake, COUNTS) == expected

    rewrite_days(lake, engine, [dt.date(2026, 3, 2)], Changes(NOW))
    assert [len(file.properties) for file in lake.snapshot().files] == [1, 0]
    refresh_rollups(lake, engine, closed_before=CLOSED, now=NOW)
    assert len(lake.snapshot().segments) == 1
    assert ask(lake, COUNTS) == expected

    by_plan = replace(COUNTS, series=COUNTS.series[:1], breakdown=Breakdown(Property("plan")))
    assert ask(lake, by_plan) == [("free", 0, 1, 1, 0, 0), ("pro", 0, 1, 0, 0, 0)]

    late = event("a", "2026-03-03T12:00", 9, properties={"plan": "pro"})
    assert ask(lake, COUNTS, hot=[late])[0] == (None, 0, 2, 2, 0, 0)
    seal_events(lake, [late])
    assert ask(lake, COUNTS)[0] == (None, 0, 2, 2, 0, 0)
    assert refresh_rollups(lake, engine, closed_before=CLOSED, now=NOW).retired == 1
    later = dt.datetime.now(dt.UTC) + 2 * GRACE
    assert refresh_rollups(lake, engine, closed_before=CLOSED, now=later).swept == 1
    assert vacuum(lake, retention_hours=0) == 2
    assert ask(lake, COUNTS)[0] == (None, 0, 2, 2, 0, 0)
    assert [*check_files(lake), *check_uuids(lake, engine, FRESH), *check_rollups(lake, engine, FRESH)] == []
    engine.close()
