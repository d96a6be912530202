"""When persons were first and last there, for a page of persons at once.

Source: API.md, `GET /persons`. Who the persons are is the database's business.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.proof import Proof
from eventlake.rollups.persons import NodeTracks, nodes_of

#: Changes whenever the meaning of a figure does.
DEFINITION = "person_summaries/1"

MAX_PERSONS = 1_000


@dataclass(frozen=True, slots=True)
class PersonSummariesQuestion:
    """Persons, by the id of what each is now, and the half-open range in which their events count.

    Errors: QuestionError for more than MAX_PERSONS.
    """

    persons: tuple[int, ...]
    from_at: dt.datetime
    to_at: dt.datetime

    def __post_init__(self) -> None:
        if len(self.persons) > MAX_PERSONS:
            raise QuestionError(f"at most {MAX_PERSONS} persons at once")

    @property
    def span(self) -> Span:
        """The range that is asked for."""
        return Span(self.from_at, self.to_at)

    @property
    def reads(self) -> Span:
        """The range whose hot rows the source must hold."""
        return self.span


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
