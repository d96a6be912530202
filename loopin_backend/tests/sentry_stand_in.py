"""A loopback server that takes what a Sentry SDK sends: envelopes, kept as they came."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class SentryStandIn:
    """`with SentryStandIn() as sentry:`; `sentry.dsn` is where to report to."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                bodies.append(gzip.decompress(body) if is_packed else body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self._server.server_port}/1"

    def __enter__(self) -> SentryStandIn:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def items(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of one kind: `event`, `transaction`, `session`, `client_report`.

        Source: develop.sentry.dev, "Envelopes": a header line, then for each item a header line and a payload.
        """
        found = []
        for body in self.bodies:
            lines = [line for line in body.split(b"\n") if line][1:]
            for header, payload in zip(lines[::2], lines[1::2], strict=True):
                if json.loads(header)["type"] == kind:
                    found.append(json.loads(payload))
        return found
