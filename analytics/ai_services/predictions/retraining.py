"""Learning anew: every model is fitted, backtested and stored with its card, whatever the verdict."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from analytics import clock
from analytics.ai_services.learning.fitting import Fitting
from analytics.ai_services.learning.priors import churn_priors
from analytics.ai_services.learning.training import Settings, Status, train
from analytics.ai_services.predictions import attendance, models, snapshots
from analytics.models import PredictionModel

#: A model is made anew once a day; one that lacked data is tried again every time.
_EVERY = timedelta(hours=20)

NAMES = (snapshots.CHURN, snapshots.CONVERSION, attendance.NAME)


def retrain_when_due() -> dict[str, str]:
    """Train all models if one is a day old, was never made, or lacked data; {} where all are fresh enough."""
    newest = [models.current(name) for name in NAMES]
    since = clock.now() - _EVERY
    is_fresh = all(found.trained_at is not None and found.trained_at > since for found in newest)
    lacks_data = any(found.status == Status.NOT_ENOUGH_DATA for found in newest)
    return {} if is_fresh and not lacks_data else retrain()


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
