"""A question with what all questions share taken out of its wording."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.ai_services.asking.matching import event_of, nearest_events
from analytics.ai_services.asking.parameters import Common
from analytics.ai_services.asking.understood import NotUnderstood
from analytics.ai_services.asking.vocabulary import Vocabulary
from analytics.ai_services.asking.wording import Wording
from analytics.ai_services.asking.words import content_of


@dataclass
class Asked:
    """What is left of the wording, and what was taken: period and filters, the interval, a comparison."""

    wording: Wording
    vocabulary: Vocabulary
    common: Common
    interval: str | None
    is_compared: bool

    def event(self, phrase: str) -> str | None:
        """The event of a phrase; None for any. **Errors**: `NotUnderstood`."""
        return event_of(phrase, self.vocabulary)

    def needed_event(self, phrase: str) -> str:
        """The same where there has to be one. **Errors**: `NotUnderstood`."""
        found = self.event(phrase)
        if found is None:
            raise NotUnderstood("no event is named", self.vocabulary.events[:5])
        return found

    def refuse_rest(self) -> None:
        """Words that are still there have to carry nothing. **Errors**: `NotUnderstood`."""
        rest = self.wording.rest
        if content_of(rest):
            raise NotUnderstood(f"{rest[:80]!r} is not understood", nearest_events(rest, self.vocabulary))

    def refuse_lines(self, analysis: str, *, interval: bool = True) -> None:
        """What only trends take is not asked of others. **Errors**: `NotUnderstood`."""
        if self.is_compared:
            raise NotUnderstood(f"{analysis} cannot be compared with the period before")
        if interval and self.interval is not None:
            raise NotUnderstood(f"{analysis} cannot be had by {self.interval}")
