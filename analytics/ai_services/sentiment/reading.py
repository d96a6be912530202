"""One text, read once: everything that the model, the language check and the answer need of it."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.ai_services.sentiment.lexicons import Raw, read_raw
from analytics.ai_services.sentiment.signals import signals_of, weigh
from analytics.ai_services.sentiment.terms import Terms, terms_of
from analytics.ai_services.sentiment.tokens import cut, tokens_of


@dataclass(frozen=True, slots=True)
class Reading:
    """A cut text with its tokens, raw readings, signals and terms."""

    text: str
    tokens: list[str]
    raw: Raw
    signals: list[float]
    terms: Terms


def read(text: str) -> Reading:
    """The reading of any text; text beyond `tokens.MAX_CHARACTERS` is not looked at."""
    text = cut(text)
    tokens = tokens_of(text)
    raw = read_raw(text)
    weighed = weigh(tokens)
    return Reading(
        text, tokens, raw, signals_of(text, tokens, raw, weighed), terms_of(tokens, weighed.negated)
    )
