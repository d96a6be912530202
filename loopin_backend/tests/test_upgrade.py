"""An upgrade of a full database while the code of before writes: nothing waits long, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from analytics.tests.test_migrations import STARTING_POINT
from loopin_backend import embedded, env

ROWS = 200_000
LONGEST_WAIT_S = 1.0
EVENTS = "analytics_userevent"

_PERSONS = f"""
INSERT INTO analytics_person (uuid, properties, is_identified, has_profile, created_at, updated_at)
SELECT gen_random_uuid(), '{{}}', false, true, now(), now() FROM generate_series(1, {ROWS // 10})
"""  # noqa: S608


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of a fresh database."""
    main = env.load().database_url.get_secret_value() or embedded.ensure_postgres()
    name = f"upgrade_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(main, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(main)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class CodeOfBefore(threading.Thread):
    """Inserts events with the columns that it knows, one after the other, and notes the longest wait."""

    def __init__(self, url: str, columns: dict[str, str]) -> None:
        super().__init__()
        self._url, self._columns = url, columns
        self.written, self.longest_s = 0, 0.0
        self.fault: Exception | None = None
        self.stop = threading.Event()

    def run(self) -> None:
        """Until it is told to stop."""
        statement = (
            f"INSERT INTO {EVENTS} ({', '.join(self._columns)}) SELECT {', '.join(self._columns.values())}"
        )
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                while not self.stop.is_set():
                    started = time.perf_counter()
                    connection.execute(statement)
                    self.longest_s = max(self.longest_s, time.perf_counter() - started)
                    self.written += 1
        except psycopg.Error as error:
            self.fault = error


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_code_of_before_writes_while_a_full_database_is_migrated_and_after(database: str) -> None:
    _migrate(database, "analytics", STARTING_POINT)
    columns = _columns(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_PERSONS)
        connection.execute(f"{_insert(columns)} FROM generate_series(1, {ROWS})")
    writer = CodeOfBefore(database, columns)
    writer.start()
    try:
        _migrate(database)
        at_the_end = writer.written
        while writer.is_alive() and writer.written < at_the_end + 50:
            time.sleep(0.01)
    finally:
        writer.stop.set()
        writer.join()
    assert writer.fault is None, writer.fault
    assert writer.longest_s < LONGEST_WAIT_S, f"an event waited {writer.longest_s:.2f} s for the migration"
    assert writer.written > at_the_end
    with psycopg.connect(database) as connection:
        rows = connection.execute(f"SELECT count(*) FROM {EVENTS}").fetchone()  # noqa: S608
    assert rows == (ROWS + writer.written,)


def _insert(columns: dict[str, str]) -> str:
    return f"INSERT INTO {EVENTS} ({', '.join(columns)}) SELECT {', '.join(columns.values())}"


def _migrate(url: str, *arguments: str) -> None:
    changes = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "loopin_backend.settings.test"}
    command = [sys.executable, "manage.py", "migrate", "-v", "0", *arguments]
    done = subprocess.run(
        command,
        cwd=env.PROJECT_ROOT,
        env=env.child_environment(**changes),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _columns(url: str) -> dict[str, str]:
    """The columns of an event that the code of before names, each with a value for it."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s "
            "AND is_nullable = 'NO' AND is_identity = 'NO' AND column_default IS NULL",
            [EVENTS],
        ).fetchall()
    values = {
        "uuid": "gen_random_uuid()", "boolean": "false", "timestamp with time zone": "now()", "jsonb": "'{}'",
        "integer": "0", "bigint": "0",
    }  # fmt: skip
    return {name: values.get(kind, "'x'") for name, kind in found}
