"""The way out: messages and every try to deliver them, how each sink is doing, and what it has acknowledged."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from analytics.admin.base import LargeTable, RecordAdmin, uuid_is
from analytics.models import DeliveryAttempt, ForwardedDay, ForwardedMinute, OutboxMessage, SinkState
from analytics.store import forwarded, outbox

Rows = QuerySet[Any]


class ActingAdmin(RecordAdmin):
    """Records with acts, for those who hold the right to change them."""

    def has_act_permission(self, request: HttpRequest) -> bool:
        """What the actions ask for."""
        return request.user.has_perm(f"analytics.change_{self.opts.model_name}")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ActingAdmin, LargeTable):
    """What waits to be delivered, was, or has been given up."""

    list_display = ("kind", "sink", "state", "attempts", "available_at", "delivered_at", "last_error")
    list_filter = ("state", "kind")
    search_fields = ("sink",)
    search_help_text = _("Exact sink, or uuid")
    ordering = ("-id",)
    actions = ("send_again",)

    def find(self, term: str) -> Q:
        """By sink or uuid."""
        return Q(sink=term) | uuid_is(term)

    @admin.action(permissions=["act"], description=_("Send again what was given up"))
    def send_again(self, request: HttpRequest, queryset: Rows) -> None:
        """Let messages go out again."""
        count = outbox.requeue(
            queryset.model.objects.filter(pk__in=list(queryset.values_list("pk", flat=True)))
        )
        self.message_user(request, _now("%d messages go out again.") % count, messages.SUCCESS)


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
class SinkStateAdmin(ActingAdmin):
    """How a sink is doing."""

    list_display = (
        "sink", "last_delivered_at", "delivered", "waiting_events", "lag", "faults_in_a_row", "resting_until",
        "last_error",
    )  # fmt: skip
    ordering = ("sink",)
    actions = ("start_over",)

    @admin.display(description=_("waiting events"))
    def waiting_events(self, state: SinkState) -> int | None:
        """Events that a sink of events has yet to get."""
        return forwarded.lag(state).events if state.cluster else None

    @admin.display(description=_("lag"))
    def lag(self, state: SinkState) -> str | None:
        """The age of the oldest of them."""
        return f"{forwarded.lag(state).seconds:.0f} s" if state.cluster else None

    @admin.action(permissions=["act"], description=_("Send all events of the database again, from the first"))
    def start_over(self, request: HttpRequest, queryset: Rows) -> None:
        """Also the way to send what was stored before the sink was set up."""
        for state in queryset.exclude(cluster=0):
            forwarded.restart(state.sink)
        self.message_user(request, _now("The sinks start over."), messages.SUCCESS)


@admin.register(ForwardedDay)
class ForwardedDayAdmin(RecordAdmin):
    """What was stored on a day and what the sink has acknowledged of it."""

    list_display = ("sink", "day", "stored", "delivered", "refused", "waiting", "missing", "compared_at")
    list_filter = ("sink",)
    ordering = ("-day", "sink")


@admin.register(ForwardedMinute)
class ForwardedMinuteAdmin(RecordAdmin):
    """How far a sink was, minute by minute."""

    list_display = ("sink", "at", "events", "watermark", "row_id")
    list_filter = ("sink",)
    ordering = ("-id",)
