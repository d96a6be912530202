"""Delivering what is in the outbox: claim, send, settle, sink by sink, until nothing is due.

May be killed at any line: what it had claimed goes out again when the lease ends. Any number may run at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from analytics import clock, conf
from analytics.delivery import forwarding
from analytics.delivery.subscribers import SINK, send_to_subscriber
from analytics.delivery.targets import send_to_target
from analytics.models import OutboxMessage
from analytics.models.choices import OutboxState
from analytics.store import forwarded, outbox
from analytics.store.outbox import Try

logger = logging.getLogger("analytics.delivery")

#: A turn ends well before the time limit of tasks (240 s).
TURN_S = 120.0
#: So many messages of one sink before the next sink has its turn; each takes `outbound.TIMEOUT_S` at most.
_AT_ONCE = 5
#: Longer than the claimed messages can take, look-ups of names included.
LEASE_S = 150.0

#: By the sink's name up to its colon: who sends a message. Others are sinks of events.
SENDERS: dict[str, Callable[[OutboxMessage], Try]] = {"target": send_to_target, SINK: send_to_subscriber}


@dataclass(frozen=True)
class Delivered:
    """Messages that were delivered, will be tried again, and were given up."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0


def deliver_due(turn_s: float = TURN_S, lease_s: float = LEASE_S) -> Delivered:
    """Deliver what is due, for one turn at most."""
    done, ends_s = Delivered(), time.monotonic() + turn_s
    has_claimed = True
    while has_claimed:
        has_claimed = False
        for sink in outbox.due_sinks():
            for message in outbox.claim(sink, _AT_ONCE, lease_s):
                done = _add(done, _deliver(message))
                has_claimed = True
            if time.monotonic() > ends_s:
                return done
    return done


def tidy() -> int:
    """Forget delivered messages, tries, and the minutes of sinks, past `ANALYTICS_RECEIPT_DAYS`; how many messages."""
    before = clock.now() - timedelta(days=conf.get().receipt_days)
    forwarded.forget(before)
    return outbox.forget(before)


def _deliver(message: OutboxMessage) -> OutboxMessage:
    started_s = time.monotonic()
    result = _send(message)
    result = replace(result, duration_ms=int((time.monotonic() - started_s) * 1000))
    if not outbox.settle(message, result):
        logger.warning("message %s was claimed by another worker meanwhile", message.uuid)
    elif message.state == OutboxState.DEAD:
        logger.error("message %s to %s is given up: %s", message.uuid, message.sink, result.error)
    elif result.error:
        logger.info("message %s to %s is not delivered yet: %s", message.uuid, message.sink, result.error)
    return message


def _send(message: OutboxMessage) -> Try:
    send = SENDERS.get(message.sink.partition(":")[0], forwarding.send_put_aside)
    try:
        return send(message)
    except Exception as error:  # whatever one message does, the others go out
        logger.exception("message %s to %s cannot be sent", message.uuid, message.sink)
        return Try(f"sending failed: {type(error).__name__}")


def _add(done: Delivered, message: OutboxMessage) -> Delivered:
    return Delivered(
        done.delivered + (message.state == OutboxState.DELIVERED),
        done.failed + (message.state == OutboxState.PENDING),
        done.given_up + (message.state == OutboxState.DEAD),
    )
