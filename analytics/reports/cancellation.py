"""Whether anybody still waits for the answer that this thread is working out.

A surface says so around its call; reports hand the question on to the engine, which stops its query within a twentieth
of a second. Where nobody says anything, everybody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

IsCancelled = Callable[[], bool]


def _somebody_waits() -> bool:
    return False


_current: ContextVar[IsCancelled] = ContextVar("is_cancelled", default=_somebody_waits)


@contextmanager
def cancelled_by(is_cancelled: IsCancelled) -> Iterator[None]:
    """Everything asked inside is called off once `is_cancelled()` is true. It is called from other threads."""
    token = _current.set(is_cancelled)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> IsCancelled:
    """What tells whether the present caller has gone."""
    return _current.get()
