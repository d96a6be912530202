"""`BusinessMetric`: one value of one metric over one period, and what it was measured against.

Source: specification, Database Schema, BusinessMetric.
"""

from __future__ import annotations

from django.db import models

from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import ChangeDirection, MetricType, PeriodType


class BusinessMetric(BaseAnalyticsModel):
    """A stored metric value; one row per metric, period and dimensions."""

    metric_type = models.CharField(max_length=20, choices=MetricType.choices, db_index=True)
    metric_name = models.CharField(max_length=100, db_index=True)
    metric_category = models.CharField(max_length=50, blank=True, db_index=True)
    metric_subcategory = models.CharField(max_length=50, blank=True)

    value = models.DecimalField(max_digits=15, decimal_places=4)
    previous_value = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    target_value = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)

    change_percentage = models.FloatField(null=True, blank=True)
    change_direction = models.CharField(max_length=10, choices=ChangeDirection.choices, blank=True)

    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    period_type = models.CharField(max_length=20, choices=PeriodType.choices)

    context = models.JSONField(default=dict, blank=True)
    dimensions = models.JSONField(default=dict, blank=True)

    warning_threshold = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    critical_threshold = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    is_alert_triggered = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["metric_name", "period_type", "period_start", "dimensions"],
                name="one_metric_value_per_period",
            ),
        )
        indexes = (models.Index(fields=["metric_name", "period_start"]),)

    def __str__(self) -> str:
        return f"{self.metric_name} {self.period_type} {self.period_start:%Y-%m-%d}"
