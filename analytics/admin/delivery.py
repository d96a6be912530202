"""Deliveries: every try, and how each sink is doing."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics.admin.base import LargeTable, RecordAdmin
from analytics.models import DeliveryAttempt, SinkState


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(RecordAdmin, LargeTable):
    """One row a try."""

    list_display = ("message", "at", "is_delivered", "status_code", "duration_ms", "error")
    list_filter = ("is_delivered",)
    list_select_related = ("message",)
    search_fields = ("message",)
    search_help_text = _("Number of the message")
    ordering = ("-id",)

    def find(self, term: str) -> Q:
        """The tries of a message."""
        return Q(message_id=int(term)) if term.isdecimal() and len(term) < 19 else Q(pk__in=[])


@admin.register(SinkState)
class SinkStateAdmin(RecordAdmin):
    """How a sink is doing."""

    list_display = (
        "sink",
        "last_delivered_at",
        "delivered",
        "faults_in_a_row",
        "resting_until",
        "last_error",
    )
    ordering = ("sink",)
