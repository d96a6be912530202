"""Alerts of metrics, what people decided about a metric, and whom alerts are sent to."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import AlertLevel, AlertState, TargetKind


class MetricSetting(models.Model):
    """What people decided about a metric; empty fields leave what its declaration says."""

    metric_name = models.CharField(max_length=100, unique=True)
    target_value = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    warning_threshold = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    critical_threshold = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    owner = models.CharField(max_length=100, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True, help_text="No alert is sent before.")

    def __str__(self) -> str:
        return self.metric_name


class Alert(BaseAnalyticsModel):
    """One time that a metric was beyond a threshold, from its opening to its end."""

    metric_name = models.CharField(max_length=100, db_index=True)
    dimensions = models.JSONField(default=dict, blank=True)
    kind = models.CharField(max_length=20, default="threshold", help_text="threshold or anomaly")
    level = models.CharField(max_length=20, choices=AlertLevel.choices)
    state = models.CharField(max_length=20, choices=AlertState.choices, default=AlertState.OPEN)
    value = models.DecimalField(max_digits=15, decimal_places=4)
    threshold = models.DecimalField(max_digits=15, decimal_places=4)
    period_start = models.DateTimeField()
    opened_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    muted_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["metric_name", "dimensions", "kind"],
                condition=models.Q(state=AlertState.OPEN),
                name="one_open_alert_per_metric",
            ),
        )
        indexes = (models.Index(fields=["state", "-opened_at"]),)

    def __str__(self) -> str:
        return f"{self.metric_name} {self.level} ({self.state})"


class AlertTarget(models.Model):
    """Somebody, or something, that alerts and summaries are sent to."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, choices=TargetKind.choices)
    address = models.CharField(max_length=500, help_text="An e-mail address, or an https URL.")
    secret = models.CharField(max_length=200, blank=True, help_text="Signs what a webhook gets.")
    least_level = models.CharField(max_length=20, choices=AlertLevel.choices, default=AlertLevel.WARNING)
    wants_summary = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name
