"""Saved reports, the dashboards that they are arranged on, and notes on dates."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from analytics.models.base import BaseAnalyticsModel
from analytics.models.choices import AnalysisName, TileWidth


class SavedReport(BaseAnalyticsModel):
    """A question with a name.

    `question` is the body of `POST /query/<analysis>`; its range is `days` up to the present one, or `date_from` and
    `date_to` as dates. Whether it still fits is for `analytics.api.questions` to say: a row is kept as it was saved.
    """

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    analysis = models.CharField(max_length=20, choices=AnalysisName.choices)
    question = models.JSONField(default=dict)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_shared = models.BooleanField(default=False, help_text="All analysts may read it.")

    class Meta:
        indexes = (models.Index(fields=["name", "id"]),)

    def __str__(self) -> str:
        return self.name


class Dashboard(BaseAnalyticsModel):
    """Reports side by side. Without `days` and dates each has its own range, without `time_zone` its own zone."""

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    days = models.PositiveIntegerField(null=True, blank=True, help_text="All tiles show the last days.")
    first_on = models.DateField(null=True, blank=True, help_text="All tiles show the days from here on,")
    last_on = models.DateField(null=True, blank=True, help_text="up to this one, which is included.")
    time_zone = models.CharField(max_length=100, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_shared = models.BooleanField(default=False, help_text="All analysts may read it.")

    class Meta:
        indexes = (models.Index(fields=["name", "id"]),)

    def __str__(self) -> str:
        return self.name


class DashboardTile(models.Model):
    """A report's place on a dashboard; tiles stand by `position`, then in the order in which they came."""

    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="tiles")
    report = models.ForeignKey(SavedReport, on_delete=models.CASCADE, related_name="tiles")
    position = models.PositiveIntegerField(default=0)
    width = models.CharField(max_length=10, choices=TileWidth.choices, default=TileWidth.HALF)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return f"report {self.report_id} on dashboard {self.dashboard_id}"


class Annotation(BaseAnalyticsModel):
    """What happened on a day, shown on every chart over time. The day is the local one of whatever zone a chart has."""

    happened_on = models.DateField()
    text = models.CharField(max_length=300)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = (models.Index(fields=["happened_on", "id"]),)

    def __str__(self) -> str:
        return f"{self.happened_on.isoformat()}: {self.text}"
