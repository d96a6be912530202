"""The sentiment of a text: one answer with a class, a score and a confidence, and the methods behind it.

Where the parts meet: a text is read once, judged by the local model, checked for its language, and joined by an
outside opinion if there is one. No text makes it fail, and nothing here reaches the network by itself.

**Source**: the specification, "SentimentAnalysisService".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from analytics.ai_services.language_model.opinion import Opinion
from analytics.ai_services.language_model.outcomes import Declined
from analytics.ai_services.sentiment.language import FEWEST_WORDS, Language, language_of
from analytics.ai_services.sentiment.lexicons import Raw
from analytics.ai_services.sentiment.model import CLASSES, Floats, known_words, shipped_model
from analytics.ai_services.sentiment.reading import Reading, read
from analytics.ai_services.sentiment.scale import LOW_CONFIDENCE, joined, score_of
from analytics.ai_services.sentiment.terms import word_key

#: Texts judged at a time: numpy's overhead is spread, memory stays small.
CHUNK = 512
#: Digits of all figures in an answer.
DIGITS = 4

_NEUTRAL = CLASSES.index("neutral")


class AsksForOpinion(Protocol):
    """An outside model, such as `language_model.OpenAIOpinion`."""

    def opinion_of(self, text: str) -> Opinion | Declined:
        """Its opinion, or why it has none."""


@dataclass(frozen=True, slots=True)
class SentimentResult:
    """The answer about one text.

    **Units**: `score` -1 to 1, and within 0.1 of zero exactly when the class is neutral; `confidence` the probability
    that the class is right; `probabilities` of CLASSES, by the local model alone.
    `reasons` say what keeps the answer from being a full one.
    """

    sentiment: str
    score: float
    confidence: float
    probabilities: tuple[float, float, float]
    raw: Raw
    language: Language
    reasons: tuple[str, ...] = ()
    opinion: Opinion | Declined | None = None

    def as_answer(self) -> dict[str, Any]:
        """The specification's keys, with a `details` per method."""
        raw = self.raw
        details: dict[str, Any] = {
            "textblob": {"polarity": raw.polarity, "subjectivity": raw.subjectivity},
            "vader": {"neg": raw.neg, "neu": raw.neu, "pos": raw.pos, "compound": raw.compound},
            "model": {
                name: round(share, DIGITS) for name, share in zip(CLASSES, self.probabilities, strict=True)
            },
            "language": {"code": self.language.code, "is_supported": self.language.is_supported},
            "methods": ["textblob", "vader", "model"],
            "reasons": list(self.reasons),
        }
        if isinstance(self.opinion, Opinion):
            details["methods"].append("openai")
            details["openai"] = _of_opinion(self.opinion)
        elif self.opinion is not None:
            details["openai"] = {"declined": self.opinion.reason}
        return {
            "sentiment": self.sentiment,
            "score": self.score,
            "confidence": self.confidence,
            "details": details,
        }


class SentimentAnalysisService:
    """Judges texts by the local model; `opinion` is asked about single texts, never about batches."""

    def __init__(self, opinion: AsksForOpinion | None = None) -> None:
        self._opinion = opinion

    def analyze_text_sentiment(self, text: str) -> dict[str, Any]:
        """The answer about one text, as `SentimentResult.as_answer`. **Errors**: none, for any text."""
        reading = read(text)
        probabilities = shipped_model().probabilities([reading])[0]
        opinion = self._opinion.opinion_of(text) if self._opinion and text.strip() else None
        return _judge(reading, probabilities, opinion).as_answer()

    def analyze_many(self, texts: Sequence[str]) -> list[SentimentResult]:
        """Answers in the order of the texts, each the same as for the text alone without an outside opinion."""
        results: list[SentimentResult] = []
        for start in range(0, len(texts), CHUNK):
            readings = [read(text) for text in texts[start : start + CHUNK]]
            rows = shipped_model().probabilities(readings)
            results.extend(_judge(reading, row, None) for reading, row in zip(readings, rows, strict=True))
        return results


def _judge(reading: Reading, probabilities: Floats, opinion: Opinion | Declined | None) -> SentimentResult:
    language = language_of(reading.text, reading.tokens, _is_known)
    aggregate = probabilities
    if isinstance(opinion, Opinion):
        aggregate = joined(probabilities, opinion.sentiment, opinion.confidence)
    best = int(np.argmax(aggregate))
    score, confidence = score_of(aggregate), float(aggregate[best])
    reasons: list[str] = []
    if not isinstance(opinion, Opinion):  # an outside model reads other languages, and single words
        if not language.is_supported:
            reasons.append("unsupported_language")
        elif _says_too_little(reading, language):
            reasons.append("too_few_words")
        if reasons:
            best, score, confidence = _NEUTRAL, 0.0, min(confidence, LOW_CONFIDENCE)
    return SentimentResult(
        sentiment=CLASSES[best],
        score=round(score, DIGITS),
        confidence=round(confidence, DIGITS),
        probabilities=(float(probabilities[0]), float(probabilities[1]), float(probabilities[2])),
        raw=reading.raw,
        language=language,
        reasons=tuple(reasons),
        opinion=opinion,
    )


def _says_too_little(reading: Reading, language: Language) -> bool:
    """Fewer than two known words, and none of them, nor an emoticon, with a rating of its own."""
    raw = reading.raw
    return language.known_words < FEWEST_WORDS and raw.compound == 0 and raw.polarity == 0


def _is_known(word: str) -> bool:
    return word_key(word) in known_words()


def _of_opinion(opinion: Opinion) -> dict[str, Any]:
    return {
        "sentiment": opinion.sentiment,
        "score": opinion.score,
        "confidence": opinion.confidence,
        "emotions": list(opinion.emotions),
        "intensity": opinion.intensity,
    }
