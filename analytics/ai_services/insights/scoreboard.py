"""How often insights of each type were right: by people's verdicts, and by what happened where that can be known.

A type that is mostly wrong mutes itself until people take verdicts back or the type is made anew.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Q

from analytics.models import AIInsight
from analytics.models.choices import InsightStatus

#: Below this precision a type is noise; before so many judgements it is not known yet.
FLOOR = 0.3
LEAST_JUDGED = 10

RIGHT, WRONG = "right", "wrong"

_CONFIRMED = Q(status__in=(InsightStatus.VALIDATED, InsightStatus.ACTED_ON))
_REJECTED = Q(status=InsightStatus.REJECTED)
# Where nobody has judged, what happened counts.
_HAPPENED = ~_CONFIRMED & ~_REJECTED & Q(output_data__outcome=RIGHT)
_FAILED = ~_CONFIRMED & ~_REJECTED & Q(output_data__outcome=WRONG)


@dataclass(frozen=True)
class TypeScore:
    """The record of one type. `precision`: right of all judged, 0 to 1; None before any was judged."""

    insight_type: str
    insights: int
    right: int
    wrong: int
    precision: float | None
    is_muted: bool


def scoreboard() -> list[TypeScore]:
    """Every type that there is an insight of, in the order of names."""
    rows = (
        AIInsight.objects.values("insight_type")
        .annotate(
            insights=Count("pk"),
            right=Count("pk", filter=_CONFIRMED | _HAPPENED),
            wrong=Count("pk", filter=_REJECTED | _FAILED),
        )
        .order_by("insight_type")
    )
    return [_score(**row) for row in rows]


def muted_types() -> frozenset[str]:
    """Types whose precision is below the floor."""
    return frozenset(score.insight_type for score in scoreboard() if score.is_muted)


def as_answer(scores: list[TypeScore]) -> list[dict[str, Any]]:
    """Plain values."""
    return [asdict(score) for score in scores]


def _score(insight_type: str, insights: int, right: int, wrong: int) -> TypeScore:
    judged = right + wrong
    precision = right / judged if judged else None
    is_muted = precision is not None and judged >= LEAST_JUDGED and precision < FLOOR
    return TypeScore(insight_type, insights, right, wrong, precision, is_muted)
