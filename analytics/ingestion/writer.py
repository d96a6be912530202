"""Group commit: one thread a process that stores what all requests in flight bring, in one transaction.

While one commit runs the next requests gather, so the batch grows with the load and a lone event waits for
nobody. The waiting room is bounded; past it callers are told to come back (503), and nothing is dropped silently.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from django.core import mail
from django.db import close_old_connections, connection

from analytics import conf
from analytics.errors import AnalyticsError, Unavailable
from analytics.ingestion.commit import commit
from analytics.ingestion.event import Batch, Result

logger = logging.getLogger("analytics.ingestion")

Done = Callable[[list[Result] | None, AnalyticsError | None], None]

_MAX_COMMIT_EVENTS = 2000
_EXIT_DEADLINE_S = 5.0


class GroupCommitWriter:
    """The waiting room and its thread. Safe from any thread; starts anew in a forked child."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._waiting: deque[tuple[Batch, Done]] = deque()
        self._waiting_events = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self.dropped = 0

    @property
    def is_blocking(self) -> bool:
        """Whether `submit` itself talks to the database, which an event loop must not do.

        It does in tests, whose transactions no other thread can see, and where `ANALYTICS_INLINE_WRITER` says so.
        """
        given = conf.get().inline_writer
        return _is_under_test() if given is None else given

    def submit(self, batch: Batch, done: Done) -> None:
        """Store the batch soon; `done(results, error)` is called from the writer's thread.

        **Errors**: `Unavailable` at once when the waiting room is full.
        """
        if self.is_blocking:
            _store_now(batch, done)
            return
        limit = conf.get().max_pending_events
        with self._changed:
            if self._is_closing or self._waiting_events + batch.size > max(limit, batch.size):
                raise Unavailable("too many events are waiting; send again", code="overloaded")
            self._waiting.append((batch, done))
            self._waiting_events += batch.size
            self._ensure_thread()
            self._changed.notify()

    def store(self, batch: Batch, timeout_s: float = 10.0) -> list[Result]:
        """Store the batch and wait for its results.

        **Errors**: `Unavailable` when full, when the database is away, or after `timeout_s`.
        """
        future: Future[list[Result]] = Future()
        self.submit(batch, partial(_settle, future))
        try:
            return future.result(timeout_s)
        except TimeoutError as error:
            raise Unavailable("storing takes too long; send again") from error

    def offer(self, batch: Batch) -> bool:
        """Store the batch soon without anybody waiting; False, and counted, where there is no room.

        In a project's own tests it is left alone, so that they count their queries and find their rows as before; those
        that are about events say so (`analytics.testing`, or `ANALYTICS_INLINE_WRITER = True`).
        """
        if conf.get().inline_writer is None and _is_under_test():
            return False
        try:
            self.submit(batch, _log_failure)
        except Unavailable:
            self.dropped += batch.size
            logger.warning("dropped captured events, %d so far: the writer is full", self.dropped)
            return False
        return True

    def flush(self, deadline_s: float = _EXIT_DEADLINE_S) -> bool:
        """Wait until the waiting room is empty; False when the deadline passes first."""
        end = time.monotonic() + deadline_s
        with self._changed:
            while self._waiting_events:
                left = end - time.monotonic()
                if left <= 0 or self._thread is None:
                    return False
                self._changed.wait(left)
        return True

    def close(self) -> None:
        """Take no more, and store what is waiting, within a deadline."""
        if self._thread is not None and not self.flush():
            logger.warning("stopped with %d captured events not yet stored", self._waiting_events)
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while group := self._next_group():
                self._store(group)
                with self._changed:
                    self._waiting_events -= sum(batch.size for batch, _ in group)
                    self._changed.notify_all()
        finally:
            connection.close()

    def _next_group(self) -> list[tuple[Batch, Done]]:
        """What waits, up to the size of one commit; empty only when closing."""
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            group: list[tuple[Batch, Done]] = []
            size = 0
            while self._waiting and (not group or size + self._waiting[0][0].size <= _MAX_COMMIT_EVENTS):
                group.append(self._waiting.popleft())
                size += group[-1][0].size
            return group

    def _store(self, group: list[tuple[Batch, Done]]) -> None:
        results: list[list[Result]] | None = None
        error: AnalyticsError | None = None
        try:
            results = commit([batch for batch, _ in group])
        except AnalyticsError as failure:
            error = failure
            close_old_connections()
        except Exception:
            logger.exception("the event writer met an unexpected error")
            error = Unavailable("events cannot be stored right now; send again")
            connection.close()
        for index, (_, done) in enumerate(group):
            try:
                done(results[index] if results is not None else None, error)
            except Exception:
                logger.exception("a caller of the event writer failed")


def _store_now(batch: Batch, done: Done) -> None:
    """Store in the caller's own thread and transaction, then report."""
    try:
        results = commit([batch])[0]
    except AnalyticsError as error:
        done(None, error)
    else:
        done(results, None)


def _is_under_test() -> bool:
    """Whether Django's test environment is set up: that is when mail has an outbox."""
    return hasattr(mail, "outbox")


def _settle(future: Future[list[Result]], results: list[Result] | None, error: AnalyticsError | None) -> None:
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(results or [])


def _log_failure(_: list[Result] | None, error: AnalyticsError | None) -> None:
    if error is not None:
        logger.warning("captured events could not be stored: %s", error.code)


writer = GroupCommitWriter()
atexit.register(writer.close)
