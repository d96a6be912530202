"""Watching Celery tasks: duration, retries, failures and memory, by Celery's signals."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import signals

from analytics.monitoring import names
from analytics.monitoring.memory import get_memory_usage

logger = logging.getLogger("analytics.tasks")

#: More than this in one task is worth a line in the log.
_GROWTH_MB = 50.0

_started: dict[str, tuple[float, float]] = {}


def connect() -> None:
    """Watch every task of this process; called by whoever makes the Celery application."""
    signals.task_prerun.connect(_begin, weak=False, dispatch_uid="analytics.monitoring.begin")
    signals.task_postrun.connect(_end, weak=False, dispatch_uid="analytics.monitoring.end")
    signals.task_retry.connect(_retry, weak=False, dispatch_uid="analytics.monitoring.retry")
    signals.task_failure.connect(_failure, weak=False, dispatch_uid="analytics.monitoring.failure")


def _begin(task_id: str, **_: Any) -> None:
    _started[task_id] = time.perf_counter(), get_memory_usage()["rss"]


def _end(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    found = _started.pop(task_id, None)
    if found is None:
        return
    started_s, rss_before = found
    rss = get_memory_usage()["rss"]
    names.TASK_DURATION.labels(task.name, (state or "unknown").lower()).observe(
        time.perf_counter() - started_s
    )
    names.TASK_MEMORY.labels(task.name).set(rss * 1024 * 1024)
    if rss - rss_before > _GROWTH_MB:
        logger.info("Memory usage of %s: %.2fMB -> %.2fMB", task.name, rss_before, rss)


def _retry(sender: Any, **_: Any) -> None:
    names.TASK_RETRIES.labels(sender.name).inc()


def _failure(sender: Any, **_: Any) -> None:
    names.TASK_FAILURES.labels(sender.name).inc()
