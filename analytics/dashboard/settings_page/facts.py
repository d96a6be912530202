"""What is set, and where it is set: a name, a value that may be shown, and the variable. Never a secret's value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from analytics import conf
from analytics.ai_services.language_model.settings import ModelSettings
from analytics.dashboard import wording


@dataclass(frozen=True)
class Fact:
    """One setting. `variable` is that of the environment; `in_code` where only the project's settings file has it."""

    label: str
    value: str
    variable: str
    hint: str = ""
    in_code: bool = False


@dataclass(frozen=True)
class Group:
    """Settings that belong together; `state` says for a service whether it is on."""

    key: str
    title: str
    facts: list[Fact]
    state: str = ""
    is_on: bool | None = None


def groups() -> list[Group]:
    """All groups, in reading order."""
    given = conf.get()
    return [_retention(given), _privacy(given), _forwarding(given), _ai(given), _access(given)]


def _retention(given: conf.AnalyticsSettings) -> Group:
    return Group("retention", _("Retention"), [
        Fact(_("Events are kept for"), _days(given.retention_days), "ANALYTICS_RETENTION_DAYS",
             _("Of events that arrive from now on; an event keeps the length that it came with.")),
        Fact(_("Rows stay in the database for"), _days(given.hot_days), "ANALYTICS_HOT_DAYS",
             _("Older ones are in the lake alone, where every answer finds them.")),
        Fact(_("Receipts are kept for"), _days(given.receipt_days), "ANALYTICS_RECEIPT_DAYS", in_code=True),
        Fact(_("Time zone of days and charts"), str(given.zone), "ANALYTICS_TIME_ZONE"),
    ])  # fmt: skip


def _privacy(given: conf.AnalyticsSettings) -> Group:
    modes = {
        "cut": _("Cut: the last part is taken away before anything is stored"),
        "full": _("Full: stored as they are"),
        "hash": _("Hashed: the same address has the same hash"),
        "none": _("Not stored"),
    }
    obeyed = _("Obeyed: visitors who ask for it are not recorded by the middleware")
    return Group("privacy", _("Privacy"), [
        Fact(_("IP addresses"), modes.get(given.ip_mode, given.ip_mode), "ANALYTICS_IP_MODE"),
        Fact(_("Do Not Track"), obeyed if given.respect_do_not_track else _("Not obeyed"),
             "ANALYTICS_RESPECT_DO_NOT_TRACK", in_code=True),
        Fact(_("Properties that may be forwarded"), _names(given.forward_properties),
             "ANALYTICS_FORWARD_PROPERTIES", _("Everything else stays here.")),
        Fact(_("Pages elsewhere that may read the API"), _names(given.cors_allowed_origins),
             "ANALYTICS_CORS_ALLOWED_ORIGINS"),
        Fact(_("Inner hosts that deliveries may reach"), _names(given.outbound_private_hosts),
             "ANALYTICS_OUTBOUND_PRIVATE_HOSTS"),
        Fact(_("Properties that are read as texts"), _names(given.text_properties),
             "ANALYTICS_TEXT_PROPERTIES", _("Their sentiment is worked out on this machine."), in_code=True),
        Fact(_("Capture inside Django"), _on_off(given.enabled), "ANALYTICS_ENABLED"),
    ])  # fmt: skip


def _forwarding(given: conf.AnalyticsSettings) -> Group:
    is_on = bool(getattr(settings, "POSTHOG_API_KEY", ""))
    state = (
        _("On: every event that is stored is handed on")
        if is_on
        else _("Off: no key is set, so nothing leaves")
    )
    return Group("forwarding", _("Forwarding"), [
        Fact(_("Key"), _set(is_on), "POSTHOG_API_KEY"),
        Fact(_("Server"), origin(getattr(settings, "POSTHOG_HOST", "")), "POSTHOG_HOST"),
        Fact(_("Properties that leave"), _names(given.forward_properties), "ANALYTICS_FORWARD_PROPERTIES"),
    ], state, is_on)  # fmt: skip


def _ai(given: conf.AnalyticsSettings) -> Group:
    model = ModelSettings.current()
    if not model.is_enabled:
        state = _("Off: AI_SERVICES_ENABLED says so")
    elif model.api_key:
        state = _("On, with an outside model")
    else:
        state = _("On, on this machine alone: no key of an outside model is set")
    return Group("ai", _("AI services"), [
        Fact(_("AI services"), _on_off(model.is_enabled), "AI_SERVICES_ENABLED"),
        Fact(_("Key of the outside model"), _set(bool(model.api_key)), "OPENAI_API_KEY"),
        Fact(_("Endpoint"), origin(model.base_url), "OPENAI_BASE_URL"),
        Fact(_("Model"), model.model, "OPENAI_MODEL"),
        Fact(_("Requests a day at most"), wording.number(given.ai_daily_budget), "ANALYTICS_AI_DAILY_BUDGET"),
        Fact(_("Its answers are kept for"), _days(given.ai_cache_days), "ANALYTICS_AI_CACHE_DAYS"),
    ], state, model.is_enabled)  # fmt: skip


def _access(given: conf.AnalyticsSettings) -> Group:
    secret = (
        _set(bool(given.metrics_token))
        if given.metrics_token
        else _("not set: this machine alone may read it")
    )
    return Group("access", _("Limits and monitoring"), [
        Fact(_("API requests a minute"), _limit(given.rate_limit_per_minute), "ANALYTICS_RATE_LIMIT_PER_MINUTE"),
        Fact(_("Logins a minute from one address"), _limit(given.login_limit_per_minute),
             "ANALYTICS_LOGIN_LIMIT_PER_MINUTE"),
        Fact(_("Proxies in front"), wording.number(given.trusted_proxies), "ANALYTICS_TRUSTED_PROXIES"),
        Fact(_("Token of GET /metrics"), secret, "ANALYTICS_METRICS_TOKEN"),
        Fact(_("Events that may wait in a process"), wording.number(given.max_pending_events),
             "ANALYTICS_MAX_PENDING_EVENTS"),
    ])  # fmt: skip


def _days(count: int) -> str:
    return _("%(days)s days") % {"days": wording.number(count)}


def _limit(count: int) -> str:
    return wording.number(count) if count else _("no limit")


def _on_off(is_on: bool) -> str:
    return _("On") if is_on else _("Off")


def _set(is_set: bool) -> str:
    return _("set") if is_set else _("not set")


def _names(names: tuple[Any, ...]) -> str:
    return ", ".join(str(name) for name in names) or _("none")


def origin(url: str) -> str:
    """Scheme and host: an address may carry a password before its host, or a token in its path."""
    try:
        parts = urlsplit(str(url))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return _("unreadable")
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
