"""The small protocol through which `analytics` learns about the project that it lives in.

`ANALYTICS_HOST` names a class by dotted path; without it `DefaultHost` serves. The host app imports
analytics, never the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Protocol

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from analytics import conf


class Host(Protocol):
    """What a host project may tell; every method has a usable answer in `DefaultHost`."""

    def distinct_id(self, user: AbstractBaseUser) -> str:
        """The id under which this user's events are stored; stable for the life of the user."""

    def person_properties(self, user: AbstractBaseUser) -> dict[str, object]:
        """Properties to set on the user's person; nothing personal unless the host chooses so."""

    def event_names(self) -> dict[str, str]:
        """The host's own names for the events that the metrics know (`payment_succeeded`, ...)."""

    def attendance_features(
        self, subjects: Sequence[str], requested_us: Sequence[float]
    ) -> dict[str, Sequence[float]]:
        """What the host knows of what was asked for, a value a request, nan where nothing: the days from the request
        (microseconds since 1970) until it begins, its price, and so on. The same names every time."""

    def cohorts(self) -> dict[str, Callable[[], Iterable[int]]]:
        """Sets of users that cohorts can be made of: a name, and what gives the primary keys (a `values_list`, say)."""


class DefaultHost:
    """Users are known by their primary key; no property leaves the user table."""

    def distinct_id(self, user: AbstractBaseUser) -> str:
        """The primary key as text, as PostHog's and Segment's guides advise."""
        return str(user.pk)

    def person_properties(self, user: AbstractBaseUser) -> dict[str, object]:
        """Nothing: a host declares what it wants on a person."""
        return {}

    def event_names(self) -> dict[str, str]:
        """The setting `ANALYTICS_EVENT_NAMES`."""
        return dict(conf.get().event_names)

    def attendance_features(
        self, subjects: Sequence[str], requested_us: Sequence[float]
    ) -> dict[str, Sequence[float]]:
        """None: the event stream alone is used."""
        return {}

    def cohorts(self) -> dict[str, Callable[[], Iterable[int]]]:
        """None: only a host knows its models."""
        return {}


@cache
def get() -> Host:
    """The host adapter that `ANALYTICS_HOST` names.

    Errors: `ImportError` when the dotted path leads nowhere.
    """
    path = getattr(settings, "ANALYTICS_HOST", "")
    return import_string(path)() if path else DefaultHost()


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "ANALYTICS_HOST":
        get.cache_clear()
