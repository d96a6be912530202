"""PostgreSQL's own programs: where they are, and how they reach the database that Django uses."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection

from analytics import conf
from analytics.errors import Unavailable

#: What Django hands to libpq as it stands; its other options are its own.
_LIBPQ_OPTIONS = (
    "sslmode", "sslrootcert", "sslcert", "sslkey", "service", "passfile", "target_session_attrs", "connect_timeout",
)  # fmt: skip


def find(name: str) -> Path:
    """The path of `pg_dump` or `psql`: in `ANALYTICS_POSTGRES_PROGRAMS`, else on the PATH.

    **Errors**: `Unavailable` naming the fix.
    """
    folder = conf.get().postgres_programs
    found = shutil.which(name, path=folder or None)
    if found is None:
        raise Unavailable(
            f"{name} is not found: install PostgreSQL's client programs, or name their folder in "
            "ANALYTICS_POSTGRES_PROGRAMS",
            code="no_postgres_programs",
        )
    return Path(found)


def address() -> str:
    """The database as libpq takes it, without the password: everybody on a machine can read arguments."""
    from psycopg.conninfo import make_conninfo  # a project on SQLite may not have it

    given = connection.settings_dict
    options: Mapping[str, Any] = given.get("OPTIONS") or {}
    wanted = {
        "dbname": given["NAME"], "user": given["USER"], "host": given["HOST"], "port": given["PORT"],
        **{name: options[name] for name in _LIBPQ_OPTIONS if name in options},
    }  # fmt: skip
    return make_conninfo(**{name: str(value) for name, value in wanted.items() if value})


def environment() -> dict[str, str]:
    """What the programs get beside it."""
    password = connection.settings_dict["PASSWORD"]
    return {"PGPASSWORD": str(password)} if password else {}
