"""Trained models at rest and in use: rows of `PredictionModel`, read once a version.

Parameters are plain numbers, checked when read; what cannot be read is not used, and its card says why.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from analytics import clock
from analytics.ai_services.learning.model import Model
from analytics.ai_services.learning.plain_numbers import UnreadableModel
from analytics.ai_services.learning.training import Status, Trained
from analytics.models import PredictionModel

logger = logging.getLogger("analytics.ai_services")

NOT_TRAINED = "not_trained"

#: Versions of a name that are kept, so that a card can be compared with those before it.
_KEPT_VERSIONS = 10


@dataclass(frozen=True)
class Current:
    """The newest version of a model; `model` is None where the rule of thumb is used, `status` says why."""

    name: str
    status: str
    model: Model | None
    card: dict[str, Any]
    horizon_days: int
    trained_at: datetime | None
    version: str

    @property
    def backtest(self) -> dict[str, float]:
        """How good the model was on a time that it had not seen: auc, ece and the rest; {} without a test."""
        found = (self.card.get("backtest") or {}).get("ours")
        return dict(found) if found else {}


def current(name: str) -> Current:
    """What answers for this name now."""
    newest = PredictionModel.objects.filter(name=name).order_by("-trained_at", "-pk").only("pk").first()
    if newest is None:
        return Current(name, NOT_TRAINED, None, {}, 0, None, "")
    return _loaded(newest.pk)


@lru_cache(maxsize=32)
def _loaded(pk: int) -> Current:
    """Versions never change, so that each is read once a process."""
    row = PredictionModel.objects.get(pk=pk)
    model, status = None, row.status
    if row.parameters:
        try:
            model = Model.from_json(row.parameters)
        except UnreadableModel as error:
            logger.warning("the model %s of version %s cannot be read: %s", row.name, pk, error)
            status = "unreadable"
    return Current(row.name, status, model, row.card, row.horizon_days, row.trained_at, f"{row.name}/{pk}")


def store(name: str, trained: Trained, horizon_days: int) -> PredictionModel:
    """Keep a version, and only the newest few; one transaction is the caller's business."""
    model = trained.model
    row = PredictionModel.objects.create(
        name=name,
        status=str(trained.status),
        parameters={} if model is None else model.to_json(),
        card=trained.card.to_json(),
        horizon_days=horizon_days,
        trained_at=clock.now(),
    )
    kept = (
        PredictionModel.objects.filter(name=name).order_by("-trained_at", "-pk").values("pk")[:_KEPT_VERSIONS]
    )
    PredictionModel.objects.filter(name=name).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    return row


def usable(found: Current, names: tuple[str, ...]) -> Model | None:
    """The model, if it is in use and was taught these features: after an upgrade they may be others for a night."""
    return found.model if is_ready(found) and found.model is not None and found.model.names == names else None


def is_ready(found: Current) -> bool:
    """Whether its answers are probabilities."""
    return found.model is not None and found.status == Status.READY
