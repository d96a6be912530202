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
            models.Index(  # whether an earlier message of the key is still waiting
                fields=["sink", "ordering_key", "id"],
                condition=models.Q(state=OutboxState.PENDING),
                name="outbox_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} to {self.sink} ({self.state})"


class DeliveryAttempt(models.Model):
    """One try to deliver a message, kept for some days: what people look at when something did not arrive."""

    message = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=clock.now)
    is_delivered = models.BooleanField(default=False)
    status_code = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = (models.Index(fields=["at"]),)

    def __str__(self) -> str:
        return f"try of message {self.message_id} at {self.at:%Y-%m-%d %H:%M:%S}"


class SinkState(models.Model):
    """How a sink is doing: when it last took something, what came back, and whether it rests after faults.

    For a sink of events also how far it is in the stream; see `analytics.store.forwarded`.
    """

    sink = models.CharField(max_length=100, primary_key=True)
    began_at = models.DateTimeField(default=clock.now, help_text="Events are forwarded from here on.")
    began_watermark = models.BigIntegerField(default=0, help_text="Events below it are not for this sink.")
    watermark = models.BigIntegerField(
        default=0, help_text="It has what lies below, and of the events at the watermark those up to the row."
    )
    row_id = models.BigIntegerField(default=0)
    cluster = models.BigIntegerField(
        default=0, help_text="The database cluster whose transactions are counted; 0 for no sink of events."
    )
    last_delivered_at = models.DateTimeField(null=True, blank=True)
    delivered = models.PositiveBigIntegerField(default=0)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    faults_in_a_row = models.PositiveIntegerField(default=0)
    resting_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.sink
