"""Series over time: for the script that draws them, and as rows of the table beside the chart.

The script gets wall times without a zone and writes them in the page's language; the zone is the deployment's
in the chart, the table and the range alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.dashboard import wording

if TYPE_CHECKING:
    from eventlake.analyses.overview import OverviewAnswer

_BY = {
    "hour": gettext_lazy("by hour"),
    "day": gettext_lazy("by day"),
    "week": gettext_lazy("by week"),
    "month": gettext_lazy("by month"),
}


@dataclass(frozen=True)
class Chart:
    """One canvas. `data` is JSON for `charts.js`; `summary` says in words what the picture shows."""

    key: str
    title: str
    summary: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A bucket as text, and its values now and in the same place of the range before."""

    bucket: str
    events: str
    persons: str
    events_before: str
    persons_before: str


def charts_of(answer: OverviewAnswer, *, is_unfinished: bool) -> list[Chart]:
    """Events and people over the buckets of the range, each with the range before."""
    return [
        _chart("events", _("Events"), answer, (answer.events, answer.previous_events), is_unfinished),
        _chart("people", _("People"), answer, (answer.persons, answer.previous_persons), is_unfinished),
    ]


def rows_of(answer: OverviewAnswer) -> list[Row]:
    """The same as a table, one row a bucket."""
    columns = (answer.buckets, answer.events, answer.persons, answer.previous_events, answer.previous_persons)
    return [
        Row(_bucket(at, answer.interval), *(_cell(value) for value in values))
        for at, *values in zip_longest(*columns)
        if at is not None
    ]


def _chart(
    key: str,
    title: str,
    answer: OverviewAnswer,
    values: tuple[Sequence[int], Sequence[int]],
    is_unfinished: bool,
) -> Chart:
    now, before = values
    names = {"title": title, "by": _BY[answer.interval]}
    data = {
        "interval": str(answer.interval),
        "buckets": [_wall(at) for at in answer.buckets],
        "values": list(now),
        "before_buckets": [_wall(at) for at in answer.previous_buckets],
        "before": list(before) if any(before) else [],
        "is_unfinished": is_unfinished,
        "label": title,
        "before_label": _("the period before"),
    }
    return Chart(key, _("%(title)s %(by)s") % names, _summary(answer, now, before), data)


def _summary(answer: OverviewAnswer, now: Sequence[int], before: Sequence[int]) -> str:
    highest = max(now, default=0)
    text = _("Highest: %(value)s, %(bucket)s.") % {
        "value": wording.number(highest),
        "bucket": _bucket(answer.buckets[now.index(highest)], answer.interval) if now else "",
    }
    if any(before):
        text += " " + _("Highest in the period before: %(value)s.") % {"value": wording.number(max(before))}
    return text + " " + _("All values are in the table below.")


def _wall(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="minutes")


def _bucket(at: datetime, interval: str) -> str:
    """The start of a bucket as text, as exact as its length needs."""
    if interval == "hour":
        return date_format(at.replace(tzinfo=None), "DATETIME_FORMAT")
    return date_format(at.date(), "YEAR_MONTH_FORMAT" if interval == "month" else "DATE_FORMAT")


def _cell(value: int | None) -> str:
    return "" if value is None else wording.number(value)
