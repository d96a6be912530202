"""Persons who did something so many times in a range: the members of a behavioural cohort.

Source: DESIGN's cohorts. Who did it not at all is `Not(InCohort(...))` of those who did.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from eventlake.analyses.filters import Filter
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import find_zone
from eventlake.proof import Proof
from eventlake.rollups.daily import Buckets, PersonBuckets
from eventlake.source import MEMBERS_SCHEMA

#: Changes whenever the meaning of an answer does.
DEFINITION = "cohort/1"

MAX_TIMES = 2**31


@dataclass(frozen=True, slots=True)
class CohortQuestion(RangeQuestion):
    """Persons with `at_least` to `at_most` events of a name (any, if None) that match, in a half-open range.

    Errors: QuestionError for numbers below 1 or in the wrong order.
    """

    event: str | None = None
    filter: Filter | None = None
    at_least: int = 1
    at_most: int = MAX_TIMES

    def __post_init__(self) -> None:
        if not 1 <= self.at_least <= self.at_most <= MAX_TIMES:
            raise QuestionError("at_least is 1 or more, and at_most is no less")


@dataclass(frozen=True, slots=True)
class CohortAnswer:
    """Column member_id: the persons, ascending."""

    members: pa.Table
    proof: Proof


def cohort(reader: Reader, question: CohortQuestion) -> CohortAnswer:
    """The members. Errors: QuestionError for a filter that cannot be asked."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    parameters.name("at_least", question.at_least)
    parameters.name("at_most", question.at_most)
    whole = Buckets.whole(
        question.span, find_zone(run.source.snapshot.zone)
    )  # the zone in which rollups count days
    present = PersonBuckets(whole, question.event, question.filter, may_repeat=True)
    members = run.columns(statement("cohort"), parameters, present=present)
    return CohortAnswer(members.cast(MEMBERS_SCHEMA).sort_by("member_id"), run.proof())
