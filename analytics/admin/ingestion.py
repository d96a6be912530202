"""The way in: keys, ledger, receipts, refused events and imports."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, Q
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from analytics.admin.base import LargeTable, RecordAdmin, as_code, uuid_is
from analytics.admin.dress import ModelAdmin
from analytics.ingestion.keys import create_ingest_key, ring
from analytics.models import Dataset, IngestKey, LedgerEntry, Receipt, RejectedEvent

_MAX_BODY_SHOWN_BYTES = 20_000


@admin.register(IngestKey)
class IngestKeyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Keys: made here with a token of their own, switched off here, never deleted (events hold their label)."""

    list_display = ("label", "token", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("label", "token")
    ordering = ("-id",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """A new key needs a label only."""
        return ("label",) if obj is None else ("label", "token", "is_active", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Label and token stand for good."""
        return () if obj is None else ("label", "token", "created_at")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Switch it off instead."""
        return False

    def save_model(self, request: HttpRequest, obj: IngestKey, form: ModelForm[Any], change: bool) -> None:
        """Make the key, or switch it; this process knows at once, others within seconds."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            made = create_ingest_key(obj.label)
            obj.pk, obj.token, obj.created_at = made.pk, made.token, made.created_at
        ring.forget()

    def response_add(
        self, request: HttpRequest, obj: IngestKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token at once: it is what the key was made for."""
        text = _now("The key “%(label)s” is %(token)s. It may only write, so clients may carry it.")
        self.message_user(request, text % {"label": obj.label, "token": obj.token}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:analytics_ingestkey_change", args=(obj.pk,)))


@admin.register(LedgerEntry)
class LedgerEntryAdmin(RecordAdmin, LargeTable):
    """How many events met which outcome, hour by hour."""

    list_display = ("hour", "ingest_key", "outcome", "reason", "count")
    list_filter = ("outcome", ("hour", admin.DateFieldListFilter))
    search_fields = ("ingest_key",)
    search_help_text = _("Exact label of a key, or a reason")
    ordering = ("-hour", "-id")

    def find(self, term: str) -> Q:
        """By key or reason."""
        return Q(ingest_key=term) | Q(reason=term)


@admin.register(Receipt)
class ReceiptAdmin(RecordAdmin, LargeTable):
    """What became of single events, where the stored row does not tell."""

    list_display = ("uuid", "outcome", "reason", "received_at")
    list_filter = ("outcome",)
    search_fields = ("uuid",)
    search_help_text = _("uuid of an event")
    ordering = ("-received_at",)

    def find(self, term: str) -> Q:
        """By the event's uuid."""
        return uuid_is(term)


@admin.register(RejectedEvent)
class RejectedEventAdmin(RecordAdmin, LargeTable):
    """Events that were refused, with the reason and the body as it came."""

    list_display = ("reason", "detail", "outcome", "dialect", "ingest_key", "received_at", "replayed_at")
    list_filter = ("outcome", "dialect", ("received_at", admin.DateFieldListFilter))
    search_fields = ("reason",)
    search_help_text = _("Exact reason, label of a key, or uuid")
    ordering = ("-received_at",)
    readonly_fields = ("readable_body",)
    fields = (
        "uuid", "outcome", "reason", "detail", "dialect", "ingest_key", "received_at", "replayed_at", "readable_body",
    )  # fmt: skip

    @admin.display(description=_("body"))
    def readable_body(self, event: RejectedEvent) -> SafeString:
        """The beginning of the body; bytes that are no text show as such."""
        return as_code(bytes(event.body)[:_MAX_BODY_SHOWN_BYTES].decode(errors="backslashreplace"))

    def find(self, term: str) -> Q:
        """By reason, key or uuid."""
        return Q(reason=term) | Q(ingest_key=term) | uuid_is(term)


@admin.register(Dataset)
class DatasetAdmin(RecordAdmin):
    """Imports and how far they have come."""

    list_display = ("name", "state", "processed", "total_records", "duplicates", "rejected", "created_at")
    list_filter = ("state", "format")
    search_fields = ("name",)
    date_hierarchy = "created_at"
    ordering = ("-id",)
