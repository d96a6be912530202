"""`PredictionModel`: one trained model as plain numbers, with the card that says how good it was."""

from __future__ import annotations

from django.db import models

from analytics import clock


class PredictionModel(models.Model):
    """A version of a model; of each name, the newest one is asked.

    `parameters` is empty where the rule of thumb is used instead; `card` always says why. Nothing in it can run.
    """

    name = models.CharField(max_length=50, db_index=True)
    status = models.CharField(max_length=30, help_text="ready, or why the model is not used.")
    parameters = models.JSONField(default=dict, blank=True)
    card = models.JSONField(default=dict, blank=True)
    horizon_days = models.PositiveIntegerField(default=0)
    trained_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = (models.Index(fields=["name", "-trained_at"]),)

    def __str__(self) -> str:
        return f"{self.name} of {self.trained_at:%Y-%m-%d %H:%M}"
