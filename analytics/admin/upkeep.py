"""What upkeep keeps account of: noted changes, archived events and erasures."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics.admin.base import LargeTable, RecordAdmin, uuid_is
from analytics.models import ArchivedEvent, ErasedId, Erasure, EventChange
from analytics.store.erasure import digest


@admin.register(EventChange)
class EventChangeAdmin(RecordAdmin, LargeTable):
    """Rows whose change is not in the lake yet."""

    list_display = ("event_id", "noted_at")
    ordering = ("-id",)
    search_fields = ("event_id",)
    search_help_text = _("Row id of the event")

    def find(self, term: str) -> Q:
        """Changes of a row."""
        return Q(event_id=int(term)) if term.isdecimal() and len(term) < 19 else Q(pk__in=[])


@admin.register(ArchivedEvent)
class ArchivedEventAdmin(RecordAdmin, LargeTable):
    """Events that only the lake has."""

    list_display = ("uuid", "created_at", "ends_at", "ingest_key")
    ordering = ("-uuid",)
    search_fields = ("uuid",)
    search_help_text = _("Exact uuid")

    def find(self, term: str) -> Q:
        """The event of a uuid."""
        return uuid_is(term)


@admin.register(Erasure)
class ErasureAdmin(RecordAdmin):
    """Erasures and their certificates."""

    list_display = ("uuid", "requested_at", "deleted_rows", "rewritten_days", "rewritten_at", "completed_at")
    list_filter = (("completed_at", admin.EmptyFieldListFilter),)
    ordering = ("-id",)


@admin.register(ErasedId)
class ErasedIdAdmin(RecordAdmin, LargeTable):
    """Digests of erased ids; the ids themselves are gone."""

    list_display = ("digest", "erased_at")
    ordering = ("-erased_at",)
    search_fields = ("digest",)

    def find(self, term: str) -> Q:
        """The id itself is what people search for."""
        return Q(pk__in=[term, digest(term)])
