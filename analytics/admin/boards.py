"""Saved reports, dashboards, notes, links and subscriptions, to look at: the dashboard's own pages change them."""

from __future__ import annotations

from django.contrib import admin

from analytics.admin.base import RecordAdmin
from analytics.models import Annotation, Dashboard, DashboardTile, SavedReport, ShareLink, Subscription


@admin.register(SavedReport)
class SavedReportAdmin(RecordAdmin):
    """Questions that were saved."""

    list_display = ("name", "analysis", "owner", "is_shared", "updated_at")
    list_filter = ("analysis", "is_shared")
    list_select_related = ("owner",)
    search_fields = ("name", "uuid__exact")
    ordering = ("name",)


@admin.register(Dashboard)
class DashboardAdmin(RecordAdmin):
    """Reports side by side."""

    list_display = ("name", "owner", "is_shared", "days", "updated_at")
    list_filter = ("is_shared",)
    list_select_related = ("owner",)
    search_fields = ("name", "uuid__exact")
    ordering = ("name",)


@admin.register(DashboardTile)
class DashboardTileAdmin(RecordAdmin):
    """Which report stands where."""

    list_display = ("dashboard", "position", "report", "width")
    list_select_related = ("dashboard", "report")
    search_fields = ("dashboard__name", "report__name")
    ordering = ("dashboard", "position")


@admin.register(Annotation)
class AnnotationAdmin(RecordAdmin):
    """What happened on which day."""

    list_display = ("happened_on", "text", "author")
    list_select_related = ("author",)
    search_fields = ("text",)
    ordering = ("-happened_on",)


@admin.register(ShareLink)
class ShareLinkAdmin(RecordAdmin):
    """Who may look without a login, and since when a link was used last. Its token is nowhere."""

    exclude = ("digest",)
    list_display = (
        "report",
        "dashboard",
        "made_by",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_select_related = ("report", "dashboard", "made_by")
    search_fields = ("report__name", "dashboard__name")
    ordering = ("-id",)


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    """Who gets letters about what."""

    list_display = ("report", "dashboard", "frequency", "addresses", "is_enabled", "sent_for")
    list_filter = ("frequency", "is_enabled")
    list_select_related = ("report", "dashboard")
    search_fields = ("report__name", "dashboard__name")
    ordering = ("-id",)
