"""What leaves the house of saved reports and dashboards: links for readers without a login, and letters."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from analytics.models.base import BaseAnalyticsModel
from analytics.models.board import Dashboard, SavedReport
from analytics.models.choices import Frequency

_ONE_SUBJECT = models.Q(report__isnull=False, dashboard__isnull=True) | models.Q(
    report__isnull=True, dashboard__isnull=False
)


class ShareLink(BaseAnalyticsModel):
    """A link that shows the results of one report or dashboard to whoever has it. Its token is kept as a digest."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    report = models.ForeignKey(
        SavedReport, on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    dashboard = models.ForeignKey(
        Dashboard, on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=_ONE_SUBJECT, name="link_to_one_subject"),)

    def __str__(self) -> str:
        return f"link {self.pk}"


class Subscription(BaseAnalyticsModel):
    """Letters about one report or dashboard, every day or week at an hour of the deployment's zone.

    `sent_for` is the day of the newest letter; it moves in the transaction that puts the letters into the outbox.
    """

    report = models.ForeignKey(
        SavedReport, on_delete=models.CASCADE, null=True, blank=True, related_name="subscriptions"
    )
    dashboard = models.ForeignKey(
        Dashboard, on_delete=models.CASCADE, null=True, blank=True, related_name="subscriptions"
    )
    addresses = models.JSONField(
        default=list, help_text="E-mail addresses; whoever unsubscribes leaves them."
    )
    frequency = models.CharField(max_length=10, choices=Frequency.choices, default=Frequency.DAILY)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="Of weekly letters: 0 is Monday.")
    hour = models.PositiveSmallIntegerField(default=7)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_enabled = models.BooleanField(default=True)
    sent_for = models.DateField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=_ONE_SUBJECT, name="subscription_to_one_subject"),
            models.CheckConstraint(
                condition=models.Q(weekday__lt=7, hour__lt=24), name="subscription_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"subscription {self.pk}"
