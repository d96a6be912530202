"""`UserEvent`: one thing that somebody did, as it was stored. The record of everything else.

Source: specification, Database Schema, UserEvent; the widths and the added times follow what real
client SDKs send (ids and names up to 200 characters, URLs of any length, events sent hours late).
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from analytics import clock
from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import EngagementLevel, EventType
from analytics.models.transaction_id import CurrentTransactionId


class UserEvent(BaseAnalyticsModel):
    """An analytics event."""

    # User and session
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="analytics_events",
        db_index=False,  # (user, created_at) below serves it
    )
    session_id = models.CharField(max_length=200, blank=True, db_index=True)
    anonymous_id = models.CharField(max_length=200, blank=True)

    # Who, on the wire: `person` is the node of `distinct_id`; merges lead from node to node and
    # never rewrite an event. No database constraint: the writer has just made the node, and a check
    # per row would cost a tenth of the insert.
    distinct_id = models.CharField(max_length=200, blank=True)
    person = models.ForeignKey(
        "analytics.Person",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="events",
    )
    ingest_key = models.CharField(
        max_length=100, blank=True, help_text="Label of the key that brought the event."
    )

    # Event classification
    event_type = models.CharField(
        max_length=50, choices=EventType.choices, default=EventType.USER_ACTION, db_index=True
    )
    event_name = models.CharField(max_length=200, db_index=True)
    page_url = models.TextField(blank=True)
    page_path = models.TextField(blank=True, help_text="Path of the page, without host and query.")
    action = models.CharField(max_length=100, blank=True)

    # Times: `timestamp` is when it happened, corrected for the client's clock; the client's own words
    # stay beside it.
    timestamp = models.DateTimeField(default=clock.now)
    client_timestamp = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=clock.now)

    # Context and metadata
    metadata = models.JSONField(default=dict, blank=True)
    user_agent = models.TextField(blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    referrer = models.TextField(blank=True)

    # Performance metrics
    response_time_ms = models.PositiveIntegerField(null=True, blank=True)
    status_code = models.PositiveIntegerField(null=True, blank=True)

    # Behavioral context
    device_type = models.CharField(max_length=20, blank=True)
    browser = models.CharField(max_length=50, blank=True)
    os = models.CharField(max_length=50, blank=True)

    # AI-processed fields
    sentiment_score = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-1.0), MaxValueValidator(1.0)]
    )
    intent_classification = models.CharField(max_length=50, blank=True)
    engagement_level = models.CharField(max_length=20, choices=EngagementLevel.choices, blank=True)

    # Business context
    revenue_impact = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    conversion_value = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)

    # The inserting transaction: the watermark by which sealing knows what is committed.
    insert_xid = models.BigIntegerField(db_default=CurrentTransactionId(), editable=False)

    class Meta:
        indexes = (
            models.Index(fields=["user", "created_at"]),
            models.Index(fields=["session_id", "created_at"]),
            models.Index(fields=["event_type", "created_at"]),
            models.Index(fields=["event_name", "created_at"]),
            models.Index(fields=["sentiment_score"]),
            models.Index(fields=["engagement_level"]),
            models.Index(fields=["timestamp"]),
            models.Index(fields=["person", "timestamp"]),
            models.Index(fields=["insert_xid"]),
        )

    def __str__(self) -> str:
        return f"{self.event_name} at {self.timestamp:%Y-%m-%d %H:%M:%S}"
