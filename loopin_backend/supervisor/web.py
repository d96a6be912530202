"""Serve the ASGI application on listening sockets that the supervisor opened.

`uvicorn loopin_backend.asgi:application` serves the same application on a port of its own.
"""

from __future__ import annotations

import socket
import sys

import uvicorn

GRACEFUL_SHUTDOWN_S = 3
KEEP_ALIVE_S = 75  # longer than the flush interval of every SDK, so that connections are used again


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM; the arguments are the numbers of the inherited sockets."""
    sockets = [socket.socket(fileno=int(number)) for number in arguments]
    config = uvicorn.Config(
        "loopin_backend.asgi:application",
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # analytics counts its trusted proxies itself
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
    )
    uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    main(sys.argv[1:])
