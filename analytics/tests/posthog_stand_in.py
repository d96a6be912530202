"""A loopback server that takes what leaves the house: PostHog's `/batch/`, and webhooks on every other path.

It remembers bodies and headers in the order in which they came, and fails on demand.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """One answer; `drips` sends its body too slowly to ever end."""

    status: int = 200
    body: bytes = b'{"status":1}'
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False
    hangs_up: bool = False


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """Its JSON."""
        is_packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.raw) if is_packed else self.raw)


class StandIn:
    """The server, as a context manager; `choose` answers each request, None for the usual."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.taken: list[Request] = []  # those that were answered with 200
        self.connections = 0
        self.is_away = False
        self.choose: Callable[[Request], Reply | None] = lambda request: None
        self._replies: deque[Reply] = deque()
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.stand_in = self
        self.host = f"127.0.0.1:{self._http.server_address[1]}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def will(self, *replies: Reply) -> None:
        """Answer the next requests with these."""
        self._replies.extend(replies)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Events of the batches that were taken, each once, in the order in which they first came."""
        found: dict[str, dict[str, Any]] = {}
        for batch in self.batches:
            for event in batch:
                found.setdefault(event["uuid"], event)
        return list(found.values())

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        """The batches that were taken."""
        return [request.body["batch"] for request in self.taken if request.path == "/batch/"]

    def take(self, request: Request) -> Reply:
        """Remember a request and choose its answer."""
        with self._lock:
            self.requests.append(request)
            if self.is_away:
                return Reply(503, b"away")
            reply = self._replies.popleft() if self._replies else self.choose(request) or Reply()
            if reply.status == 200:
                self.taken.append(request)
            return reply

    def rest(self) -> bool:
        """True when the server ends within a moment."""
        return self._is_over.wait(0.05)


class _Server(ThreadingHTTPServer):
    stand_in: StandIn
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def setup(self) -> None:
        self.server.stand_in.connections += 1
        super().setup()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.stand_in.take(Request(self.path, headers, raw))
        if reply.hangs_up:
            return
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.drips:
            self._drip()
        else:
            self.wfile.write(reply.body)

    def _drip(self) -> None:
        ends_s = time.monotonic() + 5
        while time.monotonic() < ends_s and not self.server.stand_in.rest():
            self.wfile.write(b" ")
            self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Nothing."""
