"""`manage.py analytics_worker`: all background work in one process, for a project without Celery.

The tasks and when they are due are those of `analytics.schedule`; each is safe to run twice, so a second worker, or
Celery beside it, does no harm.
"""

from __future__ import annotations

import logging
import signal
import threading
from datetime import datetime
from typing import Any

from celery.schedules import BaseSchedule, maybe_schedule
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils.module_loading import import_string

from analytics import clock
from analytics.schedule import SCHEDULE

logger = logging.getLogger("analytics.worker")

_LONGEST_SLEEP_S = 10.0


class Command(BaseCommand):
    """Run what is due, again and again."""

    help = (
        "Do the background work of analytics (sealing, upkeep, metrics, predictions, deliveries) in this process, "
        "without Celery and without a broker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Once or for good."""
        parser.add_argument("--once", action="store_true", help="every task once, then end; for cron")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until a signal comes; the task at hand is finished first."""
        if options["once"]:
            failed = [name for name, entry in SCHEDULE.items() if not _run(entry["task"])]
            done = len(SCHEDULE) - len(failed)
            self.stdout.write(f"{done} tasks done" + (f", failed: {', '.join(failed)}" if failed else ""))
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"{len(SCHEDULE)} tasks; stop with Ctrl-C")
        _work(stop)


def _work(stop: threading.Event) -> None:
    last_run = dict.fromkeys(SCHEDULE, clock.now())
    while not stop.is_set():
        wait_s = min(_run_if_due(name, last_run) for name in SCHEDULE)
        stop.wait(max(min(wait_s, _LONGEST_SLEEP_S), 0.1))


def _run_if_due(name: str, last_run: dict[str, datetime]) -> float:
    """Seconds until it has to be looked at again."""
    when: BaseSchedule = maybe_schedule(SCHEDULE[name]["schedule"])  # type: ignore[assignment]  # of numbers, too
    state = when.is_due(last_run[name])
    if state.is_due:
        last_run[name] = clock.now()
        _run(SCHEDULE[name]["task"])
    return float(state.next)


def _run(path: str) -> bool:
    """Run a task; a fault is logged, and the task is tried again when it is due the next time."""
    close_old_connections()
    try:
        import_string(path)()
    except Exception:
        logger.exception("%s failed", path)
        return False
    finally:
        close_old_connections()
    return True
