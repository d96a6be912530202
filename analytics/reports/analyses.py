"""Asking the lake: every report's way to an analysis, fresh to the last commit.

An answer that was worked out before is given again if nothing that it depends on has changed since: the key is taken
from the database and the lake at every question (see `analytics.reports.caching`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection

from analytics import clock
from analytics.reports import cancellation, cohorts
from analytics.reports.answering import answering
from analytics.reports.caching import answers
from analytics.store import lake

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlake.analyses.range_question import RangeQuestion
    from eventlake.engine import Reader


Asked = TypeVar("Asked", bound="RangeQuestion")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class _People:
    """What a question asks of persons, found."""

    needs: cohorts.Needs
    members: dict[int, pa.Table]


def ask(analysis: Callable[[Reader, Asked], Answer], question: Asked) -> Answer:
    """The answer of an analysis.

    **Errors**: `BadInput` for a question that cannot be asked, `Unavailable` for one without an answer now.
    """
    return ask_within(analysis, question, ())


def ask_within(analysis: Callable[[Reader, Asked], Answer], question: Asked, path: tuple[int, ...]) -> Answer:
    """The same for the cohorts of a path, which must not be met again. Errors: as `ask`."""
    with answering():
        needs = cohorts.needs_of(question)
        people = _People(needs, cohorts.members(needs.cohorts, path))
        key = _key(analysis, question, people)
        known: Answer | None = answers.get(key) if key is not None else None
        if known is not None:
            return _as_of_now(known)
        answer = _work_out(analysis, question, people)
        if key is not None:
            answers.put(key, answer)
        return answer


def _work_out(analysis: Callable[[Reader, Asked], Answer], question: Asked, people: _People) -> Answer:
    reads = question.reads
    source = lake.source(reads.from_at, reads.to_at)
    if people.needs.properties:
        source = replace(source, persons=lake.persons_with(people.needs.properties))
    source = replace(source, cohorts=people.members)
    with lake.engine().read(source, is_cancelled=cancellation.current()) as reader:
        return analysis(reader, question)


def _key(analysis: Callable[..., Any], question: RangeQuestion, people: _People) -> Hashable:
    """All that the answer depends on; None where it must not be kept.

    Inside a transaction rows are seen that may never be committed, and persons' properties have no fingerprint. It is
    taken before the rows are read: what is committed in between is in the answer already, which does no harm.
    """
    if connection.in_atomic_block or people.needs.properties:
        return None
    name = f"{analysis.__module__}.{analysis.__qualname__}"
    return name, repr(question), lake.state(), cohorts.fingerprint(people.members)


def _as_of_now(answer: Answer) -> Answer:
    """The same answer, which is as fresh now as it was then."""
    found: Any = answer
    refreshed: Answer = replace(found, proof=replace(found.proof, fresh_to=clock.now()))
    return refreshed
