"""Asking the lake: every report's way to an analysis, fresh to the last commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from analytics.reports import cancellation
from analytics.reports.answering import answering
from analytics.store import lake

if TYPE_CHECKING:
    from eventlake.engine import Reader
    from eventlake.periods import Span


class Question(Protocol):
    """What every question of an analysis has."""

    @property
    def reads(self) -> Span:
        """The range whose hot rows the answer needs."""
        ...


Asked = TypeVar("Asked", bound=Question)
Answer = TypeVar("Answer")


def ask(analysis: Callable[[Reader, Asked], Answer], question: Asked) -> Answer:
    """The answer of an analysis.

    **Errors**: `BadInput` for a question that cannot be asked, `Unavailable` for one without an answer now.
    """
    reads = question.reads
    with answering():
        source = lake.source(reads.from_at, reads.to_at)
        with lake.engine().read(source, is_cancelled=cancellation.current()) as reader:
            return analysis(reader, question)
