"""Random streams: the figures of every day agree with the slow, obvious way, wherever the rows lie."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses import daily
from eventlake.analyses.active_change import ActiveChangeQuestion, active_change
from eventlake.analyses.daily import DailyHistoryQuestion, DailyQuestion
from eventlake.periods import day_start
from eventlake.source import Source
from eventlake.tests import oracle_daily
from eventlake.tests.conftest import ask_source
from eventlake.tests.factory import Layout, Row, cleared_folder, laid_out, shared_engine
from eventlake.tests.strategies import CHANGES, NAMES, examples, filters, merges, streams
from eventlake.tests.test_against_oracle import ask_mixed, layouts

pytestmark = pytest.mark.slow  # some seconds each

FILTER = st.one_of(st.none(), st.none(), filters)
WINDOWS = (1, 2, 3)
STEPS = st.permutations(NAMES).flatmap(lambda names: st.integers(2, 4).map(lambda n: tuple(names[:n])))


@st.composite
def ranges(draw: st.DrawFn, zone: str, start: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """From a local midnight, up to five days; the last may be cut off."""
    first = start.astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=draw(st.integers(0, 2)))
    from_at = day_start(first, ZoneInfo(zone))
    return from_at, from_at + dt.timedelta(hours=draw(st.sampled_from((0, 5, 24, 48, 75, 120))))


@examples(60)
@given(st.data(), st.sampled_from(CHANGES), merges, layouts)
def test_days(
    data: st.DataObject, change: tuple[str, dt.datetime], merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    condition = data.draw(FILTER)
    bounds = data.draw(ranges(zone, start))
    question = DailyQuestion(*bounds, zone, condition)
    history = DailyHistoryQuestion(*bounds, zone, condition)
    events = data.draw(streams(start))
    with cleared_folder() as folder:
        source = laid_out(folder, events, layout, merged, zone)
        _compare(data, question, history, events, merged, source)


def _compare(
    data: st.DataObject,
    question: DailyQuestion,
    history: DailyHistoryQuestion,
    events: list[Row],
    merged: dict[int, int],
    source: Source,
) -> None:
    def ask(analysis: Any, asked: Any) -> Any:
        return ask_source(analysis, asked, source, shared_engine())

    name = data.draw(st.sampled_from((None, *NAMES[:2])))
    found = ask(lambda reader, q: daily.daily_persons(reader, q, WINDOWS, name), question)
    for window in WINDOWS:
        expected = oracle_daily.persons(question, events, merged, window, name)
        assert found[window].tolist() == expected, window

    returns = ask(lambda reader, q: daily.daily_retention(reader, q, (1, 2)), history)
    for distance, figures in returns.items():
        pairs = list(zip(figures.size.tolist(), figures.returned.tolist(), strict=True))
        assert pairs == oracle_daily.returns(history, events, merged, distance), distance

    steps, window = data.draw(STEPS), data.draw(st.integers(1, 4))
    went = ask(lambda reader, q: daily.daily_conversions(reader, q, steps, window), question)
    assert went.tolist() == oracle_daily.conversions(question, events, merged, steps, window)

    counts = ask(lambda reader, q: daily.daily_events(reader, q, NAMES[:2]), question)
    kept = oracle_daily.kept(question, events)
    for sought in NAMES[:2]:
        of_name = [e for e in kept if e["event_name"] == sought]
        expected = [sum(oracle_daily.of_day(e, question) == day for e in of_name) for day in question.days]
        assert counts.by_name[sought].events.tolist() == expected
    assert sum(found.events.sum() for found in counts.by_type.values()) == len(kept)
    revenue = sum(found.revenue.sum() for found in counts.by_type.values())
    assert revenue == pytest.approx(float(sum(e["revenue_impact"] or 0 for e in kept)))

    lengths = ask(daily.daily_sessions, question)
    by_day = oracle_daily.sessions(question, events, merged)
    for place, day in enumerate(question.days):
        count, length_s = by_day.get(day, (0, 0.0))
        assert lengths.sessions[place] == count
        assert lengths.length_s[place] == pytest.approx(length_s)


@examples(40)
@given(st.data(), st.sampled_from(CHANGES), merges, layouts)
def test_change_in_active_persons(
    data: st.DataObject, change: tuple[str, dt.datetime], merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    hours = st.sampled_from((1, 12, 24, 48))
    from_at = start + dt.timedelta(hours=data.draw(st.sampled_from((0, 12, 48))))
    question = ActiveChangeQuestion(
        from_at,
        from_at + dt.timedelta(hours=data.draw(hours)),
        from_at - dt.timedelta(hours=data.draw(hours)),
        zone,
        data.draw(FILTER),
    )
    events = data.draw(streams(start))
    answer = ask_mixed(active_change, question, events, merged, layout)
    found = (answer.before, answer.now, answer.new, answer.resurrected, answer.lost)
    assert found == oracle_daily.change(question, events, merged)
    assert answer.now - answer.before == answer.new + answer.resurrected - answer.lost
