"""The people behind a step of a funnel: who reached it, or who got no further than the step before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analytics.reports import people, queries
from analytics.reports.analyses import ask
from analytics.reports.answering import answering

Outcome = Literal["reached", "dropped"]


@dataclass(frozen=True)
class Step:
    """A step, from 1, of a funnel as `POST /query/funnel` takes it, and which of its people are meant."""

    funnel: Mapping[str, Any]
    step: int
    outcome: Outcome

    def persons(self) -> frozenset[int]:
        """Their ids. **Errors**: `BadInput`, `Unavailable`."""
        funnel: Any = queries.question_of("funnel", {**self.funnel, "breakdown": None})
        with answering():
            from eventlake.analyses.funnel import funnel_persons
            from eventlake.analyses.funnel_question import FunnelPersonsQuestion

            question = FunnelPersonsQuestion.of(funnel, self.step, has_reached=self.outcome == "reached")
        return frozenset(ask(funnel_persons, question).persons)


def list_of_step(step: Step, *, cursor: str, limit: int) -> dict[str, Any]:
    """A page of them, newest first. **Shape**: as `people.list_people`, and `total`. **Errors**: `BadInput`."""
    persons = step.persons()
    found = people.list_people(people.Wanted(cursor=cursor, limit=limit, only=persons))
    return {**found, "total": len(persons)}
