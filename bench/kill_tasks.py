"""Kill Celery's worker and empty Redis again and again while work arrives, then count what became of it.

    python -m bench.kill_tasks --rounds 40

A real worker (all queues, two children) runs what the schedule would wake it for, much more often. Each round it, or
one of its children, dies by SIGKILL at a random moment; every third round Redis is emptied (`FLUSHALL`). Meanwhile
events are stored and files are to be imported. In the end a fresh worker and the schedule's own tasks have to finish
everything by themselves: every event sealed once, enriched and counted in the metrics, every file imported once to its
last row, nothing in the queue of messages, nothing stuck. Exit code 1 otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import own_servers

_TASKS = (
    "seal_events", "lake_upkeep", "fold_ledger", "enrich_new_events", "continue_datasets", "deliver_messages",
    "process_daily_metrics_calculation", "generate_predictive_insights", "perform_user_clustering",
    "detect_anomalies_batch", "retrain_models", "tidy_deliveries", "cleanup_old_analytics_data",
)  # fmt: skip
_FILE_ROWS = 2_000
_LONGEST_LIFE_S = 4.0
_GIVEN_UP_S = 180.0


@dataclass
class Given:
    """What was stored, and the rows of the files that are to be imported."""

    events: int = 0
    file_rows: int = 0
    datasets: list[int] = field(default_factory=list)


def main() -> None:
    """Run the loop in a process with servers of its own."""
    parser = argparse.ArgumentParser(description="Kill the worker and empty Redis, then count.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inner", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner is None:
        with tempfile.TemporaryDirectory(prefix="kill-tasks-") as folder:
            arguments = ["-m", "bench.kill_tasks", "--inner", folder]
            arguments += ["--rounds", str(options.rounds), "--seed", str(options.seed)]
            imports = str(Path(folder) / "imports")
            command = own_servers.command(
                Path(folder), arguments, LOG_LEVEL="CRITICAL", ANALYTICS_IMPORT_DIR=imports
            )
            sys.exit(subprocess.run(command, check=False).returncode)
    own_servers.set_up()
    faults = run(options.rounds, random.Random(options.seed), options.inner)
    for fault in faults[:20]:
        print(fault)
    sys.exit(1 if faults else 0)


def run(rounds: int, dice: random.Random, folder: Path) -> list[str]:
    """What is wrong at the end; nothing, if all is well."""
    given, stop = Given(), threading.Event()
    (folder / "imports").mkdir(exist_ok=True)
    writer = threading.Thread(
        target=_write, args=(given, stop, random.Random(2), folder / "imports"), daemon=True
    )
    writer.start()
    started_s, flushed = time.monotonic(), 0
    for number in range(rounds):
        with _worker() as worker:
            _wait_for_children(worker)
            _wake_everything(dice)
            time.sleep(dice.uniform(0.1, _LONGEST_LIFE_S))
            if number % 3 == 2:
                _flush_redis()
                flushed += 1
            _kill(worker, dice)
        if number % 10 == 9:
            print(f"  {number + 1} of {rounds}", flush=True)
    stop.set()
    writer.join()
    killed_s = time.monotonic() - started_s
    finished_s = _finish()
    faults = count(given)
    print(
        f"{rounds} kills and {flushed} times FLUSHALL in {killed_s:.0f} s; finished {finished_s:.0f} s later: "
        f"{given.events:,} events stored, {len(given.datasets)} files with {given.file_rows:,} rows, "
        f"{len(faults)} faults"
    )
    return faults


@contextlib.contextmanager
def _worker() -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "loopin_backend",
        "worker",
        "--concurrency=2",
        "--loglevel=CRITICAL",
    ]
    quiet = subprocess.DEVNULL
    worker = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield worker
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _wait_for_children(worker: subprocess.Popen[bytes]) -> list[int]:
    import psutil

    ends_s = time.monotonic() + 60
    while time.monotonic() < ends_s:
        children = [child.pid for child in psutil.Process(worker.pid).children()]
        if len(children) >= 2:
            return children
        time.sleep(0.05)
    raise RuntimeError("the worker did not start")


def _kill(worker: subprocess.Popen[bytes], dice: random.Random) -> None:
    """One child, which the worker then replaces, or all at once."""
    if dice.random() < 0.5:
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(_wait_for_children(worker)), signal.SIGKILL)
        time.sleep(dice.uniform(0.1, 1.0))
    os.killpg(worker.pid, signal.SIGKILL)


def _wake_everything(dice: random.Random) -> None:
    from loopin_backend.celery import app

    tasks = list(_TASKS) * 2
    dice.shuffle(tasks)
    for task in tasks:
        app.send_task(f"analytics.tasks.{task}", ignore_result=True)


def _flush_redis() -> None:
    from loopin_backend.celery import app

    with app.connection_for_write() as connection:
        connection.default_channel.client.flushall()  # type: ignore[attr-defined]  # kombu's channel of Redis


def _write(given: Given, stop: threading.Event, dice: random.Random, imports: Path) -> None:
    from django.db import connection

    from bench.kill_outbox import store_batch

    while not stop.is_set():
        given.events += len(store_batch(dice))
        if given.events % 4_000 == 0:
            _add_file(given, dice, imports)
        time.sleep(0.05)
    connection.close()


def _add_file(given: Given, dice: random.Random, imports: Path) -> None:
    """A file that somebody hands in while the worker dies."""
    from analytics.reports.datasets import take_on

    name = f"{len(given.datasets)}.csv"
    rows = "".join(
        f"imported,u{dice.randrange(20)},2026-05-0{dice.randrange(1, 9)}T10:00:00Z\n"
        for _ in range(_FILE_ROWS)
    )
    (imports / name).write_text("event_name,distinct_id,timestamp\n" + rows)
    dataset = take_on(imports / name, format_name="csv", mapping={}, event_name="")
    given.datasets.append(dataset.pk)
    given.file_rows += _FILE_ROWS


def _finish() -> float:
    """A fresh worker, and what the schedule would send, until nothing is left to do; how long, in seconds."""
    from loopin_backend.celery import app

    started_s = time.monotonic()
    with _worker() as worker:
        _wait_for_children(worker)
        while _left() and time.monotonic() - started_s < _GIVEN_UP_S:
            for task in ("seal_events", "enrich_new_events", "continue_datasets", "deliver_messages"):
                app.send_task(f"analytics.tasks.{task}", ignore_result=True)
            time.sleep(2.0)
        app.send_task("analytics.tasks.process_daily_metrics_calculation").get(timeout=120)
    return time.monotonic() - started_s


def _left() -> dict[str, int]:
    """What still waits."""
    from analytics.ai_services import enriching
    from analytics.models import Dataset, OutboxMessage, WorkCursor
    from analytics.store import hot, lake

    cursor = WorkCursor.objects.filter(name=enriching.CURSOR).first()
    waiting = {
        "unsealed": hot.count_from(lake.lake().snapshot().watermark)[0],
        "unread": hot.count_from(cursor.watermark if cursor else 0)[0],
        "datasets": Dataset.objects.exclude(state__in=("completed", "failed")).count(),
        "messages": OutboxMessage.objects.filter(state="pending").count(),
    }
    return {name: number for name, number in waiting.items() if number}


def count(given: Given) -> list[str]:
    """What is lost, doubled or stuck."""
    from analytics.models import BusinessMetric, Dataset, UserEvent
    from analytics.store import asking

    faults = [f"{number} {name} are left" for name, number in _left().items()]
    stored = UserEvent.objects.count()
    if stored != given.events + given.file_rows:
        faults.append(f"{given.events + given.file_rows} events were given, {stored} are stored")
    for dataset in Dataset.objects.all():
        if (dataset.state, dataset.processed) != ("completed", _FILE_ROWS):
            faults.append(f"{dataset.path} is {dataset.state} with {dataset.processed} rows")
    in_lake = asking.ask(_all_rows, _everything())
    if in_lake != stored:
        faults.append(f"{stored} events are stored, analyses count {in_lake}")
    doubled = BusinessMetric.objects.values("metric_name", "period_start", "dimensions").distinct().count()
    if doubled != BusinessMetric.objects.count() or not doubled:
        faults.append(f"{BusinessMetric.objects.count()} rows of metrics for {doubled} values")
    return faults


def _everything() -> Any:
    from datetime import UTC, datetime

    from analytics import clock
    from eventlake.analyses.sessions import SessionsQuestion

    return SessionsQuestion(datetime(2020, 1, 1, tzinfo=UTC), clock.next_minute(), "UTC")


def _all_rows(reader: Any, question: Any) -> int:
    from eventlake.analyses.sessions import sessions

    return sessions(reader, question).figures.events


if __name__ == "__main__":
    main()
