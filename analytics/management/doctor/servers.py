"""Whom the doctor talks to: a running server over HTTP, or this process in its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.test import Client

_TIMEOUT_S = 20
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class NoServer(Exception):
    """Nobody answers there; the text says why."""


@dataclass(frozen=True)
class Reply:
    """A status, and the beginning of what came with it."""

    status: int
    text: str

    @property
    def said(self) -> str:
        """Its words on one line; a page of HTML says nothing that an operator could use."""
        return "" if self.text.lstrip().startswith("<") else " ".join(self.text.split())[:200]


class Server(Protocol):
    """What the doctor needs of either."""

    name: str

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """The answer, whatever its status. **Errors**: `NoServer`."""


class HttpServer:
    """A server at an address such as `http://127.0.0.1:8000`."""

    def __init__(self, url: str) -> None:
        self.name = url.rstrip("/")
        self._opener = build_opener(_NoRedirects)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """Ask it over HTTP, following no redirect: a client that sends events would lose their body."""
        content = json.dumps(body).encode() if body is not None else None
        sent = {
            "Content-Type": "application/json",
            **_headers(urlsplit(self.name).hostname),
            **(headers or {}),
        }
        request = Request(self.name + path, content, sent, method=method)  # noqa: S310 - the operator's own
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return Reply(answer.status, answer.read(2000).decode(errors="replace"))
        except HTTPError as error:
            return Reply(error.code, error.read(2000).decode(errors="replace"))
        except (OSError, ValueError) as error:
            raise NoServer(str(getattr(error, "reason", error))) from error


class ThisProcess:
    """Django's own handler, with every middleware, in this process."""

    name = "in process"

    def __init__(self) -> None:
        self._client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """Ask it as a WSGI server would."""
        given = {"Host": "localhost", **_headers("localhost"), **(headers or {})}
        content = json.dumps(body) if body is not None else ""
        secure = bool(settings.SECURE_SSL_REDIRECT)
        answer = self._client.generic(method, path, content, "application/json", secure=secure, headers=given)
        return Reply(answer.status_code, b"".join(answer)[:2000].decode(errors="replace"))


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None: the redirect itself is the answer."""


def _headers(host: str | None) -> dict[str, str]:
    """A name that the deployment answers to where it is asked by its address, as its proxy would say it."""
    found = {"X-Forwarded-Proto": "https"} if settings.SECURE_PROXY_SSL_HEADER else {}
    allowed = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name not in ("*", "")]
    if allowed and host in _THIS_MACHINE and host not in allowed:
        found["Host"] = allowed[0]
    return found
