"""The settings that `analytics` reads, with their defaults, in one place.

Values come from Django's settings; `get()` reads them once and again after Django's
`setting_changed` signal, so `override_settings` works in tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver


@dataclass(frozen=True)
class AnalyticsSettings:
    """One field per Django setting `ANALYTICS_<FIELD>`; the defaults are the documented ones."""

    enabled: bool = True
    retention_days: int = 365
    batch_size: int = 1000
    hot_days: int = 30
    lake_uri: str = ""
    lake_storage_options: dict[str, str] = field(default_factory=dict)
    time_zone: str = ""
    host: str = ""
    tracked_models: dict[str, Any] = field(default_factory=dict)
    trusted_proxies: int = 0
    ip_mode: str = "cut"
    respect_do_not_track: bool = True
    consent: str = ""
    allowed_properties: tuple[str, ...] = ()
    denied_properties: tuple[str, ...] = ()
    import_dir: str = ""
    postgres_programs: str = ""
    max_pending_events: int = 20_000
    inline_writer: bool | None = None
    max_batch_body_bytes: int = 20 * 1024 * 1024
    max_event_bytes: int = 1024 * 1024
    receipt_days: int = 14
    merge_refresh_s: float = 2.0
    middleware_ignored_paths: tuple[str, ...] = (
        "/static/",
        "/media/",
        "/favicon.ico",
    )
    cors_allowed_origins: tuple[str, ...] = ()
    rate_limit_per_minute: int = 600
    login_limit_per_minute: int = 30
    event_names: dict[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    public_url: str = ""
    metrics_token: str = ""
    prometheus_dir: str = ""
    text_properties: tuple[str, ...] = ("message", "text", "comment", "feedback", "review")
    location_property: str = "city"
    model_days: int = 365
    ai_daily_budget: int = 1000
    ai_cache_days: int = 30
    mcp_writes: bool = False
    outbound_private_hosts: tuple[str, ...] = ()
    forward_properties: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ("analytics.delivery.sinks.posthog.PostHogSink",)

    @property
    def zone(self) -> ZoneInfo:
        """The deployment's time zone: `ANALYTICS_TIME_ZONE`, else Django's `TIME_ZONE`."""
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)


@cache
def get() -> AnalyticsSettings:
    """The settings as they stand now."""
    given = {
        f.name: getattr(settings, f"ANALYTICS_{f.name.upper()}")
        for f in fields(AnalyticsSettings)
        if hasattr(settings, f"ANALYTICS_{f.name.upper()}")
    }
    return AnalyticsSettings(**given)


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith("ANALYTICS_") or setting == "TIME_ZONE":
        get.cache_clear()
