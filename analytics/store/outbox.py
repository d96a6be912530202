"""What is to be delivered outside: put in the transaction that causes it, claimed with a lease, settled once.

A message goes out at least once: its worker may die after the delivery and before it is noted, so every message
carries its `uuid`, by which receivers know it again. Messages of one ordering key go out one after the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analytics import clock
from analytics.models import OutboxMessage


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
    return OutboxMessage.objects.create(
        sink=sink,
        kind=kind,
        payload=payload,
        ordering_key=ordering_key,
        available_at=available_at or clock.now(),
        source="system",
    )
