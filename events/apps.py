"""The Django application of the demo host."""

from __future__ import annotations

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Register `events`."""

    name = "events"
    verbose_name = "Meetups"
    default_auto_field = "django.db.models.BigAutoField"
