"""A claim before it is a row, and how rows are written: one a type, target and window, however often it is made.

A verdict is never overwritten: what people said of an insight outlives every later run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from analytics import clock
from analytics.ai_services.insights.scoreboard import muted_types
from analytics.models import AIInsight
from analytics.models.choices import InsightStatus, InsightType, Priority, Source
from analytics.store import locks

_BATCH = 500

#: What a later run brings up to date; status, verdict and notes are people's.
_CHANGING = (
    "title", "description", "confidence_score", "model_name", "model_version", "input_features", "output_data",
    "evidence", "is_actionable", "suggested_actions", "priority", "expires_at", "window_end", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """What an insight says. `confidence` is a probability or a measured precision, 0 to 1, never a feeling.

    `evidence`: the analysis and its parameters, what was expected and what came, the factors, and the backtest.
    """

    insight_type: InsightType
    target_type: str
    target_id: str
    title: str
    description: str
    confidence: float
    window_start: datetime
    window_end: datetime
    evidence: dict[str, Any]
    priority: Priority = Priority.MEDIUM
    suggested_actions: tuple[str, ...] = ()
    model_name: str = ""
    model_version: str = ""
    input_features: tuple[str, ...] = ()
    output_data: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str, datetime]:
        """The natural key."""
        return self.insight_type.value, self.target_type, self.target_id, self.window_start


def put_claims(claims: Iterable[Claim]) -> int:
    """Write claims as insights, new or known; the number of new ones. Types that were mostly wrong are left out."""
    muted = muted_types()
    wanted = {claim.key: claim for claim in claims if claim.insight_type.value not in muted}
    if not wanted:
        return 0
    with transaction.atomic():
        locks.hold("insights")
        known = _known(wanted)
        new = [_row(claim, AIInsight()) for key, claim in wanted.items() if key not in known]
        AIInsight.objects.bulk_create(new, batch_size=_BATCH)
        changed = [
            _row(wanted[key], row) for key, row in known.items() if row.status != InsightStatus.REJECTED
        ]
        AIInsight.objects.bulk_update(changed, _CHANGING, batch_size=_BATCH)
    return len(new)


def expire() -> int:
    """Insights whose time is over and that nobody judged; the number that expired."""
    now = clock.now()
    over = AIInsight.objects.filter(status=InsightStatus.PENDING, expires_at__lte=now)
    return over.update(status=InsightStatus.EXPIRED, updated_at=now)


def _known(
    wanted: dict[tuple[str, str, str, datetime], Claim],
) -> dict[tuple[str, str, str, datetime], AIInsight]:
    types = {key[0] for key in wanted}
    starts = {key[3] for key in wanted}
    targets = {key[2] for key in wanted}
    rows = AIInsight.objects.filter(
        Q(insight_type__in=types), Q(window_start__in=starts), Q(target_id__in=targets)
    )
    found = {(row.insight_type, row.target_type, row.target_id, row.window_start): row for row in rows}
    return {key: row for key, row in found.items() if key in wanted}


def _row(claim: Claim, row: AIInsight) -> AIInsight:
    row.insight_type, row.target_type, row.target_id = (
        claim.insight_type.value,
        claim.target_type,
        claim.target_id,
    )
    row.title, row.description = claim.title[:200], claim.description
    row.confidence_score = min(max(claim.confidence, 0.0), 1.0)
    row.window_start, row.window_end, row.expires_at = claim.window_start, claim.window_end, claim.expires_at
    row.evidence, row.input_features = claim.evidence, list(claim.input_features)
    row.output_data = {**row.output_data, **claim.output_data}
    row.is_actionable, row.suggested_actions = bool(claim.suggested_actions), list(claim.suggested_actions)
    row.priority, row.source = claim.priority.value, Source.AI_GENERATED
    row.model_name, row.model_version = claim.model_name or "rules", claim.model_version or "1"
    row.updated_at = clock.now()
    return row
