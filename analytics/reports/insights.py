"""Insights as people read them: pages, verdicts, and the models and records behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from analytics import clock
from analytics.ai_services.insights.scoreboard import RIGHT, WRONG, as_answer, scoreboard
from analytics.ai_services.learning.training import Status
from analytics.errors import NotFound
from analytics.models import AIInsight, PredictionModel
from analytics.models.choices import InsightStatus

_FIELDS = (
    "uuid", "insight_type", "target_type", "target_id", "title", "description", "confidence_score", "priority",
    "status", "is_actionable", "suggested_actions", "evidence", "model_name", "model_version", "created_at",
    "expires_at", "validated_at", "validation_notes",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which insights; `only_user` sees those about themself alone, `uuid` is the one that is meant."""

    types: Sequence[str] = field(default_factory=tuple)
    priority: str | None = None
    status: str | None = None
    limit: int = 20
    offset: int = 0
    only_user: int | None = None
    uuid: UUID | None = None


def list_insights(wanted: Wanted) -> dict[str, Any]:
    """A page of insights, the newest first, the number of all, and the record of each type."""
    found = AIInsight.objects.filter(is_archived=False)
    if wanted.types:
        found = found.filter(insight_type__in=wanted.types)
    if wanted.priority:
        found = found.filter(priority=wanted.priority)
    if wanted.status:
        found = found.filter(status=wanted.status)
    if wanted.only_user is not None:
        found = found.filter(target_type="user", target_id=str(wanted.only_user))
    if wanted.uuid is not None:
        found = found.filter(uuid=wanted.uuid)
    total = found.count()
    end = wanted.offset + wanted.limit
    rows = found.order_by("-created_at", "-pk").values(*_FIELDS)[wanted.offset : end]
    return {
        "insights": list(rows),
        "total_count": total,
        "pagination": {"limit": wanted.limit, "offset": wanted.offset, "has_more": end < total},
        "scoreboard": as_answer(scoreboard()) if wanted.only_user is None else [],
    }


def judge(uuid: UUID, status: str, notes: str) -> dict[str, Any]:
    """Keep what somebody makes of an insight. **Errors**: `NotFound`."""
    insight = AIInsight.objects.filter(uuid=uuid).first()
    if insight is None:
        raise NotFound("there is no such insight")
    insight.status = status
    insight.validation_notes = notes
    insight.validated_at = None if status == InsightStatus.PENDING else clock.now()
    insight.save(update_fields=["status", "validation_notes", "validated_at", "updated_at"])
    return {name: getattr(insight, name) for name in _FIELDS}


def list_models() -> list[dict[str, Any]]:
    """The card of the newest version of every model, in the order of names."""
    newest: dict[str, PredictionModel] = {}
    for row in PredictionModel.objects.defer("parameters").order_by("trained_at", "pk"):
        newest[row.name] = row
    return [
        {
            "name": row.name,
            "status": row.status,
            "is_in_use": row.status == Status.READY,
            "horizon_days": row.horizon_days,
            "trained_at": row.trained_at,
            "card": row.card,
        }
        for _, row in sorted(newest.items())
    ]


def outcomes_of_claims() -> dict[str, tuple[int, int]]:
    """Of the claims of each prediction whose time is over: how many came true, and how many did not.

    By what people did, and not by verdicts; a prediction whose claims nothing can check is left out.
    """
    rows = (
        AIInsight.objects.filter(output_data__outcome__in=(RIGHT, WRONG))
        .values("model_name")
        .annotate(
            right=Count("pk", filter=Q(output_data__outcome=RIGHT)),
            wrong=Count("pk", filter=Q(output_data__outcome=WRONG)),
        )
    )
    return {row["model_name"]: (row["right"], row["wrong"]) for row in rows}
