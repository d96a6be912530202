"""Types of the generator's arrays, and a growing table of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Random = np.random.Generator

#: A time that never comes, in milliseconds.
NEVER_MS = np.int64(2**62)


def spread(groups: Ints) -> Ints:
    """The position of each row within its group, for group sizes laid end to end.

    Example:
        >>> spread(np.array([2, 0, 3])).tolist()
        [0, 1, 0, 1, 2]
    """
    ends = np.cumsum(groups)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - groups, groups)


def running_totals(values: Floats, groups: Ints) -> Floats:
    """Cumulative sums that start again in each group.

    Example:
        >>> running_totals(np.array([1.0, 2.0, 5.0, 1.0]), np.array([2, 2])).tolist()
        [1.0, 3.0, 5.0, 6.0]
    """
    totals = np.cumsum(values)
    starts = np.cumsum(groups) - groups
    before = np.concatenate([[0.0], totals])[starts]
    running: Floats = totals - np.repeat(before, groups)
    return running


def pick(rng: Random, weights: Any, count: int) -> Ints:
    """Indexes drawn by weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(count), side="right").astype(np.int64)


class Table:
    """Rows gathered from many places, column by column; a scalar stands for a whole column."""

    def __init__(self, **defaults: int) -> None:
        self._defaults = defaults
        self._parts: dict[str, list[Ints]] = {name: [] for name in defaults}

    def add(self, count: int, **columns: Any) -> None:
        """Append `count` rows; columns that are not given take the default."""
        for name, default in self._defaults.items():
            value = np.asarray(columns.pop(name, default), dtype=np.int64)
            self._parts[name].append(np.broadcast_to(value, (count,)))
        if columns:
            raise TypeError(f"unknown columns {sorted(columns)}")

    def columns(self) -> dict[str, Ints]:
        """All rows so far."""
        return {name: np.concatenate(parts) for name, parts in self._parts.items()}
