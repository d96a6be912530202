"""Step that says what an event means, by rules on its name; the sentiment of texts comes later, in batches."""

from __future__ import annotations

from analytics.enrichment import engagement_level, intent
from analytics.ingestion.event import Event


def put_meaning(event: Event) -> None:
    """Intent and engagement level. Both are remembered by name, so that most events cost two look-ups."""
    event.intent_classification = intent.classify(event.event_name, event.event_type)
    event.engagement_level = engagement_level.level_of(event.event_name, event.event_type)
