"""DuckDB, in process and locked down: the only module that opens a connection.

One database in memory per process, a cursor per reader. It can read the files of one lake and nothing
else: no other path, no network, no extension, no changed setting, only SELECT. Memory and threads are
capped, and each reader has a time limit and can be called off. It keeps no data of its own.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as pads

from eventlake.analyses.filters import cohort_table
from eventlake.analyses.statements import fill
from eventlake.errors import (
    LakeError,
    QueryCancelledError,
    QueryFailedError,
    QueryTimeoutError,
    QuestionError,
)
from eventlake.merges import SCHEMA as MERGES_SCHEMA
from eventlake.parameters import Parameters
from eventlake.proof import Proof
from eventlake.relations import Relation
from eventlake.rollups.kinds import SCHEMAS
from eventlake.rollups.segments import Segment
from eventlake.schema import FILE_SCHEMA, PROPERTY_PREFIX, conform
from eventlake.source import MEMBERS_SCHEMA, PERSONS_SCHEMA, SUPERSEDED_SCHEMA, Source
from eventlake.storage import local_path, open_filesystem
from eventlake.table import LakeFile

#: How often a running query is asked to stop, once it should.
_WATCH_EVERY_S = 0.05

#: Errors of DuckDB that a value in the question causes (a bad pattern, a number out of range).
_QUESTION_ERRORS = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may use: memory and threads for the whole process, time for each reader."""

    memory_mb: int = 1024
    threads: int = 2
    timeout_s: float = 30.0


class Engine:
    """A locked-down DuckDB for the lake in one place. Keep one per process; safe between threads.

    Opening DuckDB costs 25 ms and a cursor 0.05 ms, hence one database that all readers share. After a
    fork the child opens its own, because threads of the parent do not exist there.
    """

    def __init__(self, root: str | Path, limits: Limits | None = None) -> None:
        self.root = str(root)
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._process_id = 0
        self._memory = Memory()

    @contextmanager
    def read(self, source: Source, *, is_cancelled: Callable[[], bool] | None = None) -> Iterator[Reader]:
        """A reader of events at one moment, for one thread. `is_cancelled` is asked 20 times a second.

        Errors: SchemaError for hot rows that do not fit; `Run.rows` names the rest.
        """
        if source.snapshot.root != self.root:
            raise QueryFailedError(f"this engine reads {self.root}, not {source.snapshot.root}")
        source = replace(source, hot=conform(source.hot))
        cursor = self._cursor()
        watch = _Watch(cursor, self.limits.timeout_s, is_cancelled)
        try:
            cursor.register("hot", source.hot)
            cursor.register("superseded", source.superseded.cast(SUPERSEDED_SCHEMA))
            cursor.register("persons", source.persons.cast(PERSONS_SCHEMA))
            for cohort, members in source.cohorts.items():
                cursor.register(cohort_table(cohort), members.cast(MEMBERS_SCHEMA))
            yield Reader(cursor, source, watch, self._memory)
        finally:
            watch.stop()
            cursor.close()

    def close(self) -> None:
        """Give the memory back. The engine opens again when it is next used."""
        with self._lock:
            if self._database is not None and self._process_id == os.getpid():
                self._database.close()
            self._database = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None or self._process_id != os.getpid():
                self._database = _open(self.root, self.limits)
                self._process_id = os.getpid()
            return self._database.cursor()


class Reader:
    """Events at one moment. Each analysis takes a `Run`, so that its proof counts its own work only."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, source: Source, watch: _Watch, memory: Memory
    ) -> None:
        self._cursor = cursor
        self._source = source
        self._watch = watch
        self._memory = memory

    def run(self, definition: str) -> Run:
        """A new piece of work under a definition such as "trends/1"."""
        run = Run(self._cursor, self._source, self._watch, definition)
        run.memory = self._memory
        return run


class Memory:
    """Small tables that follow from immutable files, kept so that they are worked out once a process."""

    _LIMIT = 32

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[Hashable, pa.Table] = {}

    def recall(self, key: Hashable, make: Callable[[], pa.Table]) -> pa.Table:
        """The table of a key, made where it is not known; the oldest of too many is forgotten."""
        with self._lock:
            if (known := self._tables.get(key)) is not None:
                return known
        made = make()
        with self._lock:
            self._tables[key] = made
            while len(self._tables) > self._LIMIT:
                del self._tables[next(iter(self._tables))]
        return made


class Run:
    """The queries of one analysis, and the proof of what they did."""

    memory: Memory

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, source: Source, watch: _Watch, definition: str
    ) -> None:
        self.source = source
        self._cursor = cursor
        self._watch = watch
        self._definition = definition
        self._started_s = time.perf_counter()
        self._statements: list[str] = []
        self._files: dict[str, int] = {}
        self._datasets = 0
        self._moved: dict[frozenset[str | None], str | None] = {}

    def rows(self, sql: str, parameters: Parameters, **relations: Relation) -> list[tuple[Any, ...]]:
        """Rows of a SELECT whose slots become these relations: `events=Events(span)` fills `{{events}}`.

        Errors: QueryTimeoutError, QueryCancelledError; QuestionError for a value that the engine refuses;
        QueryFailedError for anything else (the memory limit, a file that is gone).
        """
        text = self._prepare(sql, parameters, relations)
        with self._guarded(text):
            return self._cursor.execute(text, parameters.values).fetchall()

    def columns(self, sql: str, parameters: Parameters, **relations: Relation) -> pa.Table:
        """The same as an Arrow table, for what is worked out over whole columns. Errors: as `rows`."""
        text = self._prepare(sql, parameters, relations)
        with self._guarded(text):
            return self._cursor.sql(text, params=parameters.values).to_arrow_table()

    def provide(self, name: str, key: Hashable, make: Callable[[], pa.Table]) -> None:
        """Give later statements a table of this name; `key` says of which immutable files it is made."""
        self._cursor.register(name, self.memory.recall((name, key), make))

    def give(self, name: str, table: pa.Table) -> None:
        """Give later statements a table of this name."""
        self._cursor.register(name, table)

    def proof(self) -> Proof:
        """The proof of all that ran so far."""
        return Proof(
            fresh_to=self.source.fresh_to,
            rows_read=sum(self._files.values()) + self.source.hot.num_rows,
            lake_version=self.source.snapshot.version,
            definition=self._definition,
            sql=";\n\n".join(self._statements),
            duration_ms=(time.perf_counter() - self._started_s) * 1000,
        )

    def read(self, files: Iterable[LakeFile], parameters: Parameters) -> str:
        """A FROM item of these files of the lake; binds their names and counts their rows."""
        files = list(files)
        rows = {file.path: file.rows for file in files}
        properties = sorted(set().union(*(file.properties for file in files)))
        schema = pa.schema(
            [*FILE_SCHEMA, *(pa.field(f"{PROPERTY_PREFIX}{name}", pa.string()) for name in properties)]
        )
        note = f"{len(rows)} files of lake version {self.source.snapshot.version}"
        return self._from_item(rows, schema, parameters, note)

    def moved(self, bases: Iterable[str | None]) -> str | None:
        """Name of a table (person_id, root_id) of those who count as somebody else since rows were written with one of
        these merges; None where there are none."""
        key = frozenset(bases)
        if key not in self._moved:
            merges = self.source.moved(key)
            name = f"moved_{len(self._moved)}"
            self._moved[key] = name if merges.num_rows else None
            if merges.num_rows:
                self._cursor.register(name, merges.cast(MERGES_SCHEMA))
        return self._moved[key]

    def read_rollups(self, kind: str, segments: Iterable[Segment], parameters: Parameters) -> str:
        """A FROM item of the rollups of a kind; binds their names and counts their rows."""
        segments = list(segments)
        rows = {segment.path(kind): segment.kind_rows[kind] for segment in segments}
        note = f"{kind} of {len(segments)} segments of rollups"
        return self._from_item(rows, SCHEMAS[kind], parameters, note)

    def _from_item(self, files: dict[str, int], schema: pa.Schema, parameters: Parameters, note: str) -> str:
        self._files.update(files)
        snapshot = self.source.snapshot
        if snapshot.local_root is not None:
            paths = [str(snapshot.local_root / path) for path in files]
            return f"read_parquet({parameters.bind(paths, note)}, union_by_name = true, hive_partitioning = false)"
        filesystem = open_filesystem(snapshot.root, snapshot.storage_options)
        name = f"cold_{self._datasets}"
        self._datasets += 1
        dataset = pads.dataset(list(files), schema=schema, format="parquet", filesystem=filesystem)
        self._cursor.register(name, dataset)
        return name

    def _prepare(self, sql: str, parameters: Parameters, relations: dict[str, Relation]) -> str:
        # A statement that never names the column and takes no other by a star cannot depend on it.
        parameters.reads_person = "person_id" in sql or "*" in sql.replace("count(*)", "")
        text = fill(sql, **{name: relation.sql(self, parameters) for name, relation in relations.items()})
        self._statements.append("\n".join([text, *parameters.comments()]))
        self._watch.check()
        return text

    @contextmanager
    def _guarded(self, text: str) -> Iterator[None]:
        try:
            only_select(text)
            yield
        except duckdb.InterruptException as error:
            self._watch.check()
            raise QueryFailedError("the query was interrupted") from error
        except _QUESTION_ERRORS as error:
            raise QuestionError(str(error).splitlines()[0]) from error
        except duckdb.Error as error:
            raise QueryFailedError(str(error)) from error


class _Watch:
    """Interrupts a cursor at its time limit or when its caller has gone, again and again until it stops.

    Once would not do: an interrupt between two statements is lost.
    """

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, timeout_s: float, is_cancelled: Callable[[], bool] | None
    ) -> None:
        self._cursor = cursor
        self._deadline_s = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._is_cancelled = is_cancelled or (lambda: False)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="eventlake-watch", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Errors: QueryCancelledError or QueryTimeoutError when it is time to stop."""
        error = self._reason()
        if error is not None:
            raise error

    def stop(self) -> None:
        """End the watch; after this the cursor is never touched again."""
        self._done.set()
        self._thread.join()

    def _reason(self) -> LakeError | None:
        if self._is_cancelled():
            return QueryCancelledError("the query was called off")
        if time.monotonic() >= self._deadline_s:
            return QueryTimeoutError(f"the query took longer than {self._timeout_s:g} seconds")
        return None

    def _watch(self) -> None:
        while not self._done.wait(_WATCH_EVERY_S):
            if self._reason() is not None:
                self._cursor.interrupt()


def only_select(text: str) -> None:
    """Errors: QueryFailedError for anything but one SELECT: what may be read must not be written."""
    found = duckdb.extract_statements(text)
    if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
        raise QueryFailedError("only a single SELECT may run")


def _open(root: str, limits: Limits) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:")
    for setting, value in _settings(root, limits):
        database.execute(f"set {setting} = $value", {"value": value})
    return database


def _settings(root: str, limits: Limits) -> Iterator[tuple[str, Any]]:
    yield "threads", limits.threads
    yield "memory_limit", f"{limits.memory_mb}MB"
    yield "temp_directory", ""  # nothing is spilled: a query that needs more memory fails
    yield "preserve_insertion_order", False  # every statement that cares says ORDER BY
    yield "parquet_metadata_cache", True  # sealed files never change
    yield "autoinstall_known_extensions", False
    yield "autoload_known_extensions", False
    yield "allow_community_extensions", False
    yield "python_enable_replacements", False  # a table name must never find a Python variable
    folder = local_path(root)
    if folder is not None:
        yield "allowed_directories", [f"{folder}/"]
    yield "enable_external_access", False
    yield "lock_configuration", True
