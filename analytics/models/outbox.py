"""`OutboxMessage`: something to deliver outside, written in the transaction that caused it."""

from __future__ import annotations

from django.db import models

from analytics import clock
from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import OutboxState


class OutboxMessage(BaseAnalyticsModel):
    """One message to one sink; claimed by workers with a lease, retried, never lost."""

    sink = models.CharField(max_length=100)
    kind = models.CharField(max_length=50)
    payload = models.JSONField(default=dict)
    ordering_key = models.CharField(
        max_length=200, blank=True, help_text="Messages of one key go out in order."
    )
    state = models.CharField(max_length=20, choices=OutboxState.choices, default=OutboxState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    available_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["sink", "available_at"],
                condition=models.Q(state=OutboxState.PENDING),
                name="outbox_pending",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} to {self.sink} ({self.state})"
