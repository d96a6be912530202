"""What became of a question: an analysis with its parameters, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Understood:
    """The name of an analysis and the body of its `/query/<name>` call; of `overview`, the parameter `days`."""

    analysis: str
    parameters: dict[str, Any]


class NotUnderstood(Exception):
    """A question that is none of ours. `nearest` are names of events that it may have meant."""

    def __init__(self, reason: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.nearest = tuple(nearest)
