"""The abstract base of every analytics row: identity, lineage, origin and retention.

Source: specification, Database Schema, BaseAnalyticsModel.
"""

from __future__ import annotations

import uuid

from django.db import models

from analytics import clock
from analytics.models.choices import Source


class TimeStampedModel(models.Model):
    """When the row was made and last changed (UTC)."""

    # A default, not auto_now_add: bulk COPY and imports set it themselves.
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class BaseAnalyticsModel(TimeStampedModel):
    """What all analytics rows share."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.CharField(max_length=50, choices=Source.choices, default=Source.API)
    parent_uuid = models.UUIDField(null=True, blank=True)
    lineage_depth = models.PositiveIntegerField(default=0)
    retention_days = models.PositiveIntegerField(default=365)
    is_archived = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
