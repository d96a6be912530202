"""Answers that were worked out already, kept in this process under all that they depend on.

The key holds the question, the version of the lake and a fingerprint of the rows above it, so an entry is never
stale: what changes an answer changes the key. Five minutes and 256 answers only bound the memory.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

MAX_ANSWERS = 256
MAX_AGE_S = 300.0


class AnswerCache:
    """The most recently used answers. Safe between threads."""

    def __init__(self, max_answers: int = MAX_ANSWERS, max_age_s: float = MAX_AGE_S) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._max_answers = max_answers
        self._max_age_s = max_age_s

    def get(self, key: Hashable) -> Any:
        """The answer of a key, None where there is none or it is too old."""
        with self._lock:
            found = self._answers.get(key)
            if found is None:
                return None
            if time.monotonic() - found[0] > self._max_age_s:
                del self._answers[key]
                return None
            self._answers.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, answer: Any) -> None:
        """Keep an answer; the one that was not used for longest goes."""
        with self._lock:
            self._answers[key] = time.monotonic(), answer
            self._answers.move_to_end(key)
            while len(self._answers) > self._max_answers:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()


answers = AnswerCache()
