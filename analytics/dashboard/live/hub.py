"""One reader for all viewers of a process: it looks every second what came, as long as anybody watches.

Viewers take what they have not had from a short memory, without a lock that anybody holds while the database is asked.
Under a load of any height a second is one query, with a sample of the rows and the true counts.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass

from django.db import DatabaseError, connection

from analytics.errors import Unavailable
from analytics.store import arrivals
from analytics.store.arrivals import Arrivals

logger = logging.getLogger("analytics.dashboard")

#: More than a team needs, and few enough that nobody can fill a process's memory or sockets with them.
MAX_VIEWERS = 50
EVERY_S = 1.0
#: A viewer who has not been served for a minute begins anew.
_KEPT_MOMENTS = 60
_FIRST_ROWS = 30


@dataclass(frozen=True)
class Moment:
    """What one look found, by its number."""

    number: int
    found: Arrivals


class Hub:
    """The reader of this process. Safe from any thread."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._reading = threading.Lock()
        self._moments: deque[Moment] = deque(maxlen=_KEPT_MOMENTS)
        self._number = 0
        self._position = ""
        self._viewers = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self.is_troubled = False

    def first(self, after: str) -> tuple[Arrivals, int]:
        """What a viewer sees first, and the number from which they go on: events since a position, else the newest.

        Asks the database. **Errors**: `DatabaseError`; `Unavailable` when too many are watching.
        """
        if self._viewers >= MAX_VIEWERS:
            raise Unavailable("too many people are watching already; try again later", retry_after_s=15)
        with self._reading:
            if (
                self._viewers == 0 or not self._position
            ):  # nobody was read for: what came meanwhile is nobody's
                self._moments.clear()
                self._position = arrivals.here()
            else:  # those who watch already get what came until now, and this one goes on from here, too
                self._look(self._position)
            found = arrivals.since(after, upto=self._position) or arrivals.newest(_FIRST_ROWS)
            return found, self._number

    def enter(self) -> None:
        """Begin to watch; the thread runs while anybody does."""
        with self._changed:
            self._viewers += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live-reader", daemon=True)
                self._thread.start()

    def leave(self) -> None:
        """Stop watching."""
        with self._changed:
            self._viewers -= 1
            self._changed.notify_all()

    def since(self, number: int) -> list[Moment]:
        """Moments that a viewer has not had; never waits."""
        return [moment for moment in tuple(self._moments) if moment.number > number]

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._viewers <= 0, timeout=self._every_s)
                if self._viewers <= 0:
                    self._thread = None
                    return
            with self._reading:
                self._look(self._position)
            connection.close()  # a second's rest is long for a connection that others may need

    def _look(self, position: str) -> None:
        try:
            found = arrivals.since(position) or arrivals.newest(0)
        except DatabaseError:
            logger.warning("the live page cannot read what came", exc_info=not self.is_troubled)
            self.is_troubled = True
            return
        self.is_troubled = False
        self._position = found.position
        if found.count:
            self._number += 1
            self._moments.append(Moment(self._number, found))


hub = Hub()
