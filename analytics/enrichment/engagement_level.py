"""Engagement level: how much an event says about its person's engagement, by its type and intent.

very_high   money or a conversion
high        something made, said, joined or rated
medium      something looked for, weighed, learnt or set up
low         something looked at, or an end (a cancellation)
""          what the machine did by itself
"""

from __future__ import annotations

from functools import lru_cache

from analytics.enrichment.intent import Intent, classify
from analytics.models.choices import EngagementLevel, EventType

_BY_INTENT = {
    Intent.PURCHASE: EngagementLevel.VERY_HIGH,
    Intent.CREATE: EngagementLevel.HIGH,
    Intent.COMMUNICATE: EngagementLevel.HIGH,
    Intent.PARTICIPATE: EngagementLevel.HIGH,
    Intent.FEEDBACK: EngagementLevel.HIGH,
    Intent.REGISTER: EngagementLevel.HIGH,
    Intent.SUPPORT: EngagementLevel.MEDIUM,
    Intent.CONSIDER: EngagementLevel.MEDIUM,
    Intent.SEARCH: EngagementLevel.MEDIUM,
    Intent.CONFIGURE: EngagementLevel.MEDIUM,
    Intent.LEARN: EngagementLevel.MEDIUM,
    Intent.AUTHENTICATE: EngagementLevel.MEDIUM,
    Intent.EXPLORE: EngagementLevel.LOW,
    Intent.CANCEL: EngagementLevel.LOW,
}
_SILENT_TYPES = (EventType.ERROR, EventType.SYSTEM_EVENT, EventType.API_CALL)


@lru_cache(maxsize=10_000)
def level_of(event_name: str, event_type: str = "") -> str:
    """The level of an event of this name and type; "" where it says nothing.

    Example:
        >>> level_of("payment_succeeded"), level_of("comment_added"), level_of("$exception", "error")
        ('very_high', 'high', '')
    """
    if event_type in _SILENT_TYPES:
        return ""
    if event_type == EventType.CONVERSION:
        return EngagementLevel.VERY_HIGH.value
    intent = classify(event_name, event_type)
    if intent == Intent.SYSTEM:
        return ""
    by_type = EngagementLevel.MEDIUM if event_type == EventType.ENGAGEMENT else EngagementLevel.LOW
    level = _BY_INTENT[Intent(intent)] if intent else by_type
    if event_type == EventType.PAGE_VIEW:  # a page about paying is still only a page
        return EngagementLevel.LOW.value
    return level.value
