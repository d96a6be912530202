"""Every route of this deployment with who may call it, found by walking both servers' tables.

`docs/reference/permissions.md` is this list, committed, so that a new route shows up in review; tests call each route
as everybody and compare. A route that is neither an operation nor under a rule below is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from fastapi import FastAPI
from starlette.routing import Mount, Route

from analytics.api import capture
from analytics.api.auth import Permission
from analytics.api.operations import OPERATIONS


class Access(StrEnum):
    """Who may call a route that is no operation."""

    PUBLIC = Permission.PUBLIC.value
    EVENT_KEY = "event key"  # an ingest key in the body or in basic authentication, as SDKs send it
    MACHINE = "machine"  # this machine, or the token for metrics
    SITE_STAFF = "site staff"  # a session of the admin site
    SITE_MODEL = "site model"  # a session of the admin site, and the permission on the model
    HOST = "host"  # a page of the host application, which decides itself


#: Roles that pass, and what the others are told.
ROLES: dict[str, tuple[str, str]] = {
    Permission.PUBLIC: ("anybody", ""),
    Permission.SENDER: ("user, analyst, staff, superuser, ingest key", "401"),
    Permission.USER: ("user, analyst, staff, superuser", "401; ingest key 403"),
    Permission.ANALYST: ("analyst, staff, superuser", "401; user and ingest key 403"),
    Permission.STAFF: ("staff, superuser", "401; user, analyst and ingest key 403"),
    Access.EVENT_KEY: ("ingest key in the request", "401"),
    Access.MACHINE: ("this machine, or the token for metrics", "404"),
    Access.SITE_STAFF: ("staff, superuser, by session", "to the login"),
    Access.SITE_MODEL: (
        "superuser, staff with the model's permission, by session",
        "to the login; staff 403",
    ),
    Access.HOST: ("as the host application says", ""),
}

#: The six pages of a model in the admin are one line.
_PAGES_OF_A_MODEL = re.compile(r"^(/admin/\w+/\w+/)(add/|\{object_id\}/(change/|delete/|history/)?)?$")
_CONVERTER = re.compile(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>")
_OPEN_IN_ADMIN = ("/admin/login/",)
_FOR_ALL_IN_ADMIN = (
    "/admin/", "/admin/logout/", "/admin/jsi18n/", "/admin/password_change/", "/admin/password_change/done/",
    "/admin/autocomplete/", "/admin/search/",
)  # fmt: skip
_HEAD = """\
# Who may call what

Made by `python manage.py permission_table`; tests compare it with both servers' routes, and call each as everybody.

- 401: no credential, or one that does not hold (expired, forged, revoked, of a disabled user, an unknown key).
- 403: it holds and does not reach this far.
- Single persons, insights and predictions that are not the caller's own are 404, like those that do not exist.
- A public route looks at no credential.
- Paths of SDKs are the same with a slash at the end; `...` are the pages of a model in the admin.
"""
#: Routes that only the ASGI application has.
ASGI_ONLY = frozenset({("POST", "/mcp", Permission.USER.value)})
#: Whoever has the link: its token is the proof, which the page looks at itself.
_BY_LINK = ("/shared/", "/unsubscribe/")
_PUBLIC = ("/livez", "/readyz", "/api/openapi.json", "/api/docs", "/api/redoc")


@dataclass(frozen=True, order=True)
class Row:
    """One line of the table."""

    path: str
    method: str
    permission: str

    @property
    def as_markdown(self) -> str:
        """Its line."""
        roles, refusal = ROLES[self.permission]
        return f"| {self.method} | `{self.path}` | {self.permission} | {roles} | {refusal} |"


def rows() -> list[Row]:
    """The whole table, by path. **Errors**: `LookupError` for a route without a rule."""
    operations = {Row(op.path, op.method, op.permission.value) for op in OPERATIONS}
    known = {row.path for row in operations}
    others = {
        Row(line_of(path, app), "any", rule(path, app)) for path, app in django_paths() if path not in known
    }
    return sorted(operations | others | {Row(path, method, may) for method, path, may in ASGI_ONLY})


def line_of(path: str, app: str) -> str:
    """The path of a route's line: paths of SDKs stand for the same with a slash, and a model for its pages."""
    if app == "admin" and path not in _FOR_ALL_IN_ADMIN:
        return _PAGES_OF_A_MODEL.sub(r"\1...", path)
    plain = path.strip("/")
    return f"/{plain}" if plain in capture.DIALECT_OF_PATH or plain in capture.CONFIG_PATHS else path


def render() -> str:
    """The file `docs/reference/permissions.md`."""
    lines = [
        _HEAD,
        "| method | path | permission | who passes | the others |",
        "|---|---|---|---|---|",
        *(row.as_markdown for row in rows()),
        "",
    ]
    return "\n".join(lines)


def django_paths() -> Iterator[tuple[str, str]]:
    """All paths of Django's table, with the name of the application that they belong to."""
    yield from _walk(get_resolver().url_patterns, "/", "")


def django_operations() -> set[tuple[str, str]]:
    """Method and path of the operations that Django answers."""
    found = set()
    for pattern in _leaves(get_resolver().url_patterns):
        operations = getattr(pattern.callback, "view_initkwargs", {}).get("operations", {})
        found |= {(method, _path("/", pattern)) for method in operations}
    return found


def fast_routes(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path of what FastAPI answers itself; what it hands on to Django is not in it."""
    return set(_methods_and_paths(app.routes))


def _methods_and_paths(routes: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for route in routes:
        included = getattr(route, "original_router", None)  # how FastAPI keeps what it includes
        if included is not None:
            yield from _methods_and_paths(included.routes)
        elif isinstance(route, Route):
            yield from ((method, route.path) for method in route.methods or () if method != "HEAD")
        elif not isinstance(route, Mount):
            raise LookupError(f"{type(route).__name__} is a kind of route that the table does not know")


def _walk(patterns: Sequence[URLPattern | URLResolver], prefix: str, app: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, _path(prefix, pattern), pattern.app_name or app)
        else:
            yield _path(prefix, pattern), app


def _leaves(patterns: Sequence[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _leaves(pattern.url_patterns)
        else:
            yield pattern


def _path(prefix: str, pattern: URLPattern | URLResolver) -> str:
    return prefix + _CONVERTER.sub(_parameter, str(pattern.pattern)).removeprefix("^").removesuffix("$")


def _parameter(found: re.Match[str]) -> str:
    return f"{{{found[1] or found[2]}}}"


def rule(path: str, app: str) -> str:
    """Who may call a route that is no operation. **Errors**: `LookupError`."""
    if app == "admin":
        if path in _OPEN_IN_ADMIN:
            return Access.PUBLIC
        return Access.SITE_STAFF if path in _FOR_ALL_IN_ADMIN else Access.SITE_MODEL
    if app != "analytics":
        return Access.HOST
    plain = path.strip("/")
    if plain in capture.DIALECT_OF_PATH:
        return Access.EVENT_KEY
    if path in _PUBLIC or plain in capture.CONFIG_PATHS:
        return Access.PUBLIC
    if path.startswith("/dashboard/"):
        return Access.SITE_STAFF
    if path.startswith(_BY_LINK):
        return Access.PUBLIC
    if path == "/metrics":
        return Access.MACHINE
    raise LookupError(f"nothing says who may call {path}: add it to the operations or to the rules here")
