"""Which of an event's properties are words that somebody wrote, whose sentiment is worth knowing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics import conf

_MOST_CHARACTERS = 10_000


def text_of(metadata: Mapping[str, Any], event_type: str = "") -> str:
    """The first text among the properties that `ANALYTICS_TEXT_PROPERTIES` names; "" where there is none.

    The message of an error is a machine's and has no sentiment.
    """
    if event_type == "error":
        return ""
    for name in conf.get().text_properties:
        value = metadata.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:_MOST_CHARACTERS]
    return ""
