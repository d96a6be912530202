"""Answers kept in Django's cache for all processes, so numbered that they can be forgotten together.

A cache cannot be asked for its keys, so each kept answer's key stands under a number, too. A counter that the cache
has lost starts again: answers from before then end by their own lifetime.
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache

logger = logging.getLogger("analytics.store")

#: No answer is kept for longer; the numbers live as long.
LONGEST_S = 3600

_COUNT = "analytics:kept_answers:count"
_AT_ONCE = 500


def find(key: str) -> dict[str, Any] | None:
    """The answer under a key. **Errors**: whatever the cache's client raises."""
    known = cache.get(key)
    return known if isinstance(known, dict) else None


def keep(key: str, answer: dict[str, Any], lifetime_s: int) -> None:
    """Keep an answer, at most for `LONGEST_S`. **Errors**: whatever the cache's client raises."""
    cache.add(_COUNT, 0, None)
    cache.set(
        _numbered(cache.incr(_COUNT)), key, LONGEST_S
    )  # first, or a stop in between would leave it unfound
    cache.set(key, answer, min(lifetime_s, LONGEST_S))


def forget_all() -> bool:
    """Delete every kept answer. False, with a warning, where the cache does not answer: they end within the hour."""
    try:
        last = int(cache.get(_COUNT) or 0)
        while last > 0:
            numbers = [_numbered(number) for number in range(max(last - _AT_ONCE, 0) + 1, last + 1)]
            found = cache.get_many(numbers)
            cache.delete_many([*found.values(), *found])
            if not found:  # those before are older still
                break
            last -= _AT_ONCE
    except Exception as error:  # each cache's client has errors of its own
        logger.warning("kept answers cannot be deleted and end within the hour: %s", type(error).__name__)
        return False
    return True


def _numbered(number: int) -> str:
    return f"analytics:kept_answers:{number}"
