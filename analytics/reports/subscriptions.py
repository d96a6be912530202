"""Subscriptions: who gets letters about a report or dashboard, when, and that each period is sent once.

A letter of day d tells of the day before, a weekly one of the seven days before. What it says is made by the caller
before the row is locked; the day moves on in the transaction that puts the letters into the outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from analytics import clock, conf
from analytics.delivery import subscribers
from analytics.errors import BadInput, NotFound, Unavailable
from analytics.models import Subscription
from analytics.models.choices import Frequency
from analytics.reports.sharing import Subject, of_subject
from analytics.store.outbox import put_message

logger = logging.getLogger("analytics.reports")

KIND = "report"
MOST_ADDRESSES = 20
_WEEK_DAYS = 7

#: Makes a letter's payload; None where there is nothing to tell of.
Write = Callable[[Subscription, date, date], dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """To whom, and when. `weekday` 0 is Monday and only counts for weekly letters; `hour` is the deployment's."""

    addresses: Sequence[str]
    frequency: str
    weekday: int = 0
    hour: int = 7


@dataclass(frozen=True)
class Sent:
    """Letters that were put into the outbox, and subscriptions whose figures could not be read now."""

    queued: int = 0
    postponed: int = 0


def subscribe(user: AbstractBaseUser, subject: Subject, plan: Plan) -> Subscription:
    """Begin with the next time that is due. **Errors**: `BadInput` naming what is wrong with the plan."""
    addresses = _check(plan)
    made = Subscription(
        addresses=addresses,
        frequency=plan.frequency,
        weekday=plan.weekday,
        hour=plan.hour,
        owner_id=user.pk,
        source="manual",
        **of_subject(subject),
    )
    made.sent_for = due_day(made, clock.now())
    made.save()
    return made


def find_subscription(uuid: UUID) -> Subscription:
    """One subscription. **Errors**: `NotFound`."""
    found = Subscription.objects.filter(uuid=uuid).select_related("report", "dashboard").first()
    if found is None:
        raise NotFound("there is no such subscription")
    return found


def list_subscriptions(subject: Subject) -> list[Subscription]:
    """Those of a subject, the oldest first."""
    return list(Subscription.objects.filter(**of_subject(subject)).select_related("owner").order_by("pk"))


def due_day(subscription: Subscription, now: datetime) -> date:
    """The newest day whose letter may go out: its hour has come in the deployment's zone."""
    local = now.astimezone(conf.get().zone)
    day = local.date() if local.hour >= subscription.hour else local.date() - timedelta(days=1)
    if subscription.frequency == Frequency.WEEKLY:
        day -= timedelta(days=(day.weekday() - subscription.weekday) % _WEEK_DAYS)
    return day


def days_of(subscription: Subscription, day: date) -> tuple[date, date]:
    """The first and the last day that the letter of a day tells of."""
    length = _WEEK_DAYS if subscription.frequency == Frequency.WEEKLY else 1
    return day - timedelta(days=length), day - timedelta(days=1)


def send_due(write: Write) -> Sent:
    """Put the letters of every subscription that is due. What was missed is not made up for: the newest goes out.

    A subscription whose figures cannot be read now stays due.
    """
    queued = postponed = 0
    now = clock.now()
    waiting = Subscription.objects.filter(is_enabled=True).select_related("report", "dashboard")
    for subscription in waiting.order_by("pk"):
        day = due_day(subscription, now)
        if subscription.sent_for >= day:
            continue
        try:
            payload = write(subscription, *days_of(subscription, day))
        except Unavailable as error:
            logger.warning("subscription %s waits: %s", subscription.pk, error.detail)
            postponed += 1
            continue
        queued += _put(subscription.pk, day, payload)
    return Sent(queued, postponed)


def _put(number: int, day: date, payload: dict[str, Any]) -> int:
    """Letters for everybody who is in the subscription now, unless somebody has put those of the day meanwhile."""
    with transaction.atomic():
        rows = Subscription.objects.filter(pk=number, is_enabled=True, sent_for__lt=day)
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        claimed = rows.first()
        if claimed is None:
            return 0
        for address in claimed.addresses:
            put_message(
                sink=subscribers.sink_of(number),
                kind=KIND,
                payload={
                    **payload,
                    "to": address,
                    "unsubscribe": subscribers.unsubscribe_link(number, address),
                },
            )
        claimed.sent_for = day
        claimed.save(update_fields=["sent_for", "updated_at"])
        return len(claimed.addresses)


def _check(plan: Plan) -> list[str]:
    addresses = list(dict.fromkeys(address.strip() for address in plan.addresses if address.strip()))
    if not 1 <= len(addresses) <= MOST_ADDRESSES:
        raise BadInput(f"1 to {MOST_ADDRESSES} e-mail addresses are expected", code="bad_address")
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError as error:
            raise BadInput(f"“{address[:80]}” is no e-mail address", code="bad_address") from error
    if plan.frequency not in Frequency.values or not 0 <= plan.weekday < 7 or not 0 <= plan.hour < 24:
        raise BadInput("daily, or weekly on a weekday; at an hour from 0 to 23", code="bad_time")
    if not conf.get().public_url:
        raise BadInput(
            "set ANALYTICS_PUBLIC_URL first: a letter needs a link by which its reader can unsubscribe",
            code="no_public_url",
        )
    return addresses
