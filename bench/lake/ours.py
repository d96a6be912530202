"""Our lake and engine, as a deployment has them: sealed day by day, and rewritten and rolled up later."""

from __future__ import annotations

import shutil
import time

from bench.lake.data import END, Data
from bench.lake.measuring import elapsed_ms, folder_bytes, median_ms
from bench.lake.shapes import Facts, Ours, Question, facts_of
from eventlake.engine import Engine
from eventlake.rewriting import Changes, rewrite_days, vacuum
from eventlake.rollups.build import refresh_rollups
from eventlake.rollups.segments import FOLDER
from eventlake.schema import empty
from eventlake.sealing import seal
from eventlake.source import Source
from eventlake.table import Lake

#: Warm runs; each question is asked once more before.
RUNS = 5

_CLUSTER = 1

#: Days that one rewrite takes: a month, as nightly work would after a long pause.
_REWRITE_DAYS = 30


class OurLake:
    """The lake of one folder, with the limits that a process in production has."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._lake = Lake(data.lake)
        self._engine = Engine(data.lake)
        self._merges = data.merges()

    def ask(self, question: Question) -> tuple[float, Facts]:
        """Median milliseconds of warm runs, and the answer."""
        assert question.ours is not None
        rows = question.ours.rows(self._answer(question.ours))
        facts = facts_of(zip(question.clickhouse, rows, strict=True))
        return median_ms(lambda: self._answer(question.ours), RUNS), facts

    def ask_cold(self, question: Question) -> float:
        """Milliseconds of the first question of this process: it reads the log and opens the engine as well."""
        return elapsed_ms(lambda: self._answer(question.ours))

    def load(self) -> dict[str, float]:
        """Seal, rewrite and roll up all days: seconds, events sealed a second, and bytes of an event."""
        shutil.rmtree(self._data.lake, ignore_errors=True)
        seal_s = self._seal()
        started = time.perf_counter()
        self._rewrite()
        rewrite_s = time.perf_counter() - started
        started = time.perf_counter()
        refresh_rollups(self._lake, self._engine, closed_before=END.date(), now=END)
        rollup_s = time.perf_counter() - started
        vacuum(self._lake, retention_hours=0)
        events = self._data.events
        return {
            "seal_seconds": seal_s,
            "rewrite_seconds": rewrite_s,
            "rollup_seconds": rollup_s,
            "seal_events_per_s": events / seal_s,
            "bytes_per_event": self._lake.snapshot().size_bytes / events,
            "rollup_bytes_per_event": folder_bytes(self._data.lake / FOLDER) / events,
        }

    def close(self) -> None:
        """Give the memory back."""
        self._engine.close()

    def _answer(self, ours: Ours | None) -> object:
        assert ours is not None
        source = Source(self._lake.snapshot(), empty(), END, self._merges)
        with self._engine.read(source) as reader:
            return ours.ask(reader, ours.question(self._data.person))

    def _seal(self) -> float:
        """Seconds of sealing alone; reading the events that are to be sealed is not our work."""
        seconds = 0.0
        watermark = 0
        for day in self._data.days():
            last = max(day.column("insert_xid")[-1].as_py() + 1, watermark)
            started = time.perf_counter()
            seal(self._lake, day, watermark_from=watermark, watermark_to=last, cluster=_CLUSTER)
            seconds += time.perf_counter() - started
            watermark = last
        return seconds

    def _rewrite(self) -> None:
        """What nightly work does to closed days: one file a day, with the frequent properties as columns."""
        changes = Changes(now=END, merges=self._merges)
        days = sorted({file.day for file in self._lake.snapshot().files})
        for first in range(0, len(days), _REWRITE_DAYS):
            rewrite_days(self._lake, self._engine, days[first : first + _REWRITE_DAYS], changes)
