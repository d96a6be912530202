"""Random streams: retention, lifecycle, stickiness and sessions agree with the slow, obvious way."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses.lifecycle import LifecycleQuestion, lifecycle
from eventlake.analyses.retention import RetentionKind, RetentionQuestion, retention
from eventlake.analyses.sessions import SessionsQuestion, sessions
from eventlake.analyses.stickiness import StickinessQuestion, stickiness
from eventlake.periods import Interval, day_start
from eventlake.tests import oracle, oracle_periods
from eventlake.tests.factory import Layout
from eventlake.tests.strategies import CHANGES, NAMES, examples, filters, merges, streams
from eventlake.tests.test_against_oracle import ask_mixed, is_close, layouts

pytestmark = pytest.mark.slow  # some seconds each

INTERVALS = st.sampled_from((Interval.DAY, Interval.DAY, Interval.WEEK, Interval.MONTH))
EVENT = st.sampled_from((None, *NAMES[:2]))
FILTER = st.one_of(st.none(), st.none(), filters)


@st.composite
def ranges(draw: st.DrawFn, zone: str, start: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Whole local days, or from somewhere in a day to somewhere in another; up to four days."""
    if draw(st.booleans()):
        first = start.astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=draw(st.integers(0, 2)))
        last = first + dt.timedelta(days=draw(st.integers(0, 4)))
        return day_start(first, ZoneInfo(zone)), day_start(last, ZoneInfo(zone))
    from_at = start + dt.timedelta(minutes=draw(st.sampled_from((0, 60, 720, 1440, 1500))))
    return from_at, from_at + dt.timedelta(minutes=draw(st.sampled_from((0, 30, 1440, 2000, 4 * 1440))))


@examples(60)
@given(st.data(), st.sampled_from(CHANGES), merges, layouts)
def test_retention(
    data: st.DataObject, change: tuple[str, dt.datetime], merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    question = RetentionQuestion(
        *data.draw(ranges(zone, start)),
        zone,
        data.draw(EVENT),
        data.draw(EVENT),
        interval=data.draw(INTERVALS),
        periods=data.draw(st.integers(1, 5)),
        kind=data.draw(st.sampled_from(RetentionKind)),
        filter=data.draw(FILTER),
    )
    events = data.draw(streams(start))
    answer = ask_mixed(retention, question, events, merged, layout)
    found = [(cohort.size, list(cohort.returned)) for cohort in answer.cohorts]
    assert found == oracle_periods.cohorts(question, events, merged)


@examples(60)
@given(st.data(), st.sampled_from(CHANGES), merges, layouts)
def test_lifecycle(
    data: st.DataObject, change: tuple[str, dt.datetime], merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    question = LifecycleQuestion(
        *data.draw(ranges(zone, start)),
        zone,
        data.draw(EVENT),
        interval=data.draw(st.sampled_from((Interval.HOUR, Interval.DAY, Interval.DAY, Interval.WEEK))),
        filter=data.draw(FILTER),
    )
    events = data.draw(streams(start))
    answer = ask_mixed(lifecycle, question, events, merged, layout)
    found = zip(answer.new, answer.returning, answer.resurrecting, answer.dormant, strict=True)
    assert list(found) == oracle_periods.stages(question, events, merged)


@examples(40)
@given(st.data(), st.sampled_from(CHANGES), merges, layouts)
def test_stickiness(
    data: st.DataObject, change: tuple[str, dt.datetime], merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    question = StickinessQuestion(
        *data.draw(ranges(zone, start)),
        zone,
        data.draw(EVENT),
        within=data.draw(st.sampled_from((Interval.WEEK, Interval.MONTH))),
        filter=data.draw(FILTER),
    )
    events = data.draw(streams(start))
    answer = ask_mixed(stickiness, question, events, merged, layout)
    expected = oracle_periods.sticky(question, events, merged)
    assert answer.counts == tuple(range(1, len(answer.counts) + 1))
    assert list(answer.persons) == [expected[count] for count in answer.counts]


@examples(60)
@given(st.data(), st.sampled_from(CHANGES), merges, layouts)
def test_sessions(
    data: st.DataObject, change: tuple[str, dt.datetime], merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    question = SessionsQuestion(*data.draw(ranges(zone, start)), zone, data.draw(FILTER))
    events = data.draw(streams(start))
    figures = ask_mixed(sessions, question, events, merged, layout).figures
    here = oracle.within(events, question.from_at, question.to_at)
    kept = [e for e in here if oracle.matches(e, question.filter)]
    for name, value in oracle_periods.session_figures(here, kept, merged).items():
        assert is_close(getattr(figures, name), value), name
