"""What can be asked of paths, and the shape of the answer.

Source: API.md, "paths". `paths` works the answer out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eventlake.analyses.filters import Filter
from eventlake.analyses.range_question import RangeQuestion
from eventlake.errors import QuestionError
from eventlake.proof import Proof

#: A picture of more steps cannot be read.
MAX_STEPS = 20

MAX_LINKS = 1_000


class Within(StrEnum):
    """Whose events make one sequence."""

    SESSION = "session"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class PathsQuestion(RangeQuestion):
    """Which event follows which, within a session or over all that a person did in the range.

    With `start_event` a sequence begins at its first occurrence, with `end_event` it ends at the first occurrence
    (after its start); sequences without them drop out. The first `max_steps` steps are shown, or the last ones where
    there is an `end_event`. `filter` keeps the events that make the steps.

    Errors: QuestionError for fewer than two steps or more than MAX_STEPS, or for no link or more than MAX_LINKS.
    """

    within: Within = Within.SESSION
    start_event: str | None = None
    end_event: str | None = None
    max_steps: int = 5
    limit: int = 50
    filter: Filter | None = None

    def __post_init__(self) -> None:
        if not 2 <= self.max_steps <= MAX_STEPS:
            raise QuestionError(f"a path has 2 to {MAX_STEPS} steps")
        if not 1 <= self.limit <= MAX_LINKS:
            raise QuestionError(f"an answer has 1 to {MAX_LINKS} links")


@dataclass(frozen=True, slots=True)
class Link:
    """One event after another: `count` sequences have them as steps `step` and `step + 1`, of so many persons."""

    step: int
    source: str
    target: str
    persons: int
    count: int


@dataclass(frozen=True, slots=True)
class PathsAnswer:
    """The largest links: by count, then step, source and target."""

    links: tuple[Link, ...]
    proof: Proof
