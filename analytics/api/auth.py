"""Who is calling: a person by JWT, or a client by ingest key. One rule for both servers, fail closed.

Access tokens live ten minutes; refresh tokens rotate and are revoked on logout (djangorestframework-simplejwt). Failed
logins are counted by name and address, here as in the admin (django-axes, where it is installed).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError
from django.http import HttpRequest
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.tokens import RefreshToken

from analytics import conf
from analytics.errors import NotAllowed, NotAuthenticated, TooMany, Unavailable
from analytics.ingestion.keys import ring
from analytics.ingestion.visitor import client_ip
from analytics.store.groups import ANALYSTS

KEY_PREFIX = "lk_"


class Permission(StrEnum):
    """Who may call an operation."""

    PUBLIC = "public"
    SENDER = "sender"  # a person, or an ingest key
    USER = "user"
    ANALYST = "analyst"  # staff, or a member of the group of this name
    STAFF = "staff"


@dataclass(frozen=True)
class Caller:
    """Who calls. At most one of `user` and `ingest_key` is there."""

    user: Any = None
    ingest_key: str = ""
    ip: str = ""
    user_agent: str = ""

    @property
    def is_staff(self) -> bool:
        """Whether the caller is a member of staff."""
        return bool(self.user is not None and self.user.is_staff)

    @property
    def is_analyst(self) -> bool:
        """Whether the caller may ask about everybody's events: staff, and members of the group of analysts."""
        return self.is_staff or (self.user is not None and _is_in_group(self.user, ANALYSTS))


def _is_in_group(user: Any, name: str) -> bool:
    groups = getattr(user, "groups", None)  # a host's own user model may have none
    return bool(groups is not None and groups.filter(name=name).exists())


def identify(authorization: str) -> tuple[AbstractBaseUser | None, str]:
    """The user, or the ingest key's label, that an Authorization header proves; neither for an empty one.

    **Errors**: `NotAuthenticated` for any credential that does not hold, `Unavailable`.
    """
    scheme, _, credential = authorization.strip().partition(" ")
    credential = credential.strip()
    if not scheme:
        return None, ""
    if scheme.lower() != "bearer" or not credential:
        raise NotAuthenticated("send `Authorization: Bearer <access token>`")
    if credential.startswith(KEY_PREFIX) or credential.count(".") != 2:
        return None, ring.label_of(credential)
    return user_of_token(credential), ""


def user_of_token(access: str) -> AbstractBaseUser:
    """The active user whom an access token names.

    **Errors**: `NotAuthenticated` for one that is expired, forged, of another kind, or whose user is gone;
    `Unavailable` while nobody can be looked up.
    """
    backend = JWTAuthentication()
    try:
        user: AbstractBaseUser = backend.get_user(backend.get_validated_token(access.encode()))
    except (AuthenticationFailed, TokenError) as error:
        raise NotAuthenticated(
            "the access token does not hold; log in or refresh", code="invalid_token"
        ) from error
    except DatabaseError as error:
        raise Unavailable("nobody can be looked up now; try again") from error
    return user


def check(permission: Permission, caller: Caller) -> None:
    """Let the caller pass or say why not.

    **Errors**: `NotAuthenticated`, `NotAllowed`.
    """
    if permission is Permission.PUBLIC:
        return
    if caller.user is None and not caller.ingest_key:
        raise NotAuthenticated("log in first: send `Authorization: Bearer <access token>`")
    if permission is Permission.SENDER:
        return
    if caller.user is None:
        raise NotAllowed("an ingest key may only send events", code="key_is_write_only")
    if permission is Permission.ANALYST and not caller.is_analyst:
        raise NotAllowed(
            f"this is for analysts: ask to be put into the group {ANALYSTS!r}", code="analysts_only"
        )
    if permission is Permission.STAFF and not caller.is_staff:
        raise NotAllowed("this is for staff", code="staff_only")


def log_in(username: str, password: str, *, ip: str = "", user_agent: str = "") -> dict[str, str]:
    """A fresh pair of tokens.

    **Errors**: `NotAuthenticated`, the same for an unknown name and a wrong password; `TooMany` for a name, known or
    not, that failed too often from this address.
    """
    request = _request_from(ip, user_agent)
    user = authenticate(request, username=username, password=password)
    if getattr(request, "axes_locked_out", False):
        raise TooMany(
            "too many failed logins; try again later", code="locked_out", retry_after_s=_cool_off_s()
        )
    if user is None or not user.is_active:
        raise NotAuthenticated("user name or password is wrong", code="invalid_credentials")
    user_logged_in.send(sender=type(user), request=request, user=user)
    refresh = RefreshToken.for_user(user)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def _cool_off_s() -> int:
    """How long a lock lasts; an hour where the project gives no time, since then a person has to end it."""
    given = getattr(settings, "AXES_COOLOFF_TIME", None)
    if isinstance(given, int | float) and given:
        given = timedelta(hours=given)  # as django-axes reads a number
    return int(given.total_seconds()) if isinstance(given, timedelta) else 3600


def _request_from(ip: str, user_agent: str) -> HttpRequest:
    """What Django's authentication takes for a request: who asks, and from where."""
    request = HttpRequest()
    request.META.update(REMOTE_ADDR=ip, HTTP_USER_AGENT=user_agent, PATH_INFO="/api/auth/token")
    return request


def client_address(request: HttpRequest) -> str:
    """The address that failed logins are counted by: django-axes asks this, for the admin and for the API.

    Clients whose address is none (a socket of this machine, a proxy that hides it) are counted as one.
    """
    given = client_ip(
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        request.META.get("REMOTE_ADDR", ""),
        conf.get().trusted_proxies,
    )
    try:
        return str(ip_address(given))
    except ValueError:
        return "0.0.0.0"  # noqa: S104  (an address that nobody has, not one to listen on)


def renew(refresh: str) -> dict[str, str]:
    """A new pair for a refresh token, which is used up by it.

    **Errors**: `NotAuthenticated` for one that is expired, used, revoked, or whose user is gone.
    """
    serializer = TokenRefreshSerializer(data={"refresh": refresh})
    try:
        serializer.is_valid(raise_exception=True)
    except (TokenError, AuthenticationFailed) as error:
        raise NotAuthenticated("the refresh token does not hold; log in", code="invalid_token") from error
    return {
        "access": serializer.validated_data["access"],
        "refresh": serializer.validated_data.get("refresh", refresh),
    }


def log_out(refresh: str) -> None:
    """Revoke a refresh token; its access tokens run out within minutes.

    **Errors**: `NotAuthenticated` for one that does not hold any more; `Unavailable` where the project keeps no list of
    revoked tokens.
    """
    if not apps.is_installed("rest_framework_simplejwt.token_blacklist"):
        raise Unavailable("this server keeps no list of revoked tokens", code="no_token_blacklist")
    try:
        RefreshToken(refresh).blacklist()  # type: ignore[arg-type]
    except TokenError as error:
        raise NotAuthenticated("the refresh token does not hold", code="invalid_token") from error
