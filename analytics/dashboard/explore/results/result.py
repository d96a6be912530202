"""What a page shows of an answer, whatever the analysis: figures, a chart, tables, and the rows of its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.formats import date_format

from analytics.dashboard import wording

Number = int | float | None

#: How many colours `explore.css` has for lines; a longer chart begins anew, with dashes.
COLOURS = 8

#: What stands in a table where there is no value.
NOTHING = "–"  # noqa: RUF001 - the dash of tables


@dataclass(frozen=True)
class Chart:
    """One canvas. `data` is JSON for `explore_charts.js`; `summary` says in words what the picture shows."""

    title: str
    summary: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A value that answers the question in one glance."""

    label: str
    value: str


@dataclass(frozen=True)
class Cell:
    """One cell. `mark` is the number of the line in the chart, from 1; 0 for none."""

    text: str
    is_number: bool = True
    mark: int = 0

    @property
    def colour(self) -> int:
        """Which of the colours of the charts, from 1."""
        return (self.mark - 1) % COLOURS + 1


@dataclass(frozen=True)
class Table:
    """Rows as texts; the first cell of a row is its heading. `is_open` for the one that is seen at once.

    `has_notes`: the last column says what happened on a date.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    is_open: bool = False
    text_columns: int = 1
    has_notes: bool = False


@dataclass(frozen=True)
class Sheet:
    """The answer as rows of a file: plain numbers, instants with their offset."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | Number]]


@dataclass(frozen=True)
class Result:
    """Everything that is shown of an answer. `extra` is for the template of the analysis."""

    is_empty: bool
    sheet: Sheet
    chart: Chart | None = None
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def wall(at: datetime) -> str:
    """A wall time without its zone, for the script, which writes it in the page's language."""
    return at.replace(tzinfo=None).isoformat(timespec="minutes")


def bucket(at: datetime, interval: str) -> str:
    """The start of a bucket as text, as exact as its length needs."""
    if interval == "hour":
        return str(date_format(at.replace(tzinfo=None), "DATETIME_FORMAT"))
    return str(date_format(at.date(), "YEAR_MONTH_FORMAT" if interval == "month" else "DATE_FORMAT"))


def number(value: Number) -> str:
    """A number with as many decimals as it has, up to two; a dash for none."""
    if value is None:
        return NOTHING
    return wording.number(value, 0 if float(value).is_integer() else 2)


def percent(ratio: float | None) -> str:
    """A ratio (0 to 1) as a percentage; a dash for none."""
    return NOTHING if ratio is None else wording.percent(ratio * 100)


def cells(texts: Sequence[str]) -> list[Cell]:
    """A row whose first cell is a heading and whose others are numbers."""
    return [Cell(text, is_number=place > 0) for place, text in enumerate(texts)]
