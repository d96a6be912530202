"""What a sink of events has acknowledged: minute by minute, and by the day on which the events arrived."""

from __future__ import annotations

from django.db import models


class ForwardedMinute(models.Model):
    """Up to where in the stream a sink had taken events at the end of one minute, and how many in it."""

    sink = models.CharField(max_length=100)
    at = models.DateTimeField()
    watermark = models.BigIntegerField()
    row_id = models.BigIntegerField()
    events = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=["sink", "watermark", "row_id"]),)

    def __str__(self) -> str:
        return f"{self.events} events to {self.sink} until {self.at:%Y-%m-%d %H:%M:%S}"


class ForwardedDay(models.Model):
    """Events of one day of arrival that a sink has acknowledged, and how that compares with what was stored."""

    sink = models.CharField(max_length=100)
    day = models.DateField(help_text="UTC, as the ledger counts.")
    delivered = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(
        default=0, help_text="Put aside because the sink would not have them."
    )
    last_at = models.DateTimeField(null=True, blank=True, help_text="When it acknowledged the last of them.")
    stored = models.PositiveBigIntegerField(null=True, blank=True, help_text="When it was compared last.")
    waiting = models.PositiveBigIntegerField(default=0)
    missing = models.BigIntegerField(
        default=0,
        help_text="Stored, but neither acknowledged, refused nor waiting: erased before its turn, or lost.",
    )
    compared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["sink", "day"], name="one_forwarded_day_per_sink"),)

    def __str__(self) -> str:
        return f"{self.sink} on {self.day}"
