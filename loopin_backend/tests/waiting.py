"""Wait for something that another process does, up to a limit; nothing here sleeps for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(is_true: Callable[[], bool], what: str, *, within_s: float = 10.0) -> None:
    """Return as soon as `is_true()` holds; fail naming `what` when it never does."""
    deadline_s = time.monotonic() + within_s
    while not is_true():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(0.02)
