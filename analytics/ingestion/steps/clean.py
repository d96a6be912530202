"""Step that mends what PostgreSQL's text and jsonb refuse: NUL, lone surrogates, NaN and infinities."""

from __future__ import annotations

import math
import re
from typing import Any

from analytics.ingestion.event import Event

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_DEPTH = 200  # deeper values become text: no reader can use them, and recursion must end


def clean_text(event: Event) -> None:
    """Remove what cannot be stored, with a warning; skipped where the parser has vouched for the body."""
    if event.arrival.is_clean:
        return
    before = (event.event_name, event.distinct_id)
    event.event_name = _text(event.event_name)
    event.distinct_id = _text(event.distinct_id)
    properties, changed = _clean(event.properties, 0)
    event.properties = properties
    if changed or before != (event.event_name, event.distinct_id):
        event.warn("unstorable_characters_removed")


def _text(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def _clean(value: Any, depth: int) -> tuple[Any, bool]:
    """The storable form of a JSON value, and whether it differs."""
    if isinstance(value, str):
        text = _text(value)
        return text, text != value
    if isinstance(value, float):
        return (value, False) if math.isfinite(value) else (None, True)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return str(value), True
    if not isinstance(value, dict | list):
        return value, False
    if depth >= _MAX_DEPTH:
        return _text(repr(value)[:1000]), True
    return _clean_container(value, depth + 1)


def _clean_container(value: dict[str, Any] | list[Any], depth: int) -> tuple[Any, bool]:
    changed = False
    if isinstance(value, list):
        items = []
        for item in value:
            cleaned, differs = _clean(item, depth)
            items.append(cleaned)
            changed |= differs
        return items, changed
    mapping = {}
    for key, item in value.items():
        clean_key = _text(key)
        cleaned, differs = _clean(item, depth)
        mapping[clean_key] = cleaned
        changed |= differs or clean_key != key
    return mapping, changed
