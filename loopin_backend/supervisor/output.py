"""What the terminal shows: our own words plain, a child's lines behind its name."""

from __future__ import annotations

import sys
import threading
from typing import IO

from loopin_backend.logs import escape_control

_NAME_WIDTH = 7
_lock = threading.Lock()


def say(text: str = "") -> None:
    """Write one paragraph of our own to standard output; a terminal that is gone is no error."""
    with _lock:
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            return


def relay(name: str, lines: IO[str]) -> threading.Thread:
    """Show every line of a child behind its name until the child closes its output."""

    def pump() -> None:
        with lines:
            for line in lines:
                say(f"{name:<{_NAME_WIDTH}}| {escape_control(line.rstrip())}")

    thread = threading.Thread(target=pump, name=f"output-{name}", daemon=True)
    thread.start()
    return thread
