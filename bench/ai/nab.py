"""The scorer of the Numenta Anomaly Benchmark, and incidents found and false alarms a month beside it.

Source: Lavin and Ahmad 2015, section III: the first detection in a window earns by a sigmoid of how early it is, a
missed window costs one, a false detection costs up to 0.11 by its distance to the window before. The first 15 % of a
file (750 values at most) are for learning. 0 is what silence scores, 100 is perfect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The standard profile.
COST_OF_FALSE, COST_OF_MISS = 0.11, 1.0
PROBATION_RATIO, PROBATION_VALUES = 0.15, 750
SECONDS_PER_MONTH = 365.25 / 12 * 86_400


@dataclass(frozen=True)
class File:
    """One series: instants in seconds, values, and the number of the window that each lies in (0 none)."""

    seconds: NDArray[np.int64]
    values: NDArray[np.float64]
    window: NDArray[np.int64]

    @property
    def probation(self) -> int:
        """The number of the first value that is scored."""
        return min(int(PROBATION_RATIO * len(self.values)), PROBATION_VALUES)

    @property
    def windows(self) -> list[tuple[int, int]]:
        """First and last value of each window."""
        places = [np.flatnonzero(self.window == number) for number in np.unique(self.window) if number > 0]
        return [(int(place[0]), int(place[-1])) for place in places]


def score(files: Sequence[File], detections: Sequence[Sequence[int]]) -> dict[str, Any]:
    """The standard score over all files, and precision, recall and F1 of incidents with false alarms a month."""
    points, found, false, total, seconds = 0.0, 0, 0, 0, 0
    for file, places in zip(files, detections, strict=True):
        scored = sorted(place for place in places if place >= file.probation)
        outside = [place for place in scored if file.window[place] == 0]
        firsts = [_first(scored, window) for window in file.windows]
        points += sum(
            -COST_OF_MISS if first is None else _earned(first, window)
            for first, window in zip(firsts, file.windows, strict=True)
        )
        points -= sum(_cost(place, file.windows) for place in outside)
        found += sum(first is not None for first in firsts)
        total, false = total + len(firsts), false + len(outside)
        seconds += int(file.seconds[-1] - file.seconds[file.probation])
    return {
        "false_per_metric_month": round(false / (seconds / SECONDS_PER_MONTH), 3),
        "recall": round(found / total, 3) if total else None,
        "precision": round(found / (found + false), 3) if found + false else None,
        "f1": round(2 * found / (found + false + total), 3) if total else None,
        "nab_standard": round(100 * (points + total) / (2 * total), 1) if total else None,
        "windows": total,
    }


def _first(places: Sequence[int], window: tuple[int, int]) -> int | None:
    return next((place for place in places if window[0] <= place <= window[1]), None)


def _sigmoid(position: float) -> float:
    return 2 / (1 + math.exp(min(5 * position, 500.0))) - 1


def _earned(place: int, window: tuple[int, int]) -> float:
    first, last = window
    return _sigmoid(-(last - place + 1) / (last - first + 1)) / _sigmoid(-1.0)


def _cost(place: int, windows: Sequence[tuple[int, int]]) -> float:
    before = [window for window in windows if window[1] < place]
    if not before:
        return COST_OF_FALSE
    first, last = before[-1]
    position = (place - last) / max(last - first, 1)
    return COST_OF_FALSE * (1.0 if position > 3 else -_sigmoid(position))
