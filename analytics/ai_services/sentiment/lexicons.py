"""VADER and TextBlob: their raw readings of a text, and the word lists they ship.

Both come whole inside their packages: nothing is downloaded, and no corpus of NLTK is needed. Each is built once
a process, at the first text, because importing TextBlob takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Raw:
    """What the two say by themselves, in their own scales."""

    polarity: float
    subjectivity: float
    neg: float
    neu: float
    pos: float
    compound: float


def read_raw(text: str) -> Raw:
    """Raw readings of a cut text (see `tokens.cut`), by the same calls as the packages' own entry points."""
    polarity, subjectivity = _textblob()(text)
    vader = _vader().polarity_scores(text)
    return Raw(
        float(polarity),
        float(subjectivity),
        vader["neg"],
        vader["neu"],
        vader["pos"],
        float(vader["compound"]),
    )


@cache
def valences() -> dict[str, float]:
    """Word or emoticon to VADER's mean rating, -4 to 4."""
    lexicon: dict[str, float] = _vader().lexicon
    return lexicon


@cache
def polarities() -> dict[str, float]:
    """Word to TextBlob's mean polarity over all parts of speech, -1 to 1."""
    lexicon = _textblob()
    lexicon("loads the word list")
    return {word: float(senses[None][0]) for word, senses in dict.items(lexicon)}


@cache
def negations() -> frozenset[str]:
    """Words that turn the following words around: VADER's list and a few more."""
    from vaderSentiment.vaderSentiment import NEGATE

    return frozenset(NEGATE) | {"no", "hardly", "barely", "lack", "lacks"}


@cache
def boosters() -> frozenset[str]:
    """Words of degree, such as "very" or "slightly"."""
    from vaderSentiment.vaderSentiment import BOOSTER_DICT

    return frozenset(BOOSTER_DICT)


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@cache
def _textblob() -> Any:
    from textblob.en import sentiment

    return sentiment
