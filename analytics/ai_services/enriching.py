"""Events in batches: the sentiment of their texts, and intent and engagement level where the pipeline gave none.

Texts are scored together and rows written by one statement. A batch that fails as a whole is scored text by text, so
that one that breaks the scorer costs no other its score.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Q, QuerySet

from analytics import conf
from analytics.enrichment import engagement_level, intent
from analytics.enrichment.texts import text_of
from analytics.models import UserEvent
from analytics.store.cursors import next_part
from analytics.store.meanings import Meaning, put_meanings

logger = logging.getLogger("analytics.ai_services")

CURSOR = "enrichment"

#: Rows of one part: a few thousand texts at most, which take seconds.
_ROWS_AT_ONCE = 20_000

_COLUMNS = (
    "id",
    "event_name",
    "event_type",
    "metadata",
    "sentiment_score",
    "intent_classification",
    "engagement_level",
)


class Scorer(Protocol):
    """What scores texts: the specification's sentiment service."""

    def analyze_many(self, texts: Sequence[str]) -> Sequence[Any]:
        """A result for each text, with `score`."""
        ...

    def analyze_text_sentiment(self, text: str) -> dict[str, Any]:
        """One result, with `score`."""
        ...


@dataclass(frozen=True)
class Enriched:
    """Rows looked at, rows that changed, and texts that could not be scored."""

    processed: int
    changed: int
    errors: int


def enrich(event_ids: Iterable[int], scorer: Scorer) -> Enriched:
    """Enrich events by id; ids that are gone are passed over. Twice changes nothing."""
    return _enrich(UserEvent.objects.filter(pk__in=list(event_ids)), scorer)


def enrich_new(scorer: Scorer) -> Enriched:
    """Enrich whatever has come since the last time, part by part."""
    total = Enriched(0, 0, 0)
    is_last = False
    while not is_last:
        with next_part(CURSOR, _ROWS_AT_ONCE) as part:
            if part is None:
                break
            done = _enrich(part.events.filter(_needing()), scorer)
            is_last = part.is_last
        total = Enriched(
            total.processed + done.processed, total.changed + done.changed, total.errors + done.errors
        )
    return total


def _needing() -> Q:
    """Rows that lack something: most have neither a text nor a missing word."""
    texts = Q(sentiment_score=None, metadata__has_any_keys=list(conf.get().text_properties))
    return texts | Q(intent_classification="", engagement_level="")


def _enrich(events: QuerySet[UserEvent], scorer: Scorer) -> Enriched:
    rows = list(events.order_by("pk").values(*_COLUMNS))
    texts = {row["id"]: _text(row) for row in rows if row["sentiment_score"] is None}
    texts = {event_id: text for event_id, text in texts.items() if text}
    scores, errors = _score(texts, scorer)
    meanings = [_meaning(row, scores.get(row["id"])) for row in rows]
    changed = put_meanings([meaning for meaning in meanings if _says_something(meaning)])
    return Enriched(len(rows), changed, errors)


def _text(row: dict[str, Any]) -> str:
    metadata = row["metadata"]
    return text_of(metadata, row["event_type"]) if isinstance(metadata, dict) else ""


def _meaning(row: dict[str, Any], score: float | None) -> Meaning:
    name, kind = row["event_name"], row["event_type"]
    return Meaning(
        row["id"],
        score,
        "" if row["intent_classification"] else intent.classify(name, kind),
        "" if row["engagement_level"] else engagement_level.level_of(name, kind),
    )


def _says_something(meaning: Meaning) -> bool:
    return meaning.sentiment_score is not None or bool(meaning.intent or meaning.level)


def _score(texts: dict[int, str], scorer: Scorer) -> tuple[dict[int, float], int]:
    if not texts:
        return {}, 0
    try:
        results = list(scorer.analyze_many(list(texts.values())))
        scores = [float(result.score) for result in results]
        return dict(zip(texts, scores, strict=True)), 0
    except Exception:
        logger.exception("a batch of texts could not be scored; they are scored one by one")
    found: dict[int, float] = {}
    for event_id, text in texts.items():
        try:
            found[event_id] = float(scorer.analyze_text_sentiment(text)["score"])
        except Exception:
            logger.exception("the text of event %s could not be scored", event_id)
    return found, len(texts) - len(found)
