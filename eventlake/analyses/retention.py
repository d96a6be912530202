"""Retention: of those who did something in a period, how many came back in the periods after it.

Source: API.md, "retention". A period is a calendar bucket of the question's zone that touches its range, and both
events lie in the range; only a first start event is looked for in all time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from eventlake.analyses.filters import Filter, filter_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import Interval, Span, day_start, find_zone
from eventlake.proof import Proof
from eventlake.relations import Events, Tracks
from eventlake.rollups.daily import HISTORY_FROM, Buckets, PersonBuckets

#: Changes whenever the meaning of a figure does.
DEFINITION = "retention/1"

MAX_PERIODS = 400

#: Buckets for which masks of persons stay few, and small enough as a matrix: a year of weeks.
_MASK_BUCKETS = 54


class RetentionKind(StrEnum):
    """Who belongs to a cohort: whose first start event ever lies in it, or everybody with one in it."""

    FIRST_TIME = "first_time"
    RECURRING = "recurring"


@dataclass(frozen=True, slots=True)
class RetentionQuestion(RangeQuestion):
    """Members start with `start_event` and return with `return_event`; None is any event.

    `filter` goes for both. `periods`: how many periods, the cohort's own included, are followed.

    Errors: QuestionError for hours, or periods out of bounds.
    """

    time_zone: str
    start_event: str | None = None
    return_event: str | None = None
    interval: Interval = Interval.DAY
    periods: int = 8
    kind: RetentionKind = RetentionKind.FIRST_TIME
    filter: Filter | None = None

    def __post_init__(self) -> None:
        if self.interval is Interval.HOUR:
            raise QuestionError("retention is by day, week or month")
        if not 1 <= self.periods <= MAX_PERIODS:
            raise QuestionError(f"retention follows 1 to {MAX_PERIODS} periods")

    @property
    def reads(self) -> Span:
        """The range whose hot rows the source must hold."""
        if self.kind is RetentionKind.RECURRING:
            return self.span
        return Span(day_start(HISTORY_FROM, find_zone(self.time_zone)), self.to_at)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who started in one period.

    `returned[k]`: how many of them have a return event in the k-th period after it; for k = 0 in the same one, at
    or after their start event. None for a period that lies wholly after the range.
    """

    start: dt.datetime
    size: int
    returned: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class RetentionAnswer:
    """One cohort a period of the range, ascending; also those without members."""

    cohorts: tuple[Cohort, ...]
    proof: Proof


def retention(reader: Reader, question: RetentionQuestion) -> RetentionAnswer:
    """Every cohort. Errors: QuestionError for a range, zone or filter that cannot be asked."""
    run = reader.run(DEFINITION)
    buckets = Buckets.of(question.span, question.interval, find_zone(question.time_zone))
    sizes, later = _later_periods(run, question, buckets)
    same = _same_period(run, question, buckets)
    if same is None:
        same = sizes
    count = len(buckets.starts)
    cohorts = tuple(
        Cohort(
            start,
            sizes.get(number, 0),
            tuple(
                (later.get((number, k), 0) if k else same.get(number, 0)) if number + k < count else None
                for k in range(question.periods)
            ),
        )
        for number, start in enumerate(buckets.starts)
    )
    return RetentionAnswer(cohorts, run.proof())


def _later_periods(
    run: Run, question: RetentionQuestion, buckets: Buckets
) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """Sizes of the cohorts, and members by cohort and period after it."""
    if len(buckets.starts) <= _MASK_BUCKETS:
        return _by_masks(run, question, buckets)
    parameters = Parameters()
    parameters.name("last_period", question.periods - 1)
    # A bucket that is a day has one row a person as it is; history, of many days, only says that there was a row.
    relations = {"starts": replace(_starts(question, buckets), may_repeat=buckets.interval is Interval.DAY)}
    returns = statement("retention_starts")
    if question.return_event != question.start_event:
        returns = "{{returns}}"
        relations["returns"] = PersonBuckets(buckets, question.return_event, question.filter)
    sql = statement("retention", members=_members_sql(question), returns=returns)
    sizes: dict[int, int] = {}
    later: dict[tuple[int, int], int] = {}
    for cohort, period, persons in run.rows(sql, parameters, **relations):
        if period is None:
            sizes[cohort] = persons
        else:
            later[cohort, period] = persons
    return sizes, later


def _by_masks(
    run: Run, question: RetentionQuestion, buckets: Buckets
) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """The same where the buckets fit into the bits of a number, which needs one pass over the persons."""
    relations = {"starts": replace(_starts(question, buckets), may_repeat=True)}
    persons, returned = "retention_masks_one", ""
    if question.return_event != question.start_event:
        persons, returned = "retention_masks_two", ",\nreturned as not materialized ({{returns}})"
        relations["returns"] = PersonBuckets(buckets, question.return_event, question.filter, may_repeat=True)
    sql = statement("retention_masks", persons=statement(persons), returned=returned)
    found = run.columns(sql, Parameters(), **relations)
    starts, returns, persons = (found.column(name).to_numpy() for name in ("starts", "returns", "persons"))
    if question.kind is RetentionKind.FIRST_TIME:
        starts = starts & -starts
    # Bit 0 is history: whoever started there first has their first time before the range.
    count = len(buckets.starts)
    started, came_back = (_bits(masks, count) for masks in (starts, returns))
    pairs = (started * persons[:, None]).T @ came_back
    sizes = {number: int(size) for number, size in enumerate(persons @ started)}
    later = {
        (cohort, after - cohort): int(pairs[cohort, after])
        for cohort in range(count)
        for after in range(cohort + 1, count)
    }
    return sizes, later


def _bits(masks: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float64]:
    """One row a mask, one column a bucket: 1.0 where the bit is set. Doubles count exactly, and multiply fast."""
    return ((masks[:, None] >> np.arange(1, count + 1)) & 1).astype(np.float64)


def _same_period(run: Run, question: RetentionQuestion, buckets: Buckets) -> dict[int, int] | None:
    """Members who returned in their cohort's own period; None where that is everybody.

    A start event is itself a return event if both are the same or any event returns.
    """
    if question.return_event in (None, question.start_event):
        return None
    parameters = Parameters()
    relations: dict[str, PersonBuckets | Tracks | Events] = {"starts": _starts(question, buckets)}
    if question.start_event is None:  # the return event is one of those that start
        sql = statement("retention_any_start", members=_members_sql(question))
        relations["returns"] = PersonBuckets(buckets, question.return_event, question.filter)
    else:
        sql = statement(
            "retention_same_period",
            members=_members_sql(question),
            bucket=buckets.of_event(parameters),
            start_event=parameters.bind(question.start_event),
            return_event=parameters.bind(question.return_event),
            filter=filter_sql(question.filter, parameters),
        )
        relations["starts"] = replace(_starts(question, buckets), may_repeat=True)
        relations["tracks"] = Tracks(buckets.span) if question.filter is None else Events(buckets.span)
    return dict(run.rows(sql, parameters, **relations))


def _starts(question: RetentionQuestion, buckets: Buckets) -> PersonBuckets:
    if question.kind is RetentionKind.FIRST_TIME:
        buckets = buckets.with_history()
    return PersonBuckets(buckets, question.start_event, question.filter)


def _members_sql(question: RetentionQuestion) -> str:
    first_time = question.kind is RetentionKind.FIRST_TIME
    return statement("retention_first_time" if first_time else "retention_recurring")
