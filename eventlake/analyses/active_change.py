"""Who made the difference between two ranges that follow each other: who came, who came back, who stayed away.

Everybody who is there in the later range was there in the earlier one, or came back from before it, or is new; so
the change from one to the other is new + resurrected - lost, exactly.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.analyses.filters import Filter
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import Interval, Span, day_start, find_zone
from eventlake.proof import Proof
from eventlake.rollups.daily import HISTORY_FROM, Buckets, PersonBuckets

#: Changes whenever the meaning of a figure does.
DEFINITION = "active_change/1"


@dataclass(frozen=True, slots=True)
class ActiveChangeQuestion(RangeQuestion):
    """The range from `from_at` to `to_at`, compared with the one from `before_at` to `from_at`."""

    before_at: dt.datetime
    time_zone: str
    filter: Filter | None = None

    def __post_init__(self) -> None:
        if not self.before_at < self.from_at < self.to_at:
            raise QuestionError("both ranges need a length, the one before too")

    @property
    def reads(self) -> Span:
        """All time up to the end."""
        return Span(day_start(HISTORY_FROM, find_zone(self.time_zone)), self.to_at)


@dataclass(frozen=True, slots=True)
class ActiveChangeAnswer:
    """Persons; `now` = `before` + `new` + `resurrected` - `lost`, and `stayed` = `before` - `lost`."""

    before: int
    now: int
    new: int
    resurrected: int
    lost: int
    proof: Proof


def active_change(reader: Reader, question: ActiveChangeQuestion) -> ActiveChangeAnswer:
    """The change in active persons and its parts."""
    run = reader.run(DEFINITION)
    zone = find_zone(question.time_zone)
    buckets = Buckets(
        Span(day_start(HISTORY_FROM, zone), question.to_at),
        (day_start(HISTORY_FROM, zone), question.before_at, question.from_at),
        Interval.DAY,
        zone,
        is_calendar=False,
    )
    present = PersonBuckets(buckets, None, question.filter)
    before, now, new, stayed = run.rows(statement("active_change"), Parameters(), present=present)[0]
    return ActiveChangeAnswer(before, now, new, now - new - stayed, before - stayed, run.proof())
