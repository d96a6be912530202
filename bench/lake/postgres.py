"""PostgreSQL as this product ships it, with a table that has the columns and indexes of UserEvent.

Django's own migrations make the table; a copy of it is filled and then indexed, which is how one would load it.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Iterable, Iterator

import psutil
import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg import sql as pgsql

from bench.lake.data import Data
from bench.lake.measuring import PeakOfTree
from bench.lake.shapes import Facts, Question, Row, TimedOutError, facts_of
from bench.lake.statements import text_of
from loopin_backend import embedded, env

#: Warm runs of a quick question; one that takes longer than a slow one is asked once.
RUNS = 3
SLOW_S = 10.0

TIMEOUT_S = 600

#: What an expert raises for such questions; the rest is as shipped, with one parallel worker for two cores.
SETTINGS = {
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "max_parallel_workers_per_gather": "1",
    "statement_timeout": f"{TIMEOUT_S}s",
    "search_path": "bench",
    "timezone": "UTC",
}

_TABLE = "analytics_userevent"

#: Texts that the database has as '' where the lake may have nothing.
_NEVER_NULL = ("intent_classification", "engagement_level", "action", "page_url", "page_path", "referrer")

_LEFT_OUT = {"day", "merged_person_id", "id"}


class Postgres:
    """The server of one folder, started if it does not run; it stops with this process."""

    def __init__(self, data: Data) -> None:
        self._data = data
        env.use_settings()
        self._connection = psycopg.connect(embedded.ensure_postgres(), autocommit=True)
        for name, value in SETTINGS.items():
            self._connection.execute(pgsql.SQL("set {} = {}").format(pgsql.Identifier(name), value))
        pid_file = embedded.places().pgdata / "postmaster.pid"
        self._server = psutil.Process(int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0]))
        self._peak = PeakOfTree(self._server)
        self._peak.__enter__()

    @property
    def peak_mb(self) -> float | None:
        """The most memory that the server's processes held together."""
        return self._peak.mb

    def ask(self, question: Question) -> tuple[float, Facts]:
        """Milliseconds, warm, and the answer. Errors: TimedOutError."""
        texts = [text_of("postgres", sql, self._data.person) for sql in question.postgres]
        started = time.perf_counter()
        try:
            answers = [list(self._rows(text)) for text in texts]
        except psycopg.errors.QueryCanceled as error:
            raise TimedOutError(TIMEOUT_S * 1000) from error
        first_s = time.perf_counter() - started
        facts = facts_of(zip(question.postgres, answers, strict=True))
        if first_s > SLOW_S:
            return first_s * 1000, facts
        times = []
        for _ in range(RUNS):
            started = time.perf_counter()
            for text in texts:
                list(self._rows(text))
            times.append(time.perf_counter() - started)
        return statistics.median(times) * 1000, facts

    def ask_cold(self, question: Question) -> float:
        """Not measured: its memory is the system's, and a server that just started is nobody's first question."""
        raise NotImplementedError

    def load(self) -> dict[str, float]:
        """Make, fill, index and analyse the table: seconds, and bytes of an event."""
        _migrate()
        started = time.perf_counter()
        run = self._connection.execute
        run("drop schema if exists bench cascade")
        run("create schema bench")
        run(f"create table bench.events (like public.{_TABLE} including defaults including identity)")
        self._copy()
        for (definition,) in run("select indexdef from pg_indexes where tablename = %s", [_TABLE]).fetchall():
            run(definition.replace(f" ON public.{_TABLE} ", " ON bench.events "))
        run("vacuum (analyze) bench.events")
        seconds = time.perf_counter() - started
        sizes = "select pg_table_size('bench.events'), pg_indexes_size('bench.events')"
        table, indexes = run(sizes).fetchone() or (0, 0)
        events = self._data.events
        return {
            "seconds": seconds,
            "bytes_per_event": table / events,
            "index_bytes_per_event": indexes / events,
        }

    def close(self) -> None:
        """Let go of the server."""
        self._peak.__exit__()
        self._connection.close()
        embedded.stop()

    def _rows(self, text: str) -> Iterator[Row]:
        for row in self._connection.execute(text).fetchall():
            yield tuple(value.isoformat() if hasattr(value, "isoformat") else value for value in row)

    def _copy(self) -> None:
        for day in map(_columns, self._data.resolved_days()):
            names = pgsql.SQL(", ").join(map(pgsql.Identifier, day.column_names))
            statement = pgsql.SQL("copy bench.events ({}) from stdin (format csv)").format(names)
            with self._connection.cursor().copy(statement) as copy:
                for batch in day.to_batches(max_chunksize=50_000):
                    text = io.BytesIO()
                    pacsv.write_csv(batch, text, pacsv.WriteOptions(include_header=False))
                    copy.write(text.getbuffer())


def _columns(day: pa.Table) -> pa.Table:
    """The columns of UserEvent that have no default, or another value than it."""
    rows = day.drop_columns([name for name in day.column_names if name in _LEFT_OUT])
    for name in _NEVER_NULL:
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, name, rows.column(name).fill_null(""))
    updated = rows.schema.get_field_index("updated_at")
    rows = rows.set_column(updated, "updated_at", rows.column("created_at"))
    count = rows.num_rows
    constants: Iterable[tuple[str, object, pa.DataType]] = (
        ("lineage_depth", 0, pa.int32()),
        ("is_archived", False, pa.bool_()),
        ("client_timestamp", "", pa.string()),
    )
    for name, value, kind in constants:
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, kind), count))
    return rows.append_column("received_at", rows.column("created_at"))


def _migrate() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
