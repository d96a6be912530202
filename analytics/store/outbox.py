"""What is to be delivered outside: put in the transaction that causes it, claimed with a lease, settled once.

A message goes out at least once: its worker may die after the delivery and before it is noted, so every message
carries its `uuid`, by which receivers know it again. Messages of one ordering key go out one after the other.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Min, Q, QuerySet

from analytics import clock, queueing
from analytics.models import DeliveryAttempt, OutboxMessage, SinkState
from analytics.models.choices import OutboxState

#: With the waits below, 24 tries are 11 to 16 hours: a night's outage is sat out.
MAX_ATTEMPTS = 24
BACK_OFF_S = 10.0
LONGEST_WAIT_S = 3600.0

TASK = "analytics.tasks.deliver_messages"

_ERROR_LENGTH = 500
_FORGOTTEN_AT_ONCE = 5_000


@dataclass(frozen=True)
class Try:
    """How one delivery went; an empty `error` is a delivery. `is_final`: trying again cannot help."""

    error: str = ""
    status_code: int | None = None
    duration_ms: int = 0
    retry_after_s: float | None = None
    is_final: bool = False


def put_message(
    *,
    sink: str,
    kind: str,
    payload: dict[str, Any],
    ordering_key: str = "",
    available_at: datetime | None = None,
) -> OutboxMessage:
    """Write a message in the caller's transaction; it goes out once that has committed, not before `available_at`.

    Messages of one sink and `ordering_key` go out in the order in which they were put, as far as their transactions
    came one after the other; without a key there is no order.
    """
    queueing.wake(TASK)
    return OutboxMessage.objects.create(
        sink=sink,
        kind=kind,
        payload=payload,
        ordering_key=ordering_key,
        available_at=available_at or clock.now(),
        source="system",
    )


def sink_of_target(target_id: int) -> str:
    """The sink of an `AlertTarget`: each has its own, so that one that is away holds up no other."""
    return f"target:{target_id}"


def due_sinks() -> list[str]:
    """Sinks that have a message which may go out now, or as soon as those before it have."""
    return sorted(_due(clock.now()).order_by().values_list("sink", flat=True).distinct())


def claim(sink: str, limit: int, lease_s: float) -> list[OutboxMessage]:
    """Messages that are due, the longest due first, ours until the lease ends; of a key only the first that waits.

    A message whose workers died until no try was left is given up instead.
    """
    now = clock.now()
    leased_until = now + timedelta(seconds=lease_s)
    with transaction.atomic():
        ready = _due(now).filter(sink=sink)
        _give_up(ready.filter(attempts__gte=MAX_ATTEMPTS))
        chosen = ready.filter(Q(ordering_key="") | Q(pk__in=_first_of_each_key(sink))).order_by(
            "available_at", "id"
        )
        if connection.vendor == "postgresql":
            chosen = chosen.select_for_update(skip_locked=True, of=("self",))
        messages = list(chosen[:limit])
        OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
            leased_until=leased_until, attempts=F("attempts") + 1, updated_at=now
        )
    for message in messages:
        message.leased_until, message.attempts = leased_until, message.attempts + 1
    return messages


def settle(message: OutboxMessage, result: Try) -> bool:
    """Note how a claimed message fared: delivered, to be tried again later, or given up.

    False where its lease had ended and somebody else has claimed it since: then it is theirs to settle.
    """
    now = clock.now()
    state, available_at = OutboxState.PENDING, message.available_at
    if not result.error:
        state = OutboxState.DELIVERED
    elif result.is_final or message.attempts >= MAX_ATTEMPTS:
        state = OutboxState.DEAD
    else:
        available_at = now + wait_after(message.attempts, result.retry_after_s)
    with transaction.atomic():
        _log(message, result, now)
        changed = OutboxMessage.objects.filter(
            pk=message.pk, attempts=message.attempts, state=OutboxState.PENDING
        ).update(
            state=state,
            available_at=available_at,
            leased_until=None,
            delivered_at=now if state == OutboxState.DELIVERED else None,
            last_error=result.error[:_ERROR_LENGTH],
            updated_at=now,
        )
    message.state = state
    return bool(changed)


def wait_after(attempts: int, retry_after_s: float | None = None) -> timedelta:
    """How long to wait after so many tries: doubling, by up to a half less so that not all come back at once."""
    longest_s = min(LONGEST_WAIT_S, BACK_OFF_S * 2 ** min(attempts - 1, 20))
    wait_s = longest_s * random.uniform(0.5, 1.0)  # noqa: S311 (spreads load, hides nothing)
    return timedelta(seconds=max(wait_s, min(retry_after_s or 0.0, LONGEST_WAIT_S)))


def requeue(messages: QuerySet[OutboxMessage]) -> int:
    """Let messages that were given up go out again, from now on and with all their tries; how many there were."""
    now = clock.now()
    return messages.filter(state=OutboxState.DEAD).update(
        state=OutboxState.PENDING, attempts=0, available_at=now, leased_until=None, updated_at=now
    )


def forget(before: datetime) -> int:
    """Delete delivered messages, and tries of all, that are older; how many messages. What was given up stays."""
    DeliveryAttempt.objects.filter(at__lt=before).delete()
    old = OutboxMessage.objects.filter(state=OutboxState.DELIVERED, delivered_at__lt=before).order_by("pk")
    total = 0
    while ids := list(old.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE]):
        OutboxMessage.objects.filter(pk__in=ids).delete()
        total += len(ids)
    return total


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    is_free = Q(leased_until=None) | Q(leased_until__lte=now)
    return OutboxMessage.objects.filter(is_free, state=OutboxState.PENDING, available_at__lte=now)


def _first_of_each_key(sink: str) -> QuerySet[OutboxMessage, Any]:
    """One pass of the index, however many messages of a key are waiting."""
    waiting = OutboxMessage.objects.filter(sink=sink, state=OutboxState.PENDING).exclude(ordering_key="")
    return waiting.order_by().values("ordering_key").annotate(first=Min("pk")).values("first")


def _give_up(messages: Iterable[OutboxMessage]) -> None:
    for message in messages:
        settle(message, Try(f"its worker died at the last of {message.attempts} tries", is_final=True))


def _log(message: OutboxMessage, result: Try, now: datetime) -> None:
    error = result.error[:_ERROR_LENGTH]
    DeliveryAttempt.objects.create(
        message=message,
        at=now,
        is_delivered=not error,
        status_code=result.status_code,
        duration_ms=result.duration_ms,
        error=error,
    )
    changes: dict[str, Any] = {
        "last_error": error, "last_error_at": now, "faults_in_a_row": F("faults_in_a_row") + 1,
    } if error else {"last_delivered_at": now, "delivered": F("delivered") + 1, "faults_in_a_row": 0}  # fmt: skip
    SinkState.objects.get_or_create(sink=message.sink)
    SinkState.objects.filter(sink=message.sink).update(**changes)
