"""Both servers for tests: one case table calls Django REST and FastAPI alike, with headers, files and raw bodies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from rest_framework_simplejwt.tokens import RefreshToken

from analytics.api.fast.app import build_asgi
from analytics.tests.cast import LakeTestCase, alice, sam_the_staff

API = "/api/analytics"


@dataclass
class Form:
    """A multipart body: fields, and files as name to (file name, content)."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)

    def encode(self) -> tuple[bytes, str]:
        """The bytes and their content type."""
        boundary = uuid.uuid4().hex
        parts = []
        for name, value in self.fields.items():
            parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n')
        raw = "".join(parts).encode()
        for name, (file_name, content) in self.files.items():
            head = (
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
            )
            raw += head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
        return raw + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@dataclass
class Answer:
    """What came back; `body` is its JSON."""

    status: int
    headers: dict[str, str]
    content: bytes

    @cached_property
    def body(self) -> Any:
        """The JSON; None for nothing."""
        return json.loads(self.content) if self.content else None


Call = Callable[..., Answer]


def _request(
    method: str, path: str, body: Any, user: User | None, query: Mapping[str, Any] | None, headers: Any
) -> tuple[str, bytes, dict[str, str]]:
    """Path with query, content and headers."""
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    if user is not None:
        sent["authorization"] = f"Bearer {RefreshToken.for_user(user).access_token}"
    content = b""
    if isinstance(body, Form):
        content, sent["content-type"] = body.encode()
    elif isinstance(body, bytes):
        content = body
    elif body is not None:
        content, sent["content-type"] = json.dumps(body).encode(), "application/json"
    if content:
        sent["content-length"] = str(len(content))
    return f"{path}?{urlencode(query)}" if query else path, content, sent


def rest(
    method: str, path: str, body: Any = None, user: User | None = None, query: Any = None, headers: Any = None
) -> Answer:
    """Through Django REST, as a WSGI server would call it."""
    path, content, sent = _request(method, path, body, user, query, headers)
    kind = sent.pop("content-type", "application/json")
    sent.pop("content-length", None)
    environ = RequestFactory(headers=sent).generic(method, path, content, content_type=kind).environ
    started: dict[str, Any] = {}

    def start(status: str, given: list[tuple[str, str]], *_: Any) -> None:
        started.update(status=int(status.split()[0]), headers={k.lower(): v for k, v in given})

    response = WSGIHandler()(environ, start)
    try:
        found = b"".join(response)
    finally:
        response.close()
    return Answer(started["status"], started["headers"], found)


async def _asgi(app: Any, method: str, path: str, content: bytes, sent: dict[str, str]) -> Answer:
    route, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": route,
        "raw_path": route.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver"), *((k.encode(), v.encode()) for k, v in sent.items())],
        "client": ("127.0.0.1", 1234),
        "server": ("testserver", 80),
    }
    communicator = ApplicationCommunicator(app, scope)
    pieces = [content[i : i + 65536] for i in range(0, len(content), 65536)] or [b""]
    for number, piece in enumerate(pieces, start=1):
        more = number < len(pieces)
        await communicator.send_input({"type": "http.request", "body": piece, "more_body": more})
    start = await communicator.receive_output(timeout=30)
    found = []
    while True:
        message = await communicator.receive_output(timeout=30)
        found.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    await communicator.wait()
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(found))


class ServersTestCase(LakeTestCase):
    """Tests with a lake of their own, a user and a member of staff; `servers()` gives both servers in turn."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.app = build_asgi(get_asgi_application())

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.sam = alice(), sam_the_staff()

    def fast(
        self,
        method: str,
        path: str,
        body: Any = None,
        user: User | None = None,
        query: Any = None,
        headers: Any = None,
    ) -> Answer:
        """Through the ASGI application, as a server would call it."""
        return async_to_sync(_asgi)(self.app, method, *_request(method, path, body, user, query, headers))

    def servers(self) -> Iterator[Call]:
        """Each server's call."""
        for name, call in (("rest", rest), ("fast", self.fast)):
            with self.subTest(server=name):
                yield call

    def check_refused(self, call: Call, method: str, path: str, status: int, code: str, **parts: Any) -> str:
        """The call fails in the API's one shape; its detail."""
        found = call(method, path, **parts)
        self.assertEqual((found.status, found.body.get("code")), (status, code), found.body)
        self.assertEqual(set(found.body), {"detail", "code"})
        detail: str = found.body["detail"]
        return detail
