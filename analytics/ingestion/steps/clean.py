"""Step that mends what PostgreSQL's text and jsonb refuse: NUL, lone surrogates, NaN, infinities, endless nesting."""

from __future__ import annotations

import math
import re
from datetime import date, time
from typing import Any

from analytics.ingestion.event import Event

_WARNING = "unstorable_values_replaced"
_FOR_PERSONS = ("$set", "$set_once", "$unset", "$group_set")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_DEPTH = 200  # no reader can use deeper values, and recursion must end; orjson itself writes 254
_TOO_DEEP = "(nested too deeply)"


def clean_text(event: Event) -> None:
    """Remove what cannot be stored, with a warning; skipped where the parser has vouched for the body.

    What goes to persons and groups is always looked at: the parser does not vouch for the depth of nesting.
    """
    if event.arrival.is_clean and event.properties.keys().isdisjoint(_FOR_PERSONS):
        return
    for name in ("event_name", "distinct_id", "anonymous_id"):
        given: str = getattr(event, name)
        if (text := _text(given)) != given:
            setattr(event, name, text)
            event.warn(_WARNING)
    clean_properties(event)


def clean_properties(event: Event) -> None:
    """Replace the properties' values that cannot be stored, with a warning."""
    event.properties, changed = _clean_container(event.properties, 1)
    if changed:
        event.warn(_WARNING)


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
    if value is None or isinstance(value, int):
        return value, False
    if isinstance(value, tuple | set | frozenset):
        value = list(value)
    if not isinstance(value, dict | list):  # from `track()`: decimals, times, uuids, translations
        return (value.isoformat() if isinstance(value, date | time) else str(value)), False
    if depth >= _MAX_DEPTH:
        return _TOO_DEEP, True
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
        clean_key = _text(str(key))
        cleaned, differs = _clean(item, depth)
        mapping[clean_key] = cleaned
        changed |= differs or clean_key != key
    return mapping, changed
