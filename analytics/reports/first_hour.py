"""What a deployment without events needs to know, and what one with events should know about their days.

The first hour: whether a first event has arrived. After an import of old
logs: on which days the events lie, so that an empty week is not taken for an empty product.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min, Q

from analytics import clock, conf
from analytics.models import UserEvent
from analytics.models.choices import Source
from analytics.reports.answering import answering
from analytics.store import lake


@dataclass(frozen=True)
class NewestEvent:
    """The event that arrived last."""

    name: str
    received_at: datetime


def find_newest_event(admin_path: str) -> NewestEvent | None:
    """The event that arrived last among those in the database; None when there is none.

    What Django itself noticed of the staff at work (their logins, pages under `admin_path`) does not count: whoever
    looks at an empty dashboard has just made such events by looking.
    """
    noticed = Q(source__in=(Source.SIGNAL, Source.MIDDLEWARE))
    of_staff = Q(user__is_staff=True) | Q(page_path__startswith=admin_path)
    row = (
        UserEvent.objects.exclude(noticed & of_staff)
        .order_by("-id")
        .values_list("event_name", "received_at")
        .first()
    )
    return None if row is None else NewestEvent(*row)


def has_events(admin_path: str) -> bool:
    """Whether any event has come in so far, by the same count; old ones may be in the lake only."""
    if find_newest_event(admin_path) is not None:
        return True
    hot_since = clock.now().date() - timedelta(days=conf.get().hot_days)
    with answering():
        files = lake.lake().snapshot().files
    return any(file.rows and file.day < hot_since for file in files)


def find_event_days() -> tuple[date, date] | None:
    """The first and the last local day with an event; None when there is no event at all.

    **Units**: days of the deployment's zone. Days of events that are in the lake only are UTC days, by which its
    files are kept.
    """
    zone = conf.get().zone
    hot = UserEvent.objects.aggregate(first=Min("timestamp"), last=Max("timestamp"))
    days = [at.astimezone(zone).date() for at in hot.values() if at is not None]
    with answering():
        files = lake.lake().snapshot().files
    days += [file.day for file in files if file.rows]
    return (min(days), max(days)) if days else None
