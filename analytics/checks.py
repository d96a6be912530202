"""System checks: what is wrong with the project's settings, each with a number that stands for good and with the fix.

Errors are what would break or lose something; warnings are what does without, and say what is missing then. Nothing
here reads the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connections
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from analytics import conf, host

Check = Callable[[], Iterator[CheckMessage]]

_MIDDLEWARE = "analytics.middleware.AnalyticsMiddleware"
_BEFORE_OURS = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
_IP_MODES = ("cut", "full", "hash", "none")
_HOST_METHODS = ("distinct_id", "person_properties", "event_names", "attendance_features", "cohorts")
_DASHBOARD_APPS = (
    "django.contrib.admin", "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
)  # fmt: skip
_BLACKLIST = "rest_framework_simplejwt.token_blacklist"
_FIRST_TASK = "analytics.tasks.seal_events"


@register("analytics")
def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """All messages."""
    return [message for check in CHECKS for message in check()]


def _check_host() -> Iterator[CheckMessage]:
    path = getattr(settings, "ANALYTICS_HOST", "")
    try:
        found = host.get()
    except Exception as error:  # whatever the project's module raises
        hint = "Give ANALYTICS_HOST the dotted path of your adapter class, or leave it out."
        yield Error(f"ANALYTICS_HOST: {path!r} cannot be loaded: {error}", hint=hint, id="analytics.E001")
        return
    lacking = [name for name in _HOST_METHODS if not callable(getattr(found, name, None))]
    if lacking:
        hint = "Derive it from analytics.host.DefaultHost and override what you want."
        yield Error(f"ANALYTICS_HOST: {path!r} lacks {', '.join(lacking)}", hint=hint, id="analytics.E001")


def _check_lake() -> Iterator[CheckMessage]:
    uri = conf.get().lake_uri or str(Path(getattr(settings, "BASE_DIR", "")) / ".loopin" / "lake")
    if not conf.get().lake_uri and not hasattr(settings, "BASE_DIR"):
        hint = "Set ANALYTICS_LAKE_URI to a folder that stays, or to an s3:// URI."
        yield Error("ANALYTICS_LAKE_URI is not set, and there is no BASE_DIR", hint=hint, id="analytics.E002")
    elif "://" not in uri and (problem := _cannot_write(Path(uri))):
        hint = "Give ANALYTICS_LAKE_URI a folder that this account may write, or let it be made."
        yield Error(f"the lake's folder {problem}", hint=hint, id="analytics.E002")


def _cannot_write(folder: Path) -> str:
    """Why nothing can be written there, as far as can be seen without writing; empty where it can."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        return f"{folder} cannot be made: {nearest} is a file"
    return (
        ""
        if os.access(nearest, os.W_OK | os.X_OK)
        else f"{folder} cannot be written: {nearest} does not let us"
    )


def _check_middleware() -> Iterator[CheckMessage]:
    listed = list(settings.MIDDLEWARE)
    if _MIDDLEWARE not in listed:
        return
    late = [
        name for name in _BEFORE_OURS if name in listed and listed.index(name) > listed.index(_MIDDLEWARE)
    ]
    if late:
        hint = f"Move {_MIDDLEWARE} below it, or every visitor is a stranger."
        yield Error(f"AnalyticsMiddleware stands before {late[-1]}", hint=hint, id="analytics.E003")


def _check_metrics() -> Iterator[CheckMessage]:
    from analytics.metrics.registry import all_metrics

    try:
        all_metrics()
    except Exception as error:  # whatever the project's module raises
        hint = "Mend the declaration, or take it out of ANALYTICS_METRICS."
        yield Error(f"ANALYTICS_METRICS: {error}", hint=hint, id="analytics.E004")


def _check_consent() -> Iterator[CheckMessage]:
    path = conf.get().consent
    if not path:
        return
    try:
        is_callable = callable(import_string(path))
        problem = "" if is_callable else "is not a function"
    except Exception as error:  # whatever the project's module raises
        problem = f"cannot be loaded: {error}"
    if problem:
        hint = "Give the dotted path of a function that takes a request and returns True or False."
        yield Error(f"ANALYTICS_CONSENT: {path!r} {problem}", hint=hint, id="analytics.E005")


def _check_values() -> Iterator[CheckMessage]:
    given = conf.get()
    if given.ip_mode not in _IP_MODES:
        hint = f"One of {', '.join(_IP_MODES)}."
        yield Error(f"ANALYTICS_IP_MODE: {given.ip_mode!r} is none", hint=hint, id="analytics.E006")
    try:
        ZoneInfo(given.time_zone or settings.TIME_ZONE)
    except (KeyError, ValueError, OSError):
        hint = "An IANA name such as Europe/Berlin."
        yield Error(f"ANALYTICS_TIME_ZONE: {given.time_zone!r} is none", hint=hint, id="analytics.E006")
    for name in ("allowed_properties", "denied_properties", "middleware_ignored_paths"):
        if isinstance(getattr(given, name), str):
            setting = f"ANALYTICS_{name.upper()}"
            yield Error(f"{setting} is a text", hint="Give a list of names.", id="analytics.E006")
    if not settings.USE_TZ:
        yield Error(
            "USE_TZ is False", hint="Set USE_TZ = True: instants are kept in UTC.", id="analytics.E007"
        )


def _check_database() -> Iterator[CheckMessage]:
    connection = connections["default"]
    if connection.vendor not in ("postgresql", "sqlite"):
        hint = "Use PostgreSQL, or SQLite for something small."
        yield Error(f"analytics does not run on {connection.vendor}", hint=hint, id="analytics.E008")
    if connection.vendor == "sqlite" and not _begins_immediately(connection.settings_dict):
        yield Warning(
            "on SQLite an event may be lost while another process writes",
            hint='Set "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20} in DATABASES.',
            id="analytics.W101",
        )


def _begins_immediately(database: dict[str, Any]) -> bool:
    return str(database.get("OPTIONS", {}).get("transaction_mode", "")).upper() in ("IMMEDIATE", "EXCLUSIVE")


def _check_dashboard() -> Iterator[CheckMessage]:
    try:
        reverse("analytics:dashboard")
    except NoReverseMatch:
        return  # a project that only records events, without our pages and API
    lacking = [name for name in _DASHBOARD_APPS if not apps.is_installed(name)]
    if lacking:
        hint = "Put them into INSTALLED_APPS, or do not include analytics.urls."
        yield Error(f"the dashboard needs {', '.join(lacking)}", hint=hint, id="analytics.E009")
    else:
        yield from _check_files()
    yield from _check_logins()


def _check_files() -> Iterator[CheckMessage]:
    if not finders.find("unfold/js/chart/chart.js"):
        yield Warning(
            "the dashboard's charts and scripts are not among the static files",
            hint=(
                'Add "analytics.dashboard.finders.LibraryFilesFinder" to STATICFILES_FINDERS; or "unfold" to '
                'INSTALLED_APPS before "django.contrib.admin", which dresses your admin, too.'
            ),
            id="analytics.W102",
        )


def _check_logins() -> Iterator[CheckMessage]:
    if not apps.is_installed(_BLACKLIST):
        hint = f'Add "{_BLACKLIST}" to INSTALLED_APPS and migrate.'
        yield Warning("a logout from the API revokes no token", hint=hint, id="analytics.W103")
    if not apps.is_installed("axes"):
        hint = "Set up django-axes, or leave /api/auth/ to a proxy that counts; ANALYTICS_LOGIN_LIMIT_PER_MINUTE helps."
        yield Warning("failed logins are not counted by name", hint=hint, id="analytics.W104")


def _check_tasks() -> Iterator[CheckMessage]:
    from celery import current_app

    if not current_app.conf.broker_url:
        return  # manage.py analytics_worker needs neither
    scheduled = [entry.get("task") for entry in (current_app.conf.beat_schedule or {}).values()]
    if _FIRST_TASK not in scheduled:
        hint = (
            "CELERY_BEAT_SCHEDULE = {**analytics.schedule.SCHEDULE, ...}, or run manage.py analytics_worker."
        )
        yield Warning(
            "Celery has no schedule for analytics: nothing is sealed", hint=hint, id="analytics.W105"
        )


def _check_packages() -> Iterator[CheckMessage]:
    if getattr(settings, "OPENAI_API_KEY", "") and find_spec("openai") is None:
        hint = "pip install 'loopin-analytics[ai]'."
        yield Warning("OPENAI_API_KEY is set and openai is not installed", hint=hint, id="analytics.W106")
    if getattr(settings, "POSTHOG_API_KEY", "") and find_spec("posthog") is None:
        hint = "pip install 'loopin-analytics[posthog]'."
        yield Warning("POSTHOG_API_KEY is set and posthog is not installed", hint=hint, id="analytics.W107")


CHECKS: tuple[Check, ...] = (
    _check_host, _check_lake, _check_middleware, _check_metrics, _check_consent, _check_values, _check_database,
    _check_dashboard, _check_tasks, _check_packages,
)  # fmt: skip
