"""Random streams: the analyses agree with the slow, obvious way, wherever the rows lie."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses.overview import OverviewQuestion, overview
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import TrendsQuestion
from eventlake.periods import Interval, previous_span
from eventlake.tests import oracle
from eventlake.tests.conftest import ask_source
from eventlake.tests.factory import LAYOUTS, Layout, Row, cleared_folder, laid_out, shared_engine
from eventlake.tests.strategies import CHANGES, examples, merges, streams, trends_cases

pytestmark = pytest.mark.slow  # some seconds each

layouts = st.sampled_from(LAYOUTS)


def ask_mixed(analysis: Any, question: Any, events: list[Row], merged: dict[int, int], layout: Layout) -> Any:
    """The answer on events that lie as the layout says."""
    with cleared_folder() as folder:
        zone = getattr(question, "time_zone", "UTC")
        source = laid_out(folder, events, layout, merged, zone)
        return ask_source(analysis, question, source, shared_engine())


def is_close(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


@examples(50)
@given(trends_cases(), merges, layouts)
def test_trends(case: tuple[TrendsQuestion, list[Row]], merged: dict[int, int], layout: Layout) -> None:
    question, events = case
    answer = ask_mixed(trends, question, events, merged, layout)
    expected = oracle.trend_lines(question, question.series[0], events, merged)
    assert [(line.breakdown, line.is_other) for line in answer.lines] == [row[:2] for row in expected]
    for line, (_, _, values, total) in zip(answer.lines, expected, strict=True):
        assert len(line.values) == len(values) == len(answer.buckets)
        assert all(map(is_close, line.values, values)), (line.values, values)
        assert is_close(line.total, total)


@examples(50)
@given(
    st.sampled_from(CHANGES),
    st.sampled_from(Interval),
    st.sampled_from((0, 7, 15, 30, 60, 720, 1440, 5000)),
    st.sampled_from((1, 30, 60, 1440, 10_000, 60_000)),
)
def test_buckets_are_the_local_hours_days_weeks_and_months(
    change: tuple[str, dt.datetime], interval: Interval, offset_min: int, length_min: int
) -> None:
    from eventlake.periods import Span, bucket_starts

    zone = ZoneInfo(change[0])
    from_at = change[1] + dt.timedelta(minutes=offset_min)
    to_at = from_at + dt.timedelta(minutes=length_min)
    starts = bucket_starts(Span(from_at, to_at), interval, zone)
    assert [oracle.bucket_key(start, interval, zone) for start in starts] == oracle.bucket_keys(
        from_at, to_at, interval, zone
    )
    for start in starts:
        just_before = start.astimezone(dt.UTC) - dt.timedelta(microseconds=1)
        assert oracle.bucket_key(just_before, interval, zone) != oracle.bucket_key(start, interval, zone)


@examples(25)
@given(st.sampled_from(CHANGES), st.data(), merges, layouts)
def test_overview(
    change: tuple[str, dt.datetime], data: st.DataObject, merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    events = data.draw(streams(start))
    from_at = start + dt.timedelta(minutes=data.draw(st.sampled_from((0, 1440, 2000))))
    to_at = from_at + dt.timedelta(minutes=data.draw(st.sampled_from((0, 1440, 2000))))
    question = OverviewQuestion(from_at, to_at, zone, now=to_at + dt.timedelta(hours=5), top=2)
    answer = ask_mixed(overview, question, events, merged, layout)

    here = oracle.within(events, from_at, to_at)
    before = previous_span(question.span, ZoneInfo(zone))
    for found, chosen in (
        (answer.totals, here),
        (answer.previous, oracle.within(events, before.from_at, before.to_at)),
    ):
        for name, value in oracle.totals(chosen, merged).items():
            assert is_close(getattr(found, name), value), name
    days = oracle.bucket_keys(from_at, to_at, Interval.DAY, ZoneInfo(zone))
    assert [start.date() for start in answer.buckets] == days
    for number, day in enumerate(days):
        of_day = [e for e in here if e["timestamp"].astimezone(ZoneInfo(zone)).date() == day]
        assert answer.events[number] == len(of_day)
        assert answer.persons[number] == oracle.totals(of_day, merged)["persons"]
    today = [
        e
        for e in events
        if e["timestamp"] < question.now
        and e["timestamp"].astimezone(ZoneInfo(zone)).date() == question.now.astimezone(ZoneInfo(zone)).date()
    ]
    assert answer.active_persons_today == oracle.totals(today, merged)["persons"]
    assert [(e.name, e.count, e.persons) for e in answer.top_events] == oracle.top(
        here, "event_name", merged, 2
    )
    views = [e for e in here if e["event_type"] == "page_view" and e["page_path"]]
    assert [(p.path, p.views, p.persons) for p in answer.top_pages] == oracle.top(
        views, "page_path", merged, 2
    )
