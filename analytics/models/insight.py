"""`AIInsight`: one claim about a user, a metric or the product, with its evidence and its verdict.

Source: specification, Database Schema, AIInsight.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import InsightStatus, InsightType, Priority


class AIInsight(BaseAnalyticsModel):
    """A generated insight."""

    insight_type = models.CharField(max_length=50, choices=InsightType.choices, db_index=True)
    target_type = models.CharField(max_length=50)
    target_id = models.CharField(max_length=100)

    title = models.CharField(max_length=200)
    description = models.TextField()
    confidence_score = models.FloatField(validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])

    model_name = models.CharField(max_length=100)
    model_version = models.CharField(max_length=50)
    input_features = models.JSONField(default=list, blank=True)
    output_data = models.JSONField(default=dict, blank=True)

    is_actionable = models.BooleanField(default=False)
    suggested_actions = models.JSONField(default=list, blank=True)
    priority = models.CharField(max_length=20, choices=Priority.choices, default=Priority.MEDIUM)

    status = models.CharField(max_length=20, choices=InsightStatus.choices, default=InsightStatus.PENDING)
    validated_at = models.DateTimeField(null=True, blank=True)
    validation_notes = models.TextField(blank=True)

    # What the claim rests on: the analysis and its parameters, expected and actual, the strongest factors.
    evidence = models.JSONField(default=dict, blank=True)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When the claim says nothing any more."
    )

    # The natural key: a repeated run updates its insight instead of adding another.
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["target_type", "target_id"]),
            models.Index(fields=["status", "priority"]),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["insight_type", "target_type", "target_id", "window_start"],
                condition=models.Q(window_start__isnull=False),
                name="one_insight_per_target_and_window",
            ),
        )

    def __str__(self) -> str:
        return self.title
