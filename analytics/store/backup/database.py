"""The database's part of a backup: one consistent dump with the rows of each table, and putting it back.

PostgreSQL's dump and our counts read the same exported snapshot, so they agree to the row while events arrive. It is
put back in one transaction, so a stop in the middle leaves what was there. SQLite has a backup interface of its own.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction

from analytics.errors import Conflict, Unavailable
from analytics.store.backup import programs
from analytics.store.backup.manifest import Table

DUMP, COPY = "database.sql.gz", "database.sqlite3"

#: Whoever still works on the database is asked to stop instead of being waited for.
_LOCK_WAIT = "10s"

# Sums of hashes do not depend on the order of rows. Sixty bits fit into a bigint, their sum into a numeric.
_CHECKSUM = (
    "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text FROM {} t"
)
_SQLITE_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
)
_CLEAR = f"""
SET lock_timeout = '{_LOCK_WAIT}';
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public;
"""


def dump(folder: Path) -> tuple[Table, ...]:
    """Write the database into the folder; its tables as they are in the dump. **Errors**: `Unavailable`."""
    if connection.vendor == "postgresql":
        return _dump_postgres(folder / DUMP)
    _copy_sqlite(folder / COPY)
    with closing(sqlite3.connect(folder / COPY)) as copy:
        return tuple(
            Table(name, copy.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0])  # noqa: S608
            for (name,) in copy.execute(_SQLITE_TABLES).fetchall()
        )


def load(folder: Path) -> None:
    """Put the dump in the place of all that is in the database.

    **Errors**: `Unavailable` with the database's own words; then everything is as before.
    """
    if connection.vendor == "postgresql":
        _load_postgres(folder / DUMP)
    else:
        _load_sqlite(folder / COPY)


def differing(tables: Sequence[Table]) -> Iterator[str]:
    """Tables that are not as they were dumped, a sentence each."""
    here = {table.name: table for table in _tables()}
    for table in tables:
        found = here.get(table.name)
        if found is None or found.rows != table.rows or (table.checksum and found.checksum != table.checksum):
            yield f"{table.name}: {table.rows} rows in the backup, {found.rows if found else 'none'} here, or others"


def filled_tables() -> list[str]:
    """Tables with rows."""
    names = connection.introspection.table_names()
    with connection.cursor() as cursor:
        return [name for name in names if _has_rows(cursor, name)]


def _has_rows(cursor: object, name: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {_quoted(name)})")  # type: ignore[attr-defined]  # noqa: S608
    return bool(cursor.fetchone()[0])  # type: ignore[attr-defined]


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))


def _tables() -> tuple[Table, ...]:
    """All tables with their rows, and a checksum of those of analytics."""
    ours = {model._meta.db_table for model in apps.get_app_config("analytics").get_models()}
    found = []
    with connection.cursor() as cursor:
        for name in sorted(connection.introspection.table_names(cursor)):
            if name in ours and connection.vendor == "postgresql":
                cursor.execute(_CHECKSUM.format(_quoted(name)))
                rows, checksum = cursor.fetchone()
            else:
                cursor.execute(f"SELECT count(*) FROM {_quoted(name)}")  # noqa: S608
                rows, checksum = cursor.fetchone()[0], ""
            found.append(Table(name, rows, checksum))
    return tuple(found)


def _dump_postgres(path: Path) -> tuple[Table, ...]:
    program = programs.find("pg_dump")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
        options = (
            "--no-owner",
            "--no-privileges",
            "--compress=gzip:1",
            f"--snapshot={snapshot}",
            f"--file={path}",
        )
        _run([str(program), *options, f"--dbname={programs.address()}"])
        return _tables()


def _load_postgres(path: Path) -> None:
    command = [
        str(programs.find("psql")),
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "--output=/dev/null",
    ]
    command += ["--set=ON_ERROR_STOP=1", f"--dbname={programs.address()}"]
    connection.close()
    code, said = _feed(command, path)
    if code == 0:
        return
    if "lock timeout" in said:
        raise Conflict("the database is in use: stop the web server and the workers first", code="in_use")
    raise Unavailable(f"the database took no backup: {said.strip()[-500:]}", code="restore_failed")


def _feed(command: Sequence[str], path: Path) -> tuple[int, str]:
    """Give the statements to psql; its exit code, and what it said about errors."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said, env=programs.environment()) as process,
    ):
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as statements, gzip.open(path) as dumped:
            statements.write(_CLEAR.encode())
            shutil.copyfileobj(dumped, statements, 1024 * 1024)
        code = process.wait()
        said.seek(0)
        return code, said.read().decode(errors="replace")


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, env=programs.environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"pg_dump failed: {done.stderr.strip()[-500:]}", code="dump_failed")


def _copy_sqlite(path: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)


def _load_sqlite(path: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        copy.backup(connection.connection)
    connection.close()
