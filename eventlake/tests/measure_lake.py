"""The figures of docs/decisions/0003: `python -m eventlake.tests.measure_lake [EVENTS]` prints them.

Synthetic events over 90 days in a temporary folder; each question is asked once first and seven times warm.
"""

from __future__ import annotations

import datetime as dt
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from eventlake import datafiles
from eventlake.analyses.filters import Condition, Operator
from eventlake.analyses.measures import Measure
from eventlake.analyses.overview import OverviewQuestion, overview
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.engine import Engine
from eventlake.periods import Interval
from eventlake.sealing import seal
from eventlake.source import Source
from eventlake.table import Lake
from eventlake.tests.synthetic import synthetic_events

START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
DAYS = 90
END = START + dt.timedelta(days=DAYS)
PLAN, DURATION = Property("plan"), Property("duration_ms")


def _trend(*series: Series, **parts: Any) -> TrendsQuestion:
    return TrendsQuestion(START, END, "Europe/Berlin", series, **parts)


QUESTIONS: dict[str, tuple[Callable[..., Any], Any]] = {
    "overview, 45 days and the 45 before": (
        overview,
        OverviewQuestion(START + dt.timedelta(days=45), END, "UTC", now=END),
    ),
    "events a day": (trends, _trend(Series(Measure.COUNT))),
    "persons a day": (trends, _trend(Series(Measure.PERSONS))),
    "persons a week": (trends, _trend(Series(Measure.PERSONS), interval=Interval.WEEK)),
    "one event a day": (trends, _trend(Series(Measure.COUNT, "meetup_viewed"))),
    "sessions a day": (trends, _trend(Series(Measure.SESSIONS))),
    "p90 of a JSON property": (trends, _trend(Series(Measure.P90, prop=DURATION))),
    "revenue a day": (
        trends,
        _trend(Series(Measure.SUM, prop=Property("revenue_impact", Scope.COLUMN))),
    ),
    "breakdown by a JSON property": (
        trends,
        _trend(Series(Measure.COUNT), breakdown=Breakdown(PLAN, limit=2)),
    ),
    "filter on a JSON property": (
        trends,
        _trend(Series(Measure.COUNT, filter=Condition(PLAN, Operator.EQ, "pro"))),
    ),
}


def main(count: int) -> None:
    """Print every figure."""
    say(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )
    say(f"resident memory after importing duckdb, deltalake and pyarrow: {imported_mb()} MB")
    events = synthetic_events(count, start=START, days=DAYS)
    for name in ("mixed", "lz4", "zstd"):
        codecs = datafiles.CODECS
        if name != "mixed":
            datafiles.CODECS = dict.fromkeys(codecs, name)
        with tempfile.TemporaryDirectory() as folder:
            measure(folder, events, name)
        datafiles.CODECS = codecs
    say(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def measure(folder: str, events: pa.Table, name: str) -> None:
    """Seal the events into a folder and ask every question of them."""
    lake, count = Lake(folder), events.num_rows
    started_s = time.perf_counter()
    sealed = seal(lake, events, watermark_from=0, watermark_to=count + 1, cluster=1)
    sealing_s = time.perf_counter() - started_s
    say(f"\n{name}: {count / sealing_s:,.0f} rows/s sealed, {sealed.size_bytes / count:.1f} bytes an event")
    engine, source = Engine(folder), Source.sealed_only(lake.snapshot(), END)
    for title, (analysis, question) in QUESTIONS.items():
        times = [ask_ms(engine, source, analysis, question) for _ in range(8)]
        warm_ms, cpu_ms = (min(column) for column in zip(*times[1:], strict=True))
        say(f"  {title:38} first {times[0][0]:5.0f} ms   warm {warm_ms:5.0f} ms   processor {cpu_ms:5.0f} ms")
    engine.close()


def ask_ms(
    engine: Engine, source: Source, analysis: Callable[..., Any], question: Any
) -> tuple[float, float]:
    """Time of one answer, on the clock and of all processors; the second bears a busy machine better."""
    started_s, busy_s = time.perf_counter(), time.process_time()
    with engine.read(source) as reader:
        analysis(reader, question)
    return (time.perf_counter() - started_s) * 1000, (time.process_time() - busy_s) * 1000


def imported_mb() -> int:
    """Resident memory of a fresh process with the three libraries."""
    peak = "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024"
    code = f"import duckdb, deltalake, pyarrow, resource; print({peak})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(found.stdout)


def say(line: str) -> None:
    """Print."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
