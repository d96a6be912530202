"""How a question to the outside model ended: answered, or declined for one of the reasons, and how often each.

Counts are kept twice: in the process, for its metrics, and in the cache by day, over all processes. Neither
holds any text. A question that never had a chance (switched off, no key, no cache) is the process's only.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from django.core.cache import cache

from analytics.ai_services.language_model.daily import CacheAway, add_one, key_of


class Reason(StrEnum):
    """Why there is no answer; each is counted, and the caller goes on with what it has."""

    OFF = "off"  # AI_SERVICES_ENABLED is false
    NO_KEY = "no_key"  # OPENAI_API_KEY is unset, so nothing may leave
    UNSUPPORTED_TEXT = "unsupported_text"  # nothing is left to judge once it is masked
    PAUSED = "paused"  # the endpoint failed repeatedly, or asked for a break
    BUDGET = "budget"  # the day's requests are used up
    CACHE_AWAY = "cache_away"  # a request that cannot be counted is not sent
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"  # HTTP 429
    UNAVAILABLE = "unavailable"  # no connection, a broken one, or HTTP 5xx
    REJECTED = "rejected"  # any other status: a wrong key, model or address
    REFUSED = "refused"  # the model, or its content filter, would not answer
    MALFORMED = "malformed"  # an answer that is no member of the schema


#: Questions answered by the endpoint, questions answered from the cache, and requests sent.
ANSWERED, REMEMBERED, SENT = "answered", "remembered", "sent"
OUTCOMES = (ANSWERED, REMEMBERED, SENT, *(reason.value for reason in Reason))

_NOT_SHARED = frozenset({Reason.OFF, Reason.NO_KEY, Reason.CACHE_AWAY})
_counts: Counter[str] = Counter()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Declined:
    """No answer, and why."""

    reason: Reason


def count(outcome: str) -> None:
    """One more of `outcome`; a cache that is away costs the day's count, not the process's."""
    with _lock:
        _counts[outcome] += 1
    if outcome in _NOT_SHARED:
        return
    try:
        add_one(outcome)
    except CacheAway:
        return


def counts() -> dict[str, int]:
    """Outcomes of this process since it started. **Shape**: every name of `OUTCOMES`, 0 where nothing happened."""
    with _lock:
        return {outcome: _counts[outcome] for outcome in OUTCOMES}


def counts_today() -> dict[str, int]:
    """Outcomes of all processes on this day of the deployment's zone; the shape of `counts`.

    **Errors**: `CacheAway` when the cache cannot be asked.
    """
    keys = {key_of(outcome): outcome for outcome in OUTCOMES}
    try:
        found = cache.get_many(keys)
    except Exception as error:  # each cache backend has errors of its own
        raise CacheAway from error
    return {outcome: int(found.get(key, 0)) for key, outcome in keys.items()}
