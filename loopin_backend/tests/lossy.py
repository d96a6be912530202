"""A proxy that hands requests on and loses the first answers: the moment between a commit and its 200."""

from __future__ import annotations

import http.client
import http.server
import threading
from typing import Any
from urllib.parse import urlsplit


class LossyProxy:
    """Listens on a port of its own before `url`; the answers to the first `losses` POSTs never arrive."""

    def __init__(self, url: str, losses: int) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(url, losses))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(url: str, losses: int) -> type[http.server.BaseHTTPRequestHandler]:
    left = [losses]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.close_connection = True
            if left[0] > 0:
                left[0] -= 1
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
