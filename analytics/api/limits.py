"""How many requests a caller may make in a minute, counted in Django's cache for all processes together.

Paths that take events have no such limit: they answer overload with 503, because SDKs drop their events for good on
429. A cache that is away lets every request pass.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from django.core.cache import cache

from analytics import clock, conf
from analytics.errors import TooMany

if TYPE_CHECKING:
    from analytics.api.auth import Caller

logger = logging.getLogger("analytics.api")

WINDOW_S = 60
#: Five views of a full dashboard: enough for readers behind one address, and little for a machine.
_LINK_LIMIT_PER_MINUTE = 125
#: So long nobody asks a cache that did not answer, so that not every request waits for it.
_PAUSE_S = 5.0
_LOG_EVERY_S = 60.0
#: A provider gives a household or a server so many bits of its IPv6 address; what lies below is anybody's choice.
_IPV6_PREFIX = 64


class Limit(StrEnum):
    """Whose requests are counted together."""

    NONE = "none"
    CALLER = "caller"  # a user's, an ingest key's, or those of an address
    LOGIN = "login"  # an address's, with a limit that leaves no room for guessing
    LINK = "link"  # an address's, on pages that are open to whoever has their link


@dataclass(frozen=True)
class Allowance:
    """What is left of a minute, as the headers of an answer tell it."""

    limit: int
    used: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit-Limit, -Remaining and -Reset.

        **Source**: draft-ietf-httpapi-ratelimit-headers-03, section 3; later drafts fold them into one header that no
        common client reads yet.

        Example:
            >>> Allowance(limit=600, used=601, reset_s=12).headers["RateLimit-Remaining"]
            '0'
        """
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset_s),
        }

    def check(self) -> None:
        """Let the request pass. **Errors**: `TooMany` for one too many."""
        if self.used > self.limit:
            raise TooMany(
                f"at most {self.limit} requests a minute; try again in {self.reset_s} s",
                code="rate_limited",
                retry_after_s=self.reset_s,
            )


def take(limit: Limit, caller: Caller) -> Allowance | None:
    """Count one request of a caller; None where nothing is counted."""
    allowed = {
        Limit.NONE: 0,
        Limit.CALLER: conf.get().rate_limit_per_minute,
        Limit.LOGIN: conf.get().login_limit_per_minute,
        Limit.LINK: min(conf.get().rate_limit_per_minute, _LINK_LIMIT_PER_MINUTE),
    }[limit]
    if not allowed:
        return None
    now_s = clock.now().timestamp()
    window = int(now_s // WINDOW_S)
    used = _counter.count(f"analytics:limit:{limit}:{_who(limit, caller)}:{window}")
    return None if used is None else Allowance(allowed, used, max(1, round((window + 1) * WINDOW_S - now_s)))


def _who(limit: Limit, caller: Caller) -> str:
    if limit is Limit.CALLER and caller.user is not None:
        return f"user:{caller.user.pk}"
    if limit is Limit.CALLER and caller.ingest_key:
        return f"key:{caller.ingest_key}"
    return f"address:{_network(caller.ip)}"


def _network(ip: str) -> str:
    try:
        address = ip_address(ip)
    except ValueError:
        return "unknown"
    return str(ip_network((address, _IPV6_PREFIX), strict=False)) if isinstance(address, IPv6Address) else ip


class _Counter:
    """Counts in the cache, and remembers when it did not answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paused_until_s = 0.0
        self._logged_at_s = float("-inf")

    def count(self, key: str) -> int | None:
        """One more under a key; None where the cache does not answer."""
        if time.monotonic() < self._paused_until_s:
            return None
        try:
            return _increment(key)
        except Exception as error:  # whatever the cache's client raises
            self._pause(error)
            return None

    def _pause(self, error: Exception) -> None:
        now_s = time.monotonic()
        with self._lock:
            self._paused_until_s = now_s + _PAUSE_S
            is_news = now_s - self._logged_at_s >= _LOG_EVERY_S
            if is_news:
                self._logged_at_s = now_s
        if is_news:
            logger.warning("requests are not limited: the cache is away (%s)", type(error).__name__)

    def resume(self) -> None:
        """Ask the cache again at once, and tell of its next failure."""
        self._paused_until_s, self._logged_at_s = 0.0, float("-inf")


def _increment(key: str) -> int:
    """One atomic step; whoever comes first makes the counter."""
    for _ in range(2):
        try:
            return int(cache.incr(key))
        except ValueError:  # there is none yet, or it has just run out
            if cache.add(key, 1, 2 * WINDOW_S):
                return 1
    return 1


_counter = _Counter()
resume = _counter.resume
