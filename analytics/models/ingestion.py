"""What ingestion keeps about itself: keys, the ledger, receipts and the quarantine.

The ledger's identity, exact to the event: received = stored + duplicate + quarantined + rejected.
"""

from __future__ import annotations

import uuid

from django.db import models

from analytics import clock
from analytics.models.choices import Outcome


class IngestKey(models.Model):
    """A public, write-only token by which clients send events; its label is kept on the events."""

    label = models.CharField(max_length=100, unique=True)
    token = models.CharField(max_length=64, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.label


class LedgerEntry(models.Model):
    """So many events met one outcome. Inserted with the events that it counts, folded by the hour.

    Only ever inserted on the hot path: an update would make every writer queue for one row.
    """

    hour = models.DateTimeField(help_text="Start of the hour (UTC) in which the events arrived.")
    ingest_key = models.CharField(max_length=100, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    reason = models.CharField(max_length=60, blank=True)
    count = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index(fields=["hour"]),)
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h {self.outcome} {self.reason} {self.count}"


class Receipt(models.Model):
    """What became of one event, where the stored row alone does not tell: duplicates, rejections and
    warnings such as a shortened name. Kept for `ANALYTICS_RECEIPT_DAYS`."""

    uuid = models.UUIDField(db_index=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    reason = models.CharField(max_length=60, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = (models.Index(fields=["received_at"]),)

    def __str__(self) -> str:
        return f"{self.uuid} {self.outcome}"


class RejectedEvent(models.Model):
    """An event that was refused or could not be stored, with its reason and its body, for replay."""

    uuid = models.UUIDField(default=uuid.uuid4, db_index=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    reason = models.CharField(max_length=60, db_index=True)
    detail = models.TextField(blank=True)
    # Bytes, not JSON: what is kept here is exactly what JSON columns refuse.
    body = models.BinaryField()
    dialect = models.CharField(max_length=20)
    ingest_key = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField(default=clock.now)
    replayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["received_at"]),)

    def __str__(self) -> str:
        return f"{self.reason} at {self.received_at:%Y-%m-%d %H:%M:%S}"
