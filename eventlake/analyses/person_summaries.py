"""When persons were first and last there, for a page of persons at once.

Source: API.md, `GET /persons`. Who the persons are is the database's business.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.proof import Proof
from eventlake.rollups.persons import NodeTracks, nodes_of

#: Changes whenever the meaning of a figure does.
DEFINITION = "person_summaries/1"

MAX_PERSONS = 1_000


@dataclass(frozen=True, slots=True)
class PersonSummariesQuestion(RangeQuestion):
    """Persons, by the id of what each is now, and the half-open range in which their events count.

    Errors: QuestionError for more than MAX_PERSONS.
    """

    persons: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.persons) > MAX_PERSONS:
            raise QuestionError(f"at most {MAX_PERSONS} persons at once")


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """First and last event of a person in the range, and the number of all."""

    first_seen: dt.datetime
    last_seen: dt.datetime
    events: int


@dataclass(frozen=True, slots=True)
class PersonSummariesAnswer:
    """Summaries by person; who has no event in the range has none."""

    persons: dict[int, PersonSummary]
    proof: Proof


def person_summaries(reader: Reader, question: PersonSummariesQuestion) -> PersonSummariesAnswer:
    """All of them in one pass. Errors: QuestionError for a range that cannot be asked."""
    run = reader.run(DEFINITION)
    nodes = nodes_of(run.source, question.persons)
    run.give("person_nodes", nodes)
    tracks = NodeTracks(question.span, tuple(nodes.column("person_id").to_pylist()))
    rows = run.columns(statement("person_summaries"), Parameters(), tracks=tracks).to_pylist()
    persons = {row.pop("person_id"): PersonSummary(**row) for row in rows}
    return PersonSummariesAnswer(persons, run.proof())
