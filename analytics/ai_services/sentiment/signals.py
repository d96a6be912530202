"""The few dozen figures of a text that hold in any domain: lexicon readings, negation, emphasis, marks.

They carry the model where the words of a domain were never seen in training. Length, links, mentions and numbers are
left out on purpose: they tell where a text comes from (each source judged by a fit on the others loses 0.006 macro-F1
by them). Order and meaning are part of `model.npz`: a change here needs a new one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from analytics.ai_services.sentiment.lexicons import Raw, boosters, negations, polarities, valences

#: A negation reaches this many words, or to the next mark.
REACH = 3
#: VADER turns a negated word by -0.74, TextBlob by -0.5.
VADER_TURN, TEXTBLOB_TURN = -0.74, -0.5
_STOPS = frozenset({".", ",", ";", ":", "!", "!!", "!?", "?", "??", "...", "but", "(", ")"})
#: Ratings of a single word end at 4; dividing by it brings all figures near 1.
FULL = 4.0


@dataclass(slots=True)
class Weighed:
    """The opinionated words of a text, in order, turned where negated."""

    valences: list[float] = field(default_factory=list)
    polarities: list[float] = field(default_factory=list)
    negated: list[str] = field(default_factory=list)
    negations: int = 0
    boosters: int = 0
    valences_before_but: int | None = None


def weigh(tokens: list[str]) -> Weighed:
    """Walks the tokens once. `negated` are the words within reach of a negation, for the model's vocabulary."""
    found = Weighed()
    rated, polar, negating, boosting = valences(), polarities(), negations(), boosters()
    reach = 0
    for token in tokens:
        if token in _STOPS:
            reach = 0
            if token == "but":  # noqa: S105 - a word, no secret
                found.valences_before_but = len(found.valences)
            continue
        valence, polarity = rated.get(token, 0.0), polar.get(token, 0.0)
        if reach:
            found.negated.append(token)
            valence, polarity, reach = valence * VADER_TURN, polarity * TEXTBLOB_TURN, reach - 1
        if valence:
            found.valences.append(valence)
        if polarity:
            found.polarities.append(polarity)
        found.boosters += token in boosting
        if token in negating or token.endswith("n't"):
            found.negations += 1
            reach = REACH
    return found


def signals_of(text: str, tokens: list[str], raw: Raw, weighed: Weighed) -> list[float]:
    """All figures of a text, each roughly between -1 and 1, always in the same order and number."""
    return [*_of_raw(raw), *_of_words(len(tokens) or 1, weighed), *_of_form(text, tokens, weighed)]


def _of_raw(raw: Raw) -> list[float]:
    compound, polarity = raw.compound, raw.polarity
    return [
        compound,
        abs(compound),
        compound * compound,
        raw.neg,
        raw.pos,
        raw.neu,
        raw.neg * raw.pos,
        float(compound == 0),
        polarity,
        abs(polarity),
        polarity * polarity,
        raw.subjectivity,
        float(polarity == 0),
        polarity * compound,
        abs(polarity * compound),
        polarity * raw.subjectivity,
    ]


def _of_words(count: int, weighed: Weighed) -> list[float]:
    rated, polar, but = weighed.valences, weighed.polarities, weighed.valences_before_but
    positive = sum(valence for valence in rated if valence > 0)
    negative = positive - sum(rated)
    root = math.sqrt(count)
    return [
        positive / FULL,
        negative / FULL,
        positive / root,
        negative / root,
        min(positive, negative) / FULL,
        max(rated, default=0.0) / FULL,
        min(rated, default=0.0) / FULL,
        (rated[0] if rated else 0.0) / FULL,
        (rated[-1] if rated else 0.0) / FULL,
        sum(rated[but:]) / FULL if but is not None else 0.0,
        math.tanh(positive - negative),
        math.tanh((positive - negative) / FULL),
        max(polar, default=0.0),
        min(polar, default=0.0),
        polar[-1] if polar else 0.0,
        sum(polar) / 2,
        len(rated) / count,
        len(polar) / count,
        float(not rated and not polar),
    ]


def _of_form(text: str, tokens: list[str], weighed: Weighed) -> list[float]:
    exclamations = tokens.count("!") + 2 * tokens.count("!!")
    shouted = sum(1 for word in text.split() if len(word) > 1 and word.isupper())
    return [
        min(weighed.negations, 3) / 3,
        min(weighed.boosters, 3) / 3,
        float(weighed.valences_before_but is not None),
        min(exclamations, 4) / 4,
        float("?" in tokens or "??" in tokens),
        float("..." in tokens),
        float(bool(tokens) and tokens[-1] in {"?", "??"}),
        min(shouted, 5) / 5,
    ]
