"""A loopback server that speaks the chat completions protocol, with faults on demand.

It answers each request with the next of its `Reply`s, or with a good answer when none is left, and remembers
what came in: every connection, header and body.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

GOOD = {
    "sentiment": "positive",
    "score": 0.8,
    "intensity": 7,
    "emotions": ["Joy", "mild surprise"],
    "confidence": 0.9,
}


@dataclass(frozen=True)
class Reply:
    """One answer: a status with headers and body, and what goes wrong with it."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    hangs_up: bool = False
    drips: bool = False


def saying(content: Any, **message: Any) -> Reply:
    """A completion whose message has this content; what is no text is written as JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    finish_reason = message.pop("finish_reason", "stop")
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": text, **message},
    }
    completion = {"id": "c-1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    return Reply(json.dumps(completion).encode())


def failing(status: int, code: str = "", **headers: str) -> Reply:
    """An error of the protocol."""
    body = json.dumps({"error": {"message": "no", "type": "error", "param": None, "code": code or None}})
    return Reply(body.encode(), status, {name.replace("_", "-"): value for name, value in headers.items()})


HANGING = Reply(b"", hangs=True)
HANGING_UP = Reply(b"", hangs_up=True)
DRIPPING = Reply(b" " * 1000, drips=True)


class ModelServer:
    """The server, as a context manager; `url` is its base URL."""

    def __init__(self) -> None:
        self._replies: deque[Reply] = deque()
        self.forget()
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.model_server = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Be as on the first day."""
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.takes_schemas = True
        self._replies.clear()

    def will(self, *replies: Reply) -> None:
        """Answer the next requests with these."""
        self._replies.extend(replies)

    @property
    def texts(self) -> list[str]:
        """The user's text of every request."""
        return [json.loads(body["messages"][1]["content"])["text"] for body in self.bodies]

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> Reply:
        """Remember a request and choose its answer."""
        body = json.loads(raw)
        with self._lock:
            self.raw.append(raw)
            self.headers.append(headers)
            self.bodies.append(body)
            if path != "/v1/chat/completions":
                return failing(404)
            if not self.takes_schemas and body["response_format"]["type"] == "json_schema":
                return failing(400)
            return self._replies.popleft() if self._replies else saying(GOOD)

    def wait(self, timeout_s: float) -> bool:
        """True when the server ends within this time."""
        return self._is_over.wait(timeout_s)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # all ended, and their sockets closed, when the server is
    request_queue_size = 64  # sixteen clients connect at once
    model_server: ModelServer

    def get_request(self) -> Any:
        self.model_server.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has given up is what half of the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        model_server = self.server.model_server
        reply = model_server.take(
            self.path, {name.lower(): value for name, value in self.headers.items()}, raw
        )
        self.close_connection = True
        if reply.hangs_up or (reply.hangs and model_server.wait(10)):
            return
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if not reply.drips:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            self.wfile.write(bytes([byte]))
            if model_server.wait(0.01):
                return

    def log_message(self, *_: object) -> None:
        """Tests are silent."""
