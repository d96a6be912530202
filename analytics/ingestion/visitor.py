"""Who is behind a Django request: the session's user first, then the cookie of the browser.

A client's header never wins over the login, and addresses are believed only from as many proxies as
`ANALYTICS_TRUSTED_PROXIES` says. Nothing is read from the database here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from analytics import conf, host

ANONYMOUS_COOKIE = "loopin_id"
SESSION_COOKIE = "loopin_session"
_MAX_ID_LENGTH = 64


@dataclass(slots=True)
class Visitor:
    """The sender of one request. `is_new` asks the middleware to set the cookies."""

    distinct_id: str
    anonymous_id: str
    session_id: str
    user_id: int | None
    ip: str
    user_agent: str
    is_new: bool


def visitor_of(request: HttpRequest) -> Visitor:
    """The visitor of a request in synchronous code; may load the session's user, as `request.user` does."""
    visitor = cookies_of(request)
    if may_have_user(request):
        put_user(visitor, request.user)
    return visitor


def cookies_of(request: HttpRequest) -> Visitor:
    """The visitor as the cookies tell, worked out once a request; nothing is loaded."""
    known: Visitor | None = getattr(request, "_analytics_visitor", None)
    if known is None:
        known = _read(request)
        request._analytics_visitor = known  # type: ignore[attr-defined]
    return known


def may_have_user(request: HttpRequest) -> bool:
    """Whether asking for the user can be worth a query: there is a session, or a login in this request."""
    user = request.__dict__.get("user")
    if user is None:
        return False
    return settings.SESSION_COOKIE_NAME in request.COOKIES or not isinstance(user, SimpleLazyObject)


def put_user(visitor: Visitor, user: AbstractBaseUser | AnonymousUser) -> None:
    """Let the logged-in user win over the cookie."""
    if isinstance(user, AbstractBaseUser | SimpleLazyObject) and user.is_authenticated:
        visitor.user_id = user.pk
        visitor.distinct_id = host.get().distinct_id(user)


def client_ip(forwarded_for: str, remote: str, trusted_proxies: int) -> str:
    """The client's address: the n-th entry from the right of X-Forwarded-For behind n trusted proxies.

    Example:
        >>> client_ip("6.6.6.6, 198.51.100.7", "10.0.0.1", 1)
        '198.51.100.7'
        >>> client_ip("6.6.6.6", "198.51.100.7", 0)
        '198.51.100.7'
    """
    if trusted_proxies <= 0:
        return remote
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    return hops[-trusted_proxies] if len(hops) >= trusted_proxies else remote


def _read(request: HttpRequest) -> Visitor:
    anonymous_id = _cookie(request, ANONYMOUS_COOKIE)
    session_id = _cookie(request, SESSION_COOKIE)
    is_new = not (anonymous_id and session_id)
    anonymous_id = anonymous_id or str(uuid.uuid4())
    return Visitor(
        distinct_id=anonymous_id,
        anonymous_id=anonymous_id,
        session_id=session_id or str(uuid.uuid4()),
        user_id=None,
        ip=client_ip(
            request.META.get("HTTP_X_FORWARDED_FOR", ""),
            request.META.get("REMOTE_ADDR", ""),
            conf.get().trusted_proxies,
        ),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        is_new=is_new,
    )


def _cookie(request: HttpRequest, name: str) -> str:
    value = request.COOKIES.get(name, "")
    return value if len(value) <= _MAX_ID_LENGTH and value.isascii() and value.isprintable() else ""
