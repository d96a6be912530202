"""The listening sockets, opened by the supervisor and kept open while the web server restarts."""

from __future__ import annotations

import errno
import socket
from urllib.request import urlopen

BACKLOG = 2048


class PortInUse(RuntimeError):
    """Another program listens on the port; the text says how to choose another."""


def listen(port: int) -> list[socket.socket]:
    """Listening sockets on this machine's own addresses, IPv4 and, where there is one, IPv6.

    Errors: `PortInUse`; `PermissionError` for a port that needs privileges.
    """
    sockets = [_listen(socket.AF_INET, "127.0.0.1", port)]
    try:
        sockets.append(_listen(socket.AF_INET6, "::1", port))
    except PortInUse:
        sockets[0].close()
        raise
    except OSError:
        pass  # no IPv6 here
    return sockets


def is_live(address: str) -> bool:
    """Whether a web server answers at this address (`http://host:port`)."""
    try:
        with urlopen(f"{address}/livez", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def _listen(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} is in use by another program; choose another: PORT={port + 1} make run"
            ) from error
        raise
    return listener
