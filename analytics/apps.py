"""The Django application: its name, and the signal receivers that it connects when ready."""

from __future__ import annotations

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Register `analytics` and connect login, logout and tracked-model signals, and what counts stored events."""

    name = "analytics"
    verbose_name = "Analytics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signal receivers, and what follows a migration, once all models are loaded."""
        from analytics import checks as checks  # registers itself
        from analytics import signals
        from analytics.monitoring import events
        from analytics.store import groups, triggers

        signals.connect()
        events.connect()
        triggers.connect()
        groups.connect()
