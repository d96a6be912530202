"""Learning anew: every model is fitted, backtested and stored with its card, whatever the verdict."""

from __future__ import annotations

from django.db import transaction

from analytics.ai_services.learning.fitting import Fitting
from analytics.ai_services.learning.priors import churn_priors
from analytics.ai_services.learning.training import Settings, train
from analytics.ai_services.predictions import attendance, models, snapshots
from analytics.models import PredictionModel

NAMES = (snapshots.CHURN, snapshots.CONVERSION, attendance.NAME)


def retrain() -> dict[str, str]:
    """Train all models; the status of each by name. Running it twice makes two versions alike, and no harm."""
    past = snapshots.past()
    # Public data taught the priors what churn looks like; of conversion there is none with the same features.
    with_priors = Settings(fitting=Fitting(priors=churn_priors()))
    found = {
        snapshots.CHURN: train(past.examples(snapshots.CHURN), with_priors),
        snapshots.CONVERSION: train(past.examples(snapshots.CONVERSION)),
    }
    found[attendance.NAME] = train(attendance.examples())
    horizons = dict.fromkeys((snapshots.CHURN, snapshots.CONVERSION), past.horizon_days)
    with transaction.atomic():
        rows: list[PredictionModel] = [
            models.store(name, trained, horizons.get(name, 0)) for name, trained in found.items()
        ]
    return {row.name: row.status for row in rows}
