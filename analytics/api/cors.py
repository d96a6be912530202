"""Which pages of other origins may read the API: those of the allow-list, by access token and never by cookie.

Paths that take events have a rule of their own (`analytics.api.capture.cors_headers`): anybody may send.
"""

from __future__ import annotations

from collections.abc import Iterable

from analytics import conf

#: Beyond what every page may send and read anyway (Fetch standard, "CORS-safelisted").
_SENT = "Authorization, Content-Type, If-None-Match"
_READ = (
    "Content-Disposition, ETag, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "WWW-Authenticate"
)
_KEPT_S = 600

#: Below these paths the allow-list decides.
PREFIXES = ("/api/analytics/", "/api/auth/")


def headers(origin: str) -> dict[str, str]:
    """Headers of an answer to a page of this origin; none for the server's own pages and programs."""
    if not origin:
        return {}
    # A cache that has the answer to one page must not hand it to another.
    varies = {"Vary": "Origin, Authorization"}
    if not is_allowed(origin):
        return varies
    return {**varies, "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _READ}


def preflight(origin: str, methods: Iterable[str]) -> dict[str, str]:
    """Headers of the answer to OPTIONS."""
    known = ", ".join(sorted({*methods, "OPTIONS"}))
    if not is_allowed(origin):
        return {"Allow": known, **headers(origin)}
    return {
        "Allow": known,
        **headers(origin),
        "Access-Control-Allow-Methods": known,
        "Access-Control-Allow-Headers": _SENT,
        "Access-Control-Max-Age": str(_KEPT_S),
    }


def is_allowed(origin: str) -> bool:
    """Whether an origin is in the list, to the letter: scheme, host and port."""
    return bool(origin) and origin in conf.get().cors_allowed_origins
