"""The overview: 45 days and the 45 before, so that it reads the same 90 days as every other question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import chain

from bench.lake.data import DAYS, END, START
from bench.lake.questions.trends import day_of
from bench.lake.shapes import Ours, Question, Row, Sql
from eventlake.analyses.overview import OverviewAnswer, OverviewQuestion, OverviewTotals, overview

_MIDDLE = START + dt.timedelta(days=DAYS // 2)
_NOW = END - dt.timedelta(hours=6)
_TODAY = END - dt.timedelta(days=1)
_ONE_DAY = dt.timedelta(days=1)

_SLOTS = {
    "middle": f"{_MIDDLE:%Y-%m-%d}",
    "now": f"{_NOW:%Y-%m-%d %H:%M:%S}",
    "today": f"{_TODAY:%Y-%m-%d}",
    "yesterday": f"{_TODAY - _ONE_DAY:%Y-%m-%d}",
    "same_time": f"{_NOW - _ONE_DAY:%Y-%m-%d %H:%M:%S}",
}
_PARTS = ("days", "totals", "sessions", "active", "names", "pages")
_STATEMENTS = tuple(Sql(f"overview_{part}", _SLOTS) for part in _PARTS)


def _rows(answer: OverviewAnswer) -> list[Iterable[Row]]:
    buckets = chain(answer.previous_buckets, answer.buckets)
    events = chain(answer.previous_events, answer.events)
    persons = chain(answer.previous_persons, answer.persons)
    both = (("now", answer.totals), ("before", answer.previous))
    return [
        zip(map(day_of, buckets), events, persons, strict=True),
        [_totals(name, totals) for name, totals in both],
        [(name, totals.sessions, totals.avg_session_s, totals.bounce_ratio) for name, totals in both],
        [("active", answer.active_persons_today, answer.active_persons_yesterday)],
        [(event.name, event.count, event.persons) for event in answer.top_events],
        [(page.path, page.views, page.persons) for page in answer.top_pages],
    ]


def _totals(name: str, totals: OverviewTotals) -> Row:
    return (name, totals.events, totals.persons, totals.revenue, totals.conversion_percent)


_QUESTION = OverviewQuestion(_MIDDLE, END, "UTC", now=_NOW)

OVERVIEW = (
    Question(
        "overview",
        "Overview of 45 days and the 45 before",
        Ours(overview, lambda person: _QUESTION, _rows),
        _STATEMENTS,
        _STATEMENTS,
    ),
)
