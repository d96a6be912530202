"""The meetup rows in the admin."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from events.models import Attendance, DemoRun, Feedback, Meetup, MeetupRequest, Member, Payment


class _Admin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """What all pages share: no count of the whole table for each page."""

    show_full_result_count = False


@admin.register(Meetup)
class MeetupAdmin(_Admin):
    """Meetups, soonest first."""

    list_display = ("title", "category", "city", "starts_at", "capacity", "price", "currency", "status")
    list_filter = ("status", "category", "city")
    search_fields = ("title",)
    date_hierarchy = "starts_at"
    autocomplete_fields = ("host",)


@admin.register(MeetupRequest)
class MeetupRequestAdmin(_Admin):
    """Requests to join."""

    list_display = ("meetup", "user", "status", "requested_at", "answered_at")
    list_filter = ("status",)
    list_select_related = ("meetup", "user")
    search_fields = ("meetup__title",)
    autocomplete_fields = ("meetup", "user")


@admin.register(Attendance)
class AttendanceAdmin(_Admin):
    """Who came."""

    list_display = ("request", "outcome", "recorded_at")
    list_filter = ("outcome",)
    autocomplete_fields = ("request",)


@admin.register(Payment)
class PaymentAdmin(_Admin):
    """Attempts to pay."""

    list_display = ("request", "amount", "currency", "status", "failure_code", "created_at")
    list_filter = ("status", "failure_code")
    autocomplete_fields = ("request",)


@admin.register(Feedback)
class FeedbackAdmin(_Admin):
    """Ratings and texts."""

    list_display = ("request", "rating", "text", "created_at")
    list_filter = ("rating",)
    search_fields = ("text",)
    autocomplete_fields = ("request",)


@admin.register(Member)
class MemberAdmin(_Admin):
    """Members of the meetup product."""

    list_display = ("user", "city", "verified_at")
    list_select_related = ("user",)
    list_filter = ("city",)
    autocomplete_fields = ("user",)


@admin.register(DemoRun)
class DemoRunAdmin(_Admin):
    """Demo data sets; `manage.py demo` makes and removes them."""

    list_display = ("seed", "users", "days", "ends_at", "events", "completed_at")

    def has_add_permission(self, request: object) -> bool:
        """The command makes them."""
        return False
