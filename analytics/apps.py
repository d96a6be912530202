"""The Django application: its name, and the signal receivers that it connects when ready."""

from __future__ import annotations

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Register `analytics` and connect login, logout and tracked-model signals."""

    name = "analytics"
    verbose_name = "Analytics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signal receivers, and what follows a migration, once all models are loaded."""
        from analytics import signals
        from analytics.store import triggers

        signals.connect()
        triggers.connect()
