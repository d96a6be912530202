"""What the doctor has found at one hop: well, worth a look, or broken; and then what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a hop is."""

    OK = "ok"
    NOTE = "note"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One hop, what is the matter with it in words, and the fix where there is one to make."""

    hop: str
    state: State
    detail: str
    fix: str = ""


Check = Callable[[], Iterator[Finding]]


def ok(hop: str, detail: str) -> Finding:
    """It works."""
    return Finding(hop, State.OK, detail)


def note(hop: str, detail: str, fix: str = "") -> Finding:
    """It works, and somebody should know."""
    return Finding(hop, State.NOTE, detail, fix)


def fail(hop: str, detail: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(hop, State.FAIL, detail, fix)
