"""What a sink of events is, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.utils.module_loading import import_string

from analytics import conf
from analytics.delivery.outgoing import OutgoingEvent


class SinkFault(Exception):
    """The sink cannot take events now; they wait, and the sink rests, at least for `retry_after_s`."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Refusal(Exception):
    """The sink will never take these events as they are; others it may."""


class Sink(Protocol):
    """A receiver of events. Knows a protocol, and nothing of positions, retries or which properties may leave."""

    name: str
    events_at_once: int

    def is_on(self) -> bool:
        """Whether it is set up. Without this no connection is made and no state is kept."""
        ...

    def send(self, events: Sequence[OutgoingEvent]) -> None:
        """Hand events over in their order; return when they are acknowledged. **Errors**: `SinkFault`, `Refusal`."""
        ...


def list_sinks() -> list[Sink]:
    """The sinks that are set up."""
    sinks = [import_string(path)() for path in conf.get().sinks]
    return [sink for sink in sinks if sink.is_on()]
