"""What every question has in common: a half-open range of time, and the hot rows that it needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.periods import Span


@dataclass(frozen=True, slots=True)
class RangeQuestion:
    """A question about the events of `from_at <= timestamp < to_at`."""

    from_at: dt.datetime
    to_at: dt.datetime

    @property
    def span(self) -> Span:
        """The range that is asked for. Errors: QuestionError for instants without a zone or in the wrong order."""
        return Span(self.from_at, self.to_at)

    @property
    def reads(self) -> Span:
        """The range whose hot rows the source must hold."""
        return self.span
