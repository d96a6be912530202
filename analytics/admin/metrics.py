"""Alerts of metrics, and what people decide about them: targets, thresholds, and who is told."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from analytics.admin.base import RecordAdmin
from analytics.models import Alert, AlertTarget, MetricSetting


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    """Alerts from their opening to their end; the API acknowledges and mutes them."""

    list_display = ("metric_name", "level", "state", "value", "threshold", "opened_at", "resolved_at")
    list_filter = ("state", "level", "kind")
    search_fields = ("metric_name", "uuid__exact")
    date_hierarchy = "opened_at"
    ordering = ("-opened_at",)


@admin.register(AlertTarget)
class AlertTargetAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Whom alerts and summaries are sent to."""

    list_display = ("name", "kind", "least_level", "wants_summary", "is_enabled")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(MetricSetting)
class MetricSettingAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Targets and thresholds that people set; empty fields leave what the metric declares."""

    list_display = ("metric_name", "target_value", "warning_threshold", "critical_threshold", "muted_until")
    search_fields = ("metric_name",)
    ordering = ("metric_name",)
