"""A beat that may run anywhere, any number of times, while only one of them schedules.

The one that holds a PostgreSQL advisory lock is it; the others stand by and take over within
seconds of its death. Nothing is kept on disk: every task of the schedule claims its work from the
database, so a forgotten "last run" costs nothing.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import Scheduler
from django.db import Error, connections

from loopin_backend import alive

logger = logging.getLogger("loopin_backend.beat")

ADVISORY_LOCK_ID = 0x6C6F6F70  # "loop"; any constant that nothing else in this database uses
STAND_BY_S = 5.0


class SingleScheduler(Scheduler):
    """Celery's in-memory scheduler that ticks only while it holds the lock."""

    _leads = False

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Run one due task if this beat leads; the seconds until the next call."""
        leads = self._holds_lock()
        if leads != self._leads:
            logger.info("this beat %s", "schedules" if leads else "stands by")
            self._leads = leads
        alive.touch("beat")
        return float(super().tick(*args, **kwargs)) if leads else STAND_BY_S

    def close(self) -> None:
        """Let another beat take over at once."""
        connections["default"].close()
        super().close()

    def _holds_lock(self) -> bool:
        connection = connections["default"]
        if connection.vendor != "postgresql":
            return True  # SQLite serves one process on one machine
        try:
            with connection.cursor() as cursor:
                # The lock lives as long as the session; asking again while holding it would count up.
                cursor.execute(_ASK_LOCK, [ADVISORY_LOCK_ID, ADVISORY_LOCK_ID])
                return bool(cursor.fetchone()[0])
        except Error:
            connection.close()
            return False


_ASK_LOCK = """
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND objsubid = 1 AND pid = pg_backend_pid()
    ) OR pg_try_advisory_lock(%s)
"""
