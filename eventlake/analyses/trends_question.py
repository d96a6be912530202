"""What can be asked of trends, and the shape of the answer.

Source: API.md, "trends". `trends` works the answer out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.analyses.filters import Filter
from eventlake.analyses.formula import Number
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property
from eventlake.analyses.range_question import RangeQuestion
from eventlake.errors import QuestionError
from eventlake.periods import Interval, Span, find_zone, previous_span
from eventlake.proof import Proof

#: One letter each in a formula.
MAX_SERIES = 26

MAX_BREAKDOWN = 100

#: What API.md calls the values beyond the limit of a breakdown.
OTHER = "$other"


@dataclass(frozen=True, slots=True)
class Series:
    """What one line shows: a measure (of a property, where it needs one) of the events of a name, or of any.

    Errors: QuestionError when the measure needs a property and there is none.
    """

    measure: Measure
    event: str | None = None
    prop: Property | None = None
    filter: Filter | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if self.measure.needs_property and self.prop is None:
            raise QuestionError(f"the measure {self.measure} needs a property")


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One line for each of the `limit` values of a property with the largest totals, one for all others."""

    prop: Property
    limit: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_BREAKDOWN:
            raise QuestionError(f"a breakdown keeps 1 to {MAX_BREAKDOWN} values")


@dataclass(frozen=True, slots=True)
class TrendsQuestion(RangeQuestion):
    """A half-open range of instants in buckets of a zone. `filter` goes for every series.

    A formula replaces the series by its result. With a formula and a breakdown, the first series settles
    which values are kept for all; without a formula each series keeps its own largest.

    Errors: QuestionError for no series or more than letters.
    """

    time_zone: str
    series: tuple[Series, ...]
    interval: Interval = Interval.DAY
    filter: Filter | None = None
    breakdown: Breakdown | None = None
    compare_previous: bool = False
    formula: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.series) <= MAX_SERIES:
            raise QuestionError(f"a trend has 1 to {MAX_SERIES} series")

    @property
    def reads(self) -> Span:
        """The range whose hot rows the source must hold."""
        if not self.compare_previous:
            return self.span
        before = previous_span(self.span, find_zone(self.time_zone), self.interval)
        return Span(before.from_at, self.to_at)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a value a bucket, and the total of the range.

    `breakdown` is the property's value as text, None for events without it. `is_other` marks the line of all
    values beyond the limit; its `breakdown` is "$other", which a real value may be called as well.
    """

    label: str
    values: tuple[Number, ...]
    total: Number
    breakdown: str | None = None
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class TrendsAnswer:
    """Lines in the order of the series and, within one, of the breakdown: largest first, others last.

    `previous` has the same lines in the same order for the period before, in its own buckets; None where no
    comparison was asked for.
    """

    buckets: tuple[dt.datetime, ...]
    lines: tuple[Line, ...]
    previous_buckets: tuple[dt.datetime, ...] | None
    previous: tuple[Line, ...] | None
    proof: Proof
