"""`Dataset`: a file of events to import, and how far the import has come.

Source: specification, Async Processing (`total_records`, `get_chunks`).
"""

from __future__ import annotations

from django.db import models

from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import DatasetState


class Dataset(BaseAnalyticsModel):
    """One import; `processed` moves in the transaction that stores the rows, so it can resume."""

    name = models.CharField(max_length=200)
    path = models.TextField()
    format = models.CharField(max_length=20)
    mapping = models.JSONField(default=dict, blank=True)
    fingerprint = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=20, choices=DatasetState.choices, default=DatasetState.PENDING)
    total_records = models.PositiveBigIntegerField(default=0)
    processed = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    duplicates = models.PositiveBigIntegerField(default=0)
    error = models.TextField(blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
