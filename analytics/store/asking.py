"""Asking the lake from below the reports: for engines and tasks, which keep no answers.

Errors are the lake's own (`eventlake.errors`); a surface that passes them on uses `analytics.reports.answering`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from analytics.store import lake, upkeep

if TYPE_CHECKING:
    from eventlake.analyses.range_question import RangeQuestion
    from eventlake.engine import Reader

Asked = TypeVar("Asked", bound="RangeQuestion")
Answer = TypeVar("Answer")


def ask(analysis: Callable[[Reader, Asked], Answer], question: Asked, *, is_long: bool = False) -> Answer:
    """The answer of an analysis, fresh to the last commit. `is_long` gives it the memory and time of upkeep."""
    reads = question.reads
    source = lake.source(reads.from_at, reads.to_at)
    engine = upkeep.engine() if is_long else lake.engine()
    with engine.read(source) as reader:
        return analysis(reader, question)


def earliest_event() -> datetime | None:
    """When the first event that is kept happened, to the day in the lake; None without any."""
    from datetime import UTC, time

    from analytics.models import UserEvent

    files = lake.lake().snapshot().files
    hot = UserEvent.objects.order_by("timestamp").values_list("timestamp", flat=True).first()
    sealed = datetime.combine(min(file.day for file in files), time(), UTC) if files else None
    return min((at for at in (hot, sealed) if at is not None), default=None)
