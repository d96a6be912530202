"""ClickHouse's engine in this process (chdb), with its own MergeTree table."""

from __future__ import annotations

import json
import resource
import time
from typing import Any

from chdb import session

from bench.lake.data import Data
from bench.lake.measuring import elapsed_ms, median_ms
from bench.lake.shapes import Facts, Question, Row, Sql, facts_of
from bench.lake.statements import text_of

#: Warm runs; each question is asked once more before.
RUNS = 5

#: What every session sets. ClickHouse remembers which blocks a condition has no row in; nothing here remembers results.
_SETTINGS = {"max_threads": 2, "use_query_condition_cache": 0, "output_format_json_quote_64bit_integers": 0}

#: The size of one insert. Small ones make many parts, and a part has a file for every property in the JSON.
_BLOCK = "min_insert_block_size_rows = 4000000, min_insert_block_size_bytes = 4000000000"


class ClickHouse:
    """The engine on the events of one folder."""

    def __init__(self, data: Data) -> None:
        self._data = data
        _allow_many_files()
        self._session = session.Session(str(data.clickhouse))
        for name, value in _SETTINGS.items():
            self._run(f"set {name} = {value}")
        self._run("create database if not exists bench")
        self._run("use bench")

    def ask(self, question: Question) -> tuple[float, Facts]:
        """Median milliseconds of warm runs, and the answer."""
        texts = [text_of("clickhouse", sql, self._data.person) for sql in question.clickhouse]
        answers = [(sql, self._rows(text)) for sql, text in zip(question.clickhouse, texts, strict=True)]
        return median_ms(lambda: [self._run(text) for text in texts], RUNS), facts_of(answers)

    def ask_cold(self, question: Question) -> float:
        """Milliseconds of the first question of this process. The session itself is open already."""
        texts = [text_of("clickhouse", sql, self._data.person) for sql in question.clickhouse]
        return elapsed_ms(lambda: [self._run(text) for text in texts])

    def load(self) -> dict[str, float]:
        """Copy the events into the table; seconds, and bytes of an event."""
        started = time.perf_counter()
        folder = self._data.folder
        slots = {
            "events": f"{folder}/events/*.parquet",
            "merges": f"{folder}/merges.parquet",
            "block": _BLOCK,
        }
        self._run("drop table if exists events sync")
        for file in ("create_events", "insert_events", "optimize_events"):
            self._run(text_of("clickhouse", Sql(file, slots), self._data.person))
        seconds = time.perf_counter() - started
        size = self._rows("select sum(bytes_on_disk) from system.parts where active and table = 'events'")
        return {"seconds": seconds, "bytes_per_event": float(size[0][0]) / self._data.events}

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _run(self, text: str) -> str:
        return str(self._session.query(text, "JSONCompact"))

    def _rows(self, text: str) -> list[Row]:
        answer: dict[str, Any] = json.loads(self._run(text))
        rows: list[Row] = list(answer["data"])
        if "totals" in answer:
            rows.append([None, *answer["totals"][1:]])
        return rows


def _allow_many_files() -> None:
    """Every property in the JSON column is a file of its own, and a merge has those of all its parts open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 65_536), hard)
    )
