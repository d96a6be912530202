"""Asking something that may not answer: with a limit of time, one question at a time, and an answer kept for moments.

A health page is asked by balancers, by people and by strangers; however often, the parts behind it are asked once in a
few seconds by each process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import connections

logger = logging.getLogger("analytics.health")

T = TypeVar("T")


class NoAnswer(Exception):
    """Whoever was asked failed or took too long. `code` is all that a reader may know."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Probe(Generic[T]):
    """One question with its limit. While an earlier asking still hangs nobody else is sent after it."""

    def __init__(self, name: str, limit_s: float, ask: Callable[[], T]) -> None:
        self.name = name
        self._limit_s = limit_s
        self._ask = ask
        self._is_asking = threading.Semaphore()

    def ask(self) -> T:
        """The answer. **Errors**: `NoAnswer` with `timeout` or `down`; what happened is in the log."""
        if not self._is_asking.acquire(blocking=False):
            raise NoAnswer("timeout")
        found: list[T] = []
        thread = threading.Thread(target=self._run, args=(found,), name=f"probe-{self.name}", daemon=True)
        thread.start()
        thread.join(self._limit_s)
        if found:
            return found[0]
        raise NoAnswer("timeout" if thread.is_alive() else "down")

    def _run(self, found: list[T]) -> None:
        try:
            found.append(self._ask())
        except Exception as error:
            logger.warning("%s does not answer: %s", self.name, type(error).__name__)
        finally:
            connections.close_all()  # those of this thread
            self._is_asking.release()


class Kept(Generic[T]):
    """What `make` gives, made anew after `max_age_s` by one thread; meanwhile the others get the old one."""

    def __init__(self, make: Callable[[], T], max_age_s: float) -> None:
        self._make = make
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None

    def get(self) -> T:
        """The kept answer, or a new one."""
        known = self._found
        if known is not None and time.monotonic() - known[0] <= self._max_age_s:
            return known[1]
        if not self._lock.acquire(blocking=known is None):
            assert known is not None  # or it would have waited
            return known[1]
        try:
            if self._found is known or self._found is None:
                self._found = time.monotonic(), self._make()
            return self._found[1]
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Make it anew next time."""
        with self._lock:
            self._found = None
