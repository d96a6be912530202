"""What can be asked of a funnel, and the shape of the answer.

Source: API.md, "funnel". `funnel` works the answer out; docs/guides/funnels.md says what is counted, and where other
products count something else.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from eventlake.analyses.filters import Filter
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.trends_question import Breakdown
from eventlake.errors import QuestionError
from eventlake.proof import Proof

MAX_STEPS = 20
MAX_WINDOW_S = 366 * 86_400
MAX_EXCLUSIONS = 8


class Order(StrEnum):
    """Whether the steps follow one another, with nothing in between, or come in any order."""

    ORDERED = "ordered"
    STRICT = "strict"
    UNORDERED = "unordered"


class Attribution(StrEnum):
    """Whose value of the breakdown counts: that of the first event of the counted steps, or of the last."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """An event, or those of its events that a filter keeps."""

    event: str
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An event that must not happen between two steps, which are counted from 1."""

    event: str
    from_step: int
    to_step: int


@dataclass(frozen=True, slots=True)
class FunnelQuestion(RangeQuestion):
    """Steps within `window_s` seconds of the first, in a half-open range of instants. `filter` goes for every event.

    Errors: QuestionError for too few or too many steps, a window without a length, exclusions that name no two steps
    in their order or stand beside steps in any order.
    """

    steps: tuple[FunnelStep, ...]
    window_s: int
    order: Order = Order.ORDERED
    exclusions: tuple[Exclusion, ...] = ()
    breakdown: Breakdown | None = None
    attribution: Attribution = Attribution.FIRST
    filter: Filter | None = None

    def __post_init__(self) -> None:
        if not 2 <= len(self.steps) <= MAX_STEPS:
            raise QuestionError(f"a funnel has 2 to {MAX_STEPS} steps")
        if not 1 <= self.window_s <= MAX_WINDOW_S:
            raise QuestionError(f"the window of a funnel is 1 to {MAX_WINDOW_S} seconds")
        if self.exclusions and self.order is Order.UNORDERED:
            raise QuestionError("exclusions lie between steps, so the steps need an order")
        if len(self.exclusions) > MAX_EXCLUSIONS:
            raise QuestionError(f"a funnel has at most {MAX_EXCLUSIONS} exclusions")
        for exclusion in self.exclusions:
            if not 1 <= exclusion.from_step < exclusion.to_step <= len(self.steps):
                raise QuestionError("an exclusion lies between two steps, the first of which is 1")
            if exclusion.event in {step.event for step in self.steps}:
                raise QuestionError("an event that is a step cannot be an exclusion as well")


@dataclass(frozen=True, slots=True)
class StepFigures:
    """How many persons reached a step, as a share of the first step and of the step before, and how fast.

    Ratios are 0 to 1 and None where there was nobody before; the first step has no median.
    """

    event: str
    persons: int
    conversion_ratio: float | None
    previous_ratio: float | None
    median_s: float | None


@dataclass(frozen=True, slots=True)
class FunnelGroup:
    """The figures of those with one value of the breakdown (None: without it), or of all values beyond the limit."""

    value: str | None
    is_other: bool
    steps: tuple[StepFigures, ...]


@dataclass(frozen=True, slots=True)
class FunnelAnswer:
    """One entry a step; with a breakdown also the groups, the largest first step first, others last."""

    steps: tuple[StepFigures, ...]
    groups: tuple[FunnelGroup, ...] | None
    proof: Proof


@dataclass(frozen=True, slots=True)
class FunnelPersonsQuestion(FunnelQuestion):
    """Who reached a step of a funnel (the first is 1), or got as far as the one before it and no further.

    Errors: QuestionError for a step that there is not, or for a breakdown, which divides nobody here.
    """

    step: int = 1
    has_reached: bool = True

    @classmethod
    def of(cls, funnel: FunnelQuestion, step: int, *, has_reached: bool) -> FunnelPersonsQuestion:
        """The same funnel, asked for its persons."""
        return cls(
            **{part.name: getattr(funnel, part.name) for part in fields(funnel)},
            step=step,
            has_reached=has_reached,
        )

    def __post_init__(self) -> None:
        FunnelQuestion.__post_init__(self)
        if not 1 <= self.step <= len(self.steps) or (self.step == 1 and not self.has_reached):
            raise QuestionError(f"step: 1 to {len(self.steps)}, and nobody is lost before the first")
        if self.breakdown is not None:
            raise QuestionError("breakdown: persons are asked for without one")


@dataclass(frozen=True, slots=True)
class FunnelPersons:
    """Merged persons by their id, ascending."""

    persons: tuple[int, ...]
    proof: Proof
