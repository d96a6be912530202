"""Learning anew: every model is fitted, backtested and stored with its card, whatever the verdict."""

from __future__ import annotations

from django.db import transaction

from analytics.ai_services.learning.training import train
from analytics.ai_services.predictions import attendance, models, snapshots
from analytics.models import PredictionModel

NAMES = (snapshots.CHURN, snapshots.CONVERSION, attendance.NAME)


def retrain() -> dict[str, str]:
    """Train all models; the status of each by name. Running it twice makes two versions alike, and no harm."""
    past = snapshots.past()
    found = {name: train(past.examples(name)) for name in (snapshots.CHURN, snapshots.CONVERSION)}
    found[attendance.NAME] = train(attendance.examples())
    horizons = dict.fromkeys((snapshots.CHURN, snapshots.CONVERSION), past.horizon_days)
    with transaction.atomic():
        rows: list[PredictionModel] = [
            models.store(name, trained, horizons.get(name, 0)) for name, trained in found.items()
        ]
    return {row.name: row.status for row in rows}
