"""Instants as a reader expects them: in the deployment's zone, exact to what the place needs."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from analytics import clock, conf
from analytics.dashboard import wording

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def instant(at: datetime | None) -> str:
    """Day and time; nothing for none."""
    return date_format(at.astimezone(conf.get().zone), "DATETIME_FORMAT") if at is not None else ""


def day(at: datetime) -> str:
    """The day alone."""
    return date_format(at.astimezone(conf.get().zone), "DATE_FORMAT")


def to_the_second(at: datetime) -> str:
    """The time of day with seconds: what tells two events apart."""
    return time_format(at.astimezone(conf.get().zone), "H:i:s")


def age(seconds: float) -> str:
    """A length of time in one unit: how old something is.

    Example:
        >>> age(0.2), age(75), age(7300), age(200_000)
        ('0 s', '1 min', '2 h', '2 days')
    """
    if seconds < _MINUTE_S:
        return _("%(count)s s") % {"count": wording.number(int(seconds))}
    if seconds < _HOUR_S:
        return _("%(count)s min") % {"count": wording.number(int(seconds // _MINUTE_S))}
    if seconds < 2 * _DAY_S:
        return _("%(count)s h") % {"count": wording.number(int(seconds // _HOUR_S))}
    return _("%(count)s days") % {"count": wording.number(int(seconds // _DAY_S))}


def ago(at: datetime | None) -> str:
    """How long ago; nothing for none."""
    if at is None:
        return ""
    seconds = (clock.now() - at).total_seconds()
    return _("just now") if seconds < 1 else _("%(age)s ago") % {"age": age(seconds)}
