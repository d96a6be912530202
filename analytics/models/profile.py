"""`UserBehaviorProfile` and `UserPersona`: what the behaviour of a user adds up to.

Source: specification, Database Schema (entity diagram) and AI Services (features of clustering).
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import ActivityFrequency, PredictionBasis

_RATIO = (MinValueValidator(0.0), MaxValueValidator(1.0))


class UserPersona(BaseAnalyticsModel):
    """A named kind of user, found by clustering."""

    persona_name = models.CharField(max_length=100, unique=True)
    persona_description = models.TextField(blank=True)
    behavior_patterns = models.JSONField(default=dict, blank=True)
    characteristics = models.JSONField(default=dict, blank=True)
    user_count = models.PositiveIntegerField(default=0)
    model_confidence = models.FloatField(default=0.0, validators=_RATIO)

    def __str__(self) -> str:
        return self.persona_name


class UserBehaviorProfile(BaseAnalyticsModel):
    """The latest behaviour analysis of one user."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="behavior_profile",
    )
    engagement_score = models.FloatField(default=0.0, validators=_RATIO)
    activity_frequency = models.CharField(
        max_length=20, choices=ActivityFrequency.choices, default=ActivityFrequency.INACTIVE
    )
    churn_risk_score = models.FloatField(default=0.0, validators=_RATIO)
    conversion_probability = models.FloatField(default=0.0, validators=_RATIO)
    churn_risk_basis = models.CharField(
        max_length=20, choices=PredictionBasis.choices, default=PredictionBasis.NONE, blank=True
    )
    conversion_basis = models.CharField(
        max_length=20, choices=PredictionBasis.choices, default=PredictionBasis.NONE, blank=True
    )
    engagement_trend = models.CharField(max_length=20, blank=True)
    preferred_event_types = models.JSONField(default=list, blank=True)
    preferred_times = models.JSONField(default=list, blank=True)
    preferred_locations = models.JSONField(default=list, blank=True)
    primary_persona = models.ForeignKey(
        UserPersona,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="profiles",
    )
    last_analysis_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["churn_risk_score"]),
            models.Index(fields=["engagement_score"]),
        )

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"
