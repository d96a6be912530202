"""Real PostgreSQL and Valkey from wheels, for every process that has no servers of its own.

Settings ask for the addresses, which follow from the data directory alone; entry points call
`ensure()`, which is a quick no-op where `DATABASE_URL` and `REDIS_URL` are set or the servers
already run. The last process that used them stops them (see `locks`).
"""

from __future__ import annotations

from functools import cache

from loopin_backend import env
from loopin_backend.embedded.errors import EmbeddedServerError
from loopin_backend.embedded.places import Places
from loopin_backend.embedded.postgres import binary
from loopin_backend.embedded.servers import Servers

__all__ = [
    "EmbeddedServerError",
    "ensure",
    "ensure_postgres",
    "ensure_valkey",
    "find_programs",
    "places",
    "servers",
    "stop",
]


@cache
def places() -> Places:
    """Where this deployment's servers keep their data and sockets; starts nothing."""
    return Places.under(env.load().loopin_data_dir)


@cache
def servers() -> Servers:
    """The servers of this deployment, as this process sees them."""
    return Servers(places())


def find_programs() -> str:
    """The folder of PostgreSQL's programs that come with the product; empty where they are not installed."""
    try:
        return str(binary("pg_dump").parent)
    except EmbeddedServerError:
        return ""


def ensure() -> None:
    """Start whichever server this deployment lacks.

    Errors: `EmbeddedServerError` with the server's own words when one does not start.
    """
    if env.load().uses_embedded_postgres:
        ensure_postgres()
    if env.load().uses_embedded_valkey:
        ensure_valkey()


def ensure_postgres() -> str:
    """The URL of the embedded PostgreSQL, started if it was not running."""
    servers().ensure_postgres()
    return places().postgres_url


def ensure_valkey() -> str:
    """The URL of the embedded Valkey, started if it was not running."""
    servers().ensure_valkey()
    return places().valkey_url


def stop() -> bool:
    """Let go of the servers; True when nobody else used them and they were stopped."""
    return servers().release()
