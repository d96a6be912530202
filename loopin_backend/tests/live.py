"""A real server in a process of its own, on a database of its own: what SDKs and kill tests send to.

`LiveServer` starts uvicorn on a free port, can kill it with -9 and start it again on the same port, and reads what
is stored straight from PostgreSQL, so that no cache or connection of the test stands between. Everything that it
starts or makes is gone after `close()`.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from loopin_backend import embedded, env
from loopin_backend.supervisor.listening import is_live
from loopin_backend.tests.waiting import eventually

SETTINGS = "loopin_backend.tests.live_settings"
START_TIMEOUT_S = 30.0
_ACCESS = re.compile(r'"(?P<method>[A-Z]+) (?P<path>[^ ?"]+)[^"]*" (?P<status>\d{3})')


class Call(NamedTuple):
    """One line of the server's access log, without its query string."""

    method: str
    path: str
    status: int


class LiveServer:
    """One server with its database; `with LiveServer() as server:` or `start()` and `close()`."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="loopin-live-"))
        self._log = self._home / "server.log"
        self._database = f"loopin_live_{uuid.uuid4().hex[:12]}"
        self._main_url = env.load().database_url.get_secret_value() or embedded.ensure_postgres()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> LiveServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Make the database, migrate it and start the server; it answers when this returns."""
        self._run_on_main("CREATE DATABASE {}")
        self._manage("migrate", "--verbosity", "0")
        self.boot()

    def boot(self) -> None:
        """Start the server process, again on the same port and database after a kill."""
        command = [
            sys.executable, "-m", "uvicorn", "loopin_backend.asgi:application",
            "--host", "127.0.0.1", "--port", str(self.port), "--loop", "uvloop", "--http", "httptools",
        ]  # fmt: skip
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=env.PROJECT_ROOT, env=self._environment(), stdout=log, stderr=log
            )
        eventually(self.is_up, "the server answers", within_s=START_TIMEOUT_S)

    def kill(self) -> None:
        """End the server as a crash or a power cut would: no handler of its own runs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Stop the server and remove its database and files."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._run_on_main("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        shutil.rmtree(self._home, ignore_errors=True)

    def is_up(self) -> bool:
        """True when the server answers; raises at once when its process has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"the server ended with code {self._process.returncode}:\n{self.log()}")
        return is_live(self.url)

    def make_key(self, label: str) -> str:
        """A new ingest key under this label; the events that it brings carry the label."""
        token = f"lk_live_{uuid.uuid4().hex}"
        self.query(
            "INSERT INTO analytics_ingestkey (label, token, is_active, created_at) VALUES (%s, %s, true, now()) "
            "RETURNING id",
            label,
            token,
        )
        return token

    def connect(self) -> psycopg.Connection:
        """A connection to the server's database, for a test that holds a lock; closed by `with`."""
        return psycopg.connect(self._own_url())

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement on the server's database, committed."""
        with self.connect() as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def count_stored(self, label: str) -> int:
        """How many events with this key's label are stored."""
        return int(self.query("SELECT count(*) FROM analytics_userevent WHERE ingest_key = %s", label)[0][0])

    def ledger(self, label: str) -> Counter[str]:
        """The ledger of one key: events by outcome, and the reasons of the rejected."""
        rows = self.query(
            "SELECT outcome || CASE WHEN reason = '' THEN '' ELSE ':' || reason END, sum(count) "
            "FROM analytics_ledgerentry WHERE ingest_key = %s GROUP BY 1",
            label,
        )
        return Counter({name: int(count) for name, count in rows})

    def log(self) -> str:
        """Everything that the server's processes have printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def calls(self) -> list[Call]:
        """Every request answered so far."""
        found = _ACCESS.finditer(self.log())
        return [Call(hit["method"], hit["path"], int(hit["status"])) for hit in found]

    def _manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=env.PROJECT_ROOT, env=self._environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")

    def _environment(self) -> dict[str, str]:
        redis_url = env.load().redis_url.get_secret_value() or embedded.ensure_valkey()
        return env.child_environment(
            DJANGO_SETTINGS_MODULE=SETTINGS,
            LOOPIN_ENV="test",
            LOOPIN_DATA_DIR=str(self._home / "data"),
            DATABASE_URL=self._own_url(),
            REDIS_URL=redis_url,
            PYTHONUNBUFFERED="1",
        )

    def _own_url(self) -> str:
        return urlunsplit(urlsplit(self._main_url)._replace(path=f"/{self._database}"))

    def _run_on_main(self, statement: str) -> None:
        with psycopg.connect(self._main_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._database)))


def find_free_port() -> int:
    """A TCP port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def count_calls(calls: Sequence[Call]) -> Counter[str]:
    """How often each method, path and status came, slashes at the end aside."""
    return Counter(f"{call.method} {call.path.rstrip('/')} {call.status}" for call in calls)
