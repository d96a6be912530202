"""Insights, metrics, profiles and personas: people give verdicts, targets, thresholds and names."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.forms import ModelForm
from django.http import HttpRequest

from analytics import clock
from analytics.admin.base import DecidedAdmin, RecordAdmin
from analytics.models import (
    AIInsight,
    BusinessMetric,
    PredictionModel,
    UserBehaviorProfile,
    UserPersona,
    WorkCursor,
)
from analytics.models.choices import InsightStatus


@admin.register(AIInsight)
class AIInsightAdmin(DecidedAdmin):
    """Insights and what people made of them."""

    editable = ("status", "validation_notes", "priority")
    list_display = (
        "title",
        "insight_type",
        "priority",
        "status",
        "confidence_score",
        "target_type",
        "created_at",
    )
    list_filter = ("status", "priority", "insight_type", "is_actionable")
    search_fields = ("title", "uuid__exact", "target_id__exact")
    date_hierarchy = "created_at"
    ordering = ("-id",)

    def save_model(self, request: HttpRequest, obj: AIInsight, form: ModelForm[Any], change: bool) -> None:
        """A changed verdict is dated."""
        if "status" in form.changed_data:
            obj.validated_at = None if obj.status == InsightStatus.PENDING else clock.now()
        super().save_model(request, obj, form, change)


@admin.register(BusinessMetric)
class BusinessMetricAdmin(DecidedAdmin):
    """Values of metrics; targets and thresholds are people's."""

    editable = ("target_value", "warning_threshold", "critical_threshold")
    list_display = (
        "metric_name", "metric_type", "value", "target_value", "change_percentage", "period_type", "period_start",
        "is_alert_triggered",
    )  # fmt: skip
    list_filter = ("metric_type", "period_type", "is_alert_triggered")
    search_fields = ("metric_name", "metric_category")
    date_hierarchy = "period_start"
    ordering = ("-period_start", "metric_name")


@admin.register(UserBehaviorProfile)
class UserBehaviorProfileAdmin(RecordAdmin):
    """The latest analysis of each user."""

    list_display = (
        "user", "engagement_score", "activity_frequency", "churn_risk_score", "conversion_probability",
        "primary_persona", "last_analysis_at",
    )  # fmt: skip
    list_filter = ("activity_frequency", "primary_persona")
    list_select_related = ("user", "primary_persona")
    search_fields = (f"user__{get_user_model().USERNAME_FIELD}__exact", "uuid__exact")
    ordering = ("-churn_risk_score", "id")


@admin.register(UserPersona)
class UserPersonaAdmin(DecidedAdmin):
    """Kinds of users; people may call them better names."""

    editable = ("persona_name", "persona_description")
    list_display = ("persona_name", "user_count", "model_confidence", "updated_at")
    search_fields = ("persona_name",)
    ordering = ("-user_count",)


@admin.register(PredictionModel)
class PredictionModelAdmin(RecordAdmin):
    """Trained models with their cards; a model that is not used says why."""

    list_display = ("name", "status", "horizon_days", "trained_at")
    list_filter = ("name", "status")
    exclude = ("parameters",)  # thousands of numbers
    ordering = ("-trained_at",)


@admin.register(WorkCursor)
class WorkCursorAdmin(RecordAdmin):
    """How far background work has read the events."""

    list_display = ("name", "watermark", "moved_at")
    ordering = ("name",)
