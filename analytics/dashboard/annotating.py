"""Notes on dates for a chart over time: which bucket each belongs to, its number in the picture, and its words.

A page puts them into the chart's data with `add_notes`, and shows them with `boards/notes.html`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from analytics.dashboard import wording
from analytics.dashboard.explore.results.result import Cell, Result, Table
from analytics.models import Annotation
from analytics.reports.annotations import list_annotations
from analytics.reports.saved import name_of

#: The longest that a bucket's last day can lie behind its start.
_LENGTH_DAYS = {"hour": 1, "day": 1, "week": 7, "month": 31}


@dataclass(frozen=True)
class Note:
    """A note in a chart. `place` is the bucket, from 0; `mark` the number that the picture shows."""

    mark: int
    place: int
    day: str
    text: str
    who: str


def add_notes(data: dict[str, Any]) -> list[Note]:
    """The notes of a chart's days, also put into its `data`, which has wall times as `buckets` and an `interval`.

    **Shape**: by day. A chart that is none over time has none.
    """
    interval, buckets = data.get("interval"), data.get("buckets")
    if not buckets or interval not in _LENGTH_DAYS:
        return []
    starts = [datetime.fromisoformat(text).date() for text in buckets]
    last = _last_day(starts[-1], interval)
    rows = list_annotations(starts[0], last)
    notes = [_note(mark, row, _place(starts, row.happened_on)) for mark, row in enumerate(rows, 1)]
    data["notes"] = [
        {"mark": note.mark, "place": note.place, "text": f"{note.day}: {note.text}"} for note in notes
    ]
    return notes


def annotated(result: Result) -> tuple[Result, list[Note]]:
    """A result with the notes of its days, which stand in its table by bucket as well."""
    notes = add_notes(result.chart.data) if result.chart is not None else []
    if not notes or result.chart is None:
        return result, []
    *others, by_bucket = result.tables  # what has a row a bucket is last
    return replace(result, tables=[*others, _with_column(by_bucket, notes)]), notes


def _note(mark: int, row: Annotation, place: int) -> Note:
    return Note(mark, place, wording.day(row.happened_on), row.text, name_of(row.author))


def _place(starts: Sequence[date], day: date) -> int:
    """The bucket of a day; of its hours the first."""
    place = max(bisect_right(starts, day) - 1, 0)
    return starts.index(starts[place])


def _last_day(start: date, interval: str) -> date:
    if interval == "month":
        return (start.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return start + timedelta(days=_LENGTH_DAYS[interval] - 1)


def _with_column(table: Table, notes: Sequence[Note]) -> Table:
    by_place: dict[int, list[str]] = {}
    for note in notes:
        by_place.setdefault(note.place, []).append(f"{note.mark}. {note.text}")
    rows = [
        [*row, Cell("; ".join(by_place.get(place, [])), is_number=False)]
        for place, row in enumerate(table.rows)
    ]
    return replace(table, columns=[*table.columns, _("Notes")], rows=rows, has_notes=True)
