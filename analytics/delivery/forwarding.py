"""Handing the stream of events on to the sinks that are set up, in order, each from its own position.

A sink that does not take a batch keeps its position and rests; nothing overtakes. May be killed at any line: the batch
that was on its way goes out again, under the same uuids. One process at a time serves a sink.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from analytics import clock
from analytics.delivery.outgoing import to_outgoing
from analytics.delivery.sinks.sink import Refusal, Sink, SinkFault, list_sinks
from analytics.models import OutboxMessage, SinkState, UserEvent
from analytics.store import forwarded, locks, outbox
from analytics.store.outbox import Try

logger = logging.getLogger("analytics.delivery")

#: A turn ends well before the time limit of tasks (240 s).
TURN_S = 120.0
#: How long a sink rests by itself at most: a try a minute costs nothing, and an outage ends for us a minute later.
LONGEST_REST = timedelta(minutes=1)
#: Single events refused, and none accepted, after which the fault is the sink's, and the rest is not asked about.
_MANY_REFUSED = 10


@dataclass
class _Sorted:
    """What became of a batch: `refused` are single events that the sink would not have."""

    accepted: int = 0
    refused: list[UserEvent] = field(default_factory=list)
    reason: str = ""


def forward(turn_s: float = TURN_S) -> dict[str, int]:
    """Forward to every sink that is set up, for one turn each at most; events that were acknowledged by sink."""
    return {sink.name: forward_to(sink, turn_s) for sink in list_sinks()}


def forward_to(sink: Sink, turn_s: float = TURN_S) -> int:
    """Forward to one sink until it has everything, a fault, or the end of the turn; how many events it took.

    0 while another process serves it.
    """
    with locks.session(f"forward {sink.name}") as is_ours:
        if not is_ours:
            return 0
        state = forwarded.state_of(sink.name)
        taken = 0
        if state.resting_until is None or state.resting_until <= clock.now():
            taken = _forward_parts(sink, state, time.monotonic() + turn_s)
        for day in forwarded.compare(state):
            logger.error(
                "%s of %s: %s events were stored, %d acknowledged, %d refused, %d wait: %d are missing",
                sink.name, day.day, day.stored, day.delivered, day.refused, day.waiting, day.missing,
            )  # fmt: skip
    return taken


def send_put_aside(message: OutboxMessage) -> Try:
    """Send again, by itself, an event that its sink would not have; for messages that an administrator requeued."""
    sink = next((sink for sink in list_sinks() if sink.name == message.sink), None)
    if sink is None or message.kind != forwarded.PUT_ASIDE:
        return Try("nobody delivers to this sink: is it set up?")
    uuid = _uuid_of(message)
    event = UserEvent.objects.filter(uuid=uuid).first() if uuid else None
    if event is None:
        return Try("the event is gone", is_final=True)
    try:
        sink.send([to_outgoing(event)])
    except Refusal as error:
        return Try(str(error), is_final=True)
    except SinkFault as error:
        return Try(str(error), retry_after_s=error.retry_after_s)
    return Try()


def _forward_parts(sink: Sink, state: SinkState, ends_s: float) -> int:
    taken = 0
    is_last = False
    while not is_last and time.monotonic() < ends_s:
        part = forwarded.next_part(state, sink.events_at_once)
        done = _Sorted()
        try:
            if part.events:
                _send(sink, part.events, done)
                _check_some_accepted(done)
            forwarded.take(state, part, done.refused, done.reason)
        except SinkFault as error:
            _rest(sink, state, error)
            break
        except forwarded.Overtaken:
            logger.warning("another process has served %s meanwhile", sink.name)
            break
        taken += done.accepted
        is_last = part.is_last
        for event in done.refused:
            logger.error("%s would not have event %s: %s", sink.name, event.uuid, done.reason)
    return taken


def _send(sink: Sink, events: Sequence[UserEvent], done: _Sorted) -> None:
    """Send events; a batch that is refused is halved, in order, until what is refused stands alone."""
    try:
        sink.send([to_outgoing(event) for event in events])
        done.accepted += len(events)
    except Refusal as error:
        done.reason = str(error)
        if len(events) == 1:
            done.refused.extend(events)
            if len(done.refused) >= _MANY_REFUSED:
                _check_some_accepted(done)
            return
        middle = len(events) // 2
        _send(sink, events[:middle], done)
        _send(sink, events[middle:], done)


def _check_some_accepted(done: _Sorted) -> None:
    """A sink that takes nothing at all is at fault itself: no event is put aside on its word."""
    if not done.accepted:
        raise SinkFault(f"it refuses every event: {done.reason}")


def _rest(sink: Sink, state: SinkState, error: SinkFault) -> None:
    wait = min(outbox.wait_after(state.faults_in_a_row + 1), LONGEST_REST)
    wait = max(wait, timedelta(seconds=min(error.retry_after_s or 0.0, outbox.LONGEST_WAIT_S)))
    forwarded.note_fault(sink.name, str(error), wait)
    logger.warning("%s takes no events for %.0f s: %s", sink.name, wait.total_seconds(), error)


def _uuid_of(message: OutboxMessage) -> UUID | None:
    try:
        return UUID(str(message.payload.get("uuid")))
    except ValueError:
        return None
