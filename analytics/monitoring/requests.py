"""What is noted of a request, whichever server answered it: count, errors, duration, and a line if it was slow.

An endpoint is the template of its route, never a path that somebody sent: paths are without end and hold what people
typed.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache

from analytics.monitoring import names

logger = logging.getLogger("analytics.monitoring")

#: Source: specification, "Response Time Monitoring".
SLOW_S = 1.0
HEADER = "X-Response-Time"
UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_DJANGO_PART = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Answered:
    """One request: its method, its route's template as either framework writes it, and how it ended."""

    method: str
    route: str | None
    status: int
    duration_s: float

    @property
    def endpoint(self) -> str:
        """The template in one spelling."""
        return UNMATCHED if self.route is None else spell(self.route)

    @property
    def known_method(self) -> str:
        """The method, if it is one of HTTP's own; a client may send any word."""
        return self.method if self.method in _METHODS else "OTHER"


@lru_cache(maxsize=1024)
def spell(route: str) -> str:
    """A route's template, the same for Django and FastAPI, with and without trailing slash.

    Example:
        >>> spell("api/persons/<uuid:person>/"), spell("/api/persons/{person}"), spell("")
        ('/api/persons/{person}', '/api/persons/{person}', '/')
    """
    return "/" + _DJANGO_PART.sub(r"{\1}", route).strip("/^$")


def count(answered: Answered) -> None:
    """Add it to the series."""
    method, endpoint = answered.known_method, answered.endpoint
    names.REQUEST_COUNT.labels(method, endpoint).inc()
    names.REQUEST_DURATION.labels(endpoint).observe(answered.duration_s)
    if answered.status >= 400:
        names.REQUEST_ERRORS.labels(method, endpoint, f"{answered.status // 100}xx").inc()


def log_if_slow(answered: Answered) -> None:
    """A warning for what kept somebody waiting."""
    if answered.duration_s > SLOW_S:
        logger.warning(
            "slow request: %s %s took %.2fs (status %d)",
            answered.known_method, answered.endpoint, answered.duration_s, answered.status,
        )  # fmt: skip


def write_duration(duration_s: float) -> str:
    """The header's value.

    Example:
        >>> write_duration(0.0421)
        '0.042s'
    """
    return f"{duration_s:.3f}s"
