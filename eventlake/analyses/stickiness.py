"""Stickiness: on how many days of a week or month people were there.

Source: API.md, "stickiness". Each calendar week or month that the range touches is a period of its own, and a person
counts once in each: with one period the figures are persons, with several they are persons summed over periods.
"""

from __future__ import annotations

from dataclasses import dataclass

from eventlake.analyses.filters import Filter
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import Interval, bucket_starts, find_zone
from eventlake.proof import Proof
from eventlake.rollups.daily import Buckets, PersonBuckets

#: Changes whenever the meaning of a figure does.
DEFINITION = "stickiness/1"

_LONGEST_DAYS = {Interval.WEEK: 7, Interval.MONTH: 31}


@dataclass(frozen=True, slots=True)
class StickinessQuestion(RangeQuestion):
    """Days with an event of this name (None: any) that the filter keeps, within weeks or months.

    Errors: QuestionError when `within` is neither.
    """

    time_zone: str
    event: str | None = None
    within: Interval = Interval.WEEK
    filter: Filter | None = None

    def __post_init__(self) -> None:
        if self.within not in _LONGEST_DAYS:
            raise QuestionError("stickiness is within a week or a month")


@dataclass(frozen=True, slots=True)
class StickinessAnswer:
    """`persons[i]` were there on `counts[i]` days of a period; counts run from 1 to 7, or to 31."""

    counts: tuple[int, ...]
    persons: tuple[int, ...]
    proof: Proof


def stickiness(reader: Reader, question: StickinessQuestion) -> StickinessAnswer:
    """How many persons for each number of days. Errors: QuestionError for a range, zone or filter."""
    run = reader.run(DEFINITION)
    zone = find_zone(question.time_zone)
    days = Buckets.of(question.span, Interval.DAY, zone)
    periods = bucket_starts(question.span, question.within, zone)
    parameters = Parameters()
    # The number of the last period that starts on or before each day.
    numbers = [sum(start <= day for start in periods) for day in days.starts]
    parameters.name("periods", numbers)
    sql = statement("stickiness")
    rows = run.rows(sql, parameters, present=PersonBuckets(days, question.event, question.filter))
    found: dict[int, int] = dict(rows)
    counts = tuple(range(1, _LONGEST_DAYS[question.within] + 1))
    return StickinessAnswer(counts, tuple(found.get(count, 0) for count in counts), run.proof())
