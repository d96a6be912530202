"""Events in the admin: the newest first, found by what the indexes know."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from analytics.admin.base import LargeTable, RecordAdmin, as_code, uuid_is
from analytics.models import PersonDistinctId, UserEvent


@admin.register(UserEvent)
class UserEventAdmin(RecordAdmin, LargeTable):
    """Stored events. No date hierarchy: it would read the whole table for its list of years."""

    list_display = ("event_name", "event_type", "distinct_id", "user", "page_path", "timestamp", "source")
    list_filter = ("event_type", "source", ("timestamp", admin.DateFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("event_name",)
    search_help_text = _("Exact event name, distinct id, session id or uuid")
    ordering = ("-timestamp",)
    readonly_fields = ("properties",)

    fieldsets = (
        (None, {"fields": ("event_name", "event_type", "action", "timestamp", "uuid")}),
        (_("Who"), {"fields": ("user", "person", "distinct_id", "anonymous_id", "session_id")}),
        (_("Where"), {"fields": ("page_url", "page_path", "referrer", "device_type", "browser", "os", "user_agent",
                                 "ip_address")}),
        (_("Properties"), {"fields": ("properties",)}),
        (_("Worth and speed"), {"fields": ("revenue_impact", "conversion_value", "response_time_ms", "status_code")}),
        (_("Judged"), {"fields": ("sentiment_score", "intent_classification", "engagement_level")}),
        (_("Way in"), {"fields": ("source", "ingest_key", "client_timestamp", "sent_at", "received_at", "created_at",
                                  "updated_at", "insert_xid")}),
        (_("Lineage and retention"), {"fields": ("parent_uuid", "lineage_depth", "retention_days", "is_archived",
                                                 "archived_at")}),
    )  # fmt: skip

    @admin.display(description=_("properties"))
    def properties(self, event: UserEvent) -> SafeString:
        """The event's metadata, readable."""
        return as_code(event.metadata)

    def find(self, term: str) -> Q:
        """By name, session or uuid, or all events of the person node that owns a distinct id."""
        node = PersonDistinctId.objects.filter(distinct_id=term).values_list("person_id", flat=True).first()
        found = Q(event_name=term) | Q(session_id=term) | uuid_is(term)
        return found if node is None else found | Q(person_id=node)
