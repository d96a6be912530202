"""Lifecycle: the persons of each bucket as new, returning or resurrecting, and those who stayed away as dormant.

Source: API.md, "lifecycle". New: the first event ever of the person, of whatever name, lies in the bucket.
Returning: also there in the bucket before. Resurrecting: there earlier, but not in the bucket before. Dormant:
there in the bucket before, and not in this one. The bucket before the first one is the calendar's, up to the
start of the range.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.analyses.filters import Filter
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.parameters import Parameters
from eventlake.periods import Interval, Span, day_start, find_zone
from eventlake.proof import Proof
from eventlake.relations import Relation
from eventlake.rollups.daily import HISTORY_FROM, Buckets, PersonBuckets

#: Changes whenever the meaning of a figure does.
DEFINITION = "lifecycle/1"


@dataclass(frozen=True, slots=True)
class LifecycleQuestion(RangeQuestion):
    """A half-open range in buckets of a zone. Being there: an event of this name (None: any) that the filter keeps."""

    time_zone: str
    event: str | None = None
    interval: Interval = Interval.DAY
    filter: Filter | None = None

    @property
    def reads(self) -> Span:
        """The range whose hot rows the source must hold."""
        return Span(day_start(HISTORY_FROM, find_zone(self.time_zone)), self.to_at)


@dataclass(frozen=True, slots=True)
class LifecycleAnswer:
    """Persons a bucket; `dormant` is negative or 0, for a chart that hangs it below the others."""

    buckets: tuple[dt.datetime, ...]
    new: tuple[int, ...]
    returning: tuple[int, ...]
    resurrecting: tuple[int, ...]
    dormant: tuple[int, ...]
    proof: Proof


def lifecycle(reader: Reader, question: LifecycleQuestion) -> LifecycleAnswer:
    """Every bucket of the range. Errors: QuestionError for a range, zone or filter that cannot be asked."""
    run = reader.run(DEFINITION)
    zone = find_zone(question.time_zone)
    buckets = Buckets.of(question.span, question.interval, zone)
    if not buckets.starts:
        return LifecycleAnswer((), (), (), (), (), run.proof())
    ever = buckets.with_one_before().with_history()
    relations: dict[str, Relation] = {"present": PersonBuckets(ever, question.event, question.filter)}
    firsts = statement("lifecycle_firsts_of_present")
    if question.event is not None or question.filter is not None:
        relations["present"] = PersonBuckets(buckets.with_one_before(), question.event, question.filter)
        relations["seen"] = PersonBuckets(ever)
        firsts = statement("lifecycle_firsts")
    present: dict[int, int] = {}
    new: dict[int, int] = {}
    stayed: dict[int, int] = {}
    sql = statement("lifecycle", firsts=firsts)
    for bucket, *figures in run.rows(sql, Parameters(), **relations):
        for found, figure in zip((present, new, stayed), figures, strict=True):
            if figure is not None:
                found[bucket] = figure
    numbers = range(len(buckets.starts))
    return LifecycleAnswer(
        buckets=buckets.starts,
        new=tuple(new.get(n, 0) for n in numbers),
        returning=tuple(stayed.get(n, 0) for n in numbers),
        resurrecting=tuple(present.get(n, 0) - new.get(n, 0) - stayed.get(n, 0) for n in numbers),
        dormant=tuple(stayed.get(n, 0) - present.get(n - 1, 0) for n in numbers),
        proof=run.proof(),
    )
