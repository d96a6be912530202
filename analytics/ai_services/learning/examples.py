"""Labelled rows of the past and how they are cut by time, so that no test has seen its own future.

A row belongs to a cutoff: what its features knew ends there, and its label came after. Tests take the newest
cutoffs; whatever was not yet known when the first of them began is kept from the learner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.ai_services.learning.scores import BoolArray, FloatArray

IntArray = NDArray[np.int64]

#: A test is the newest cutoffs that hold this share of the rows, and at least this many rows if half of all allow.
TEST_RATIO, TEST_ROWS = 0.2, 200


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows in any order; `cutoffs` are numbers that grow with time (days, or a count of snapshots).

    `rule` is the baseline's score, larger for likelier, best from 0 to 1. `known_at`, in the unit of `cutoffs`, is when
    each label came to be known; None: before the next cutoff.
    **Errors**: ValueError when lengths differ or a value is infinite.
    """

    features: FloatArray
    names: tuple[str, ...]
    labels: BoolArray
    cutoffs: IntArray
    rule: FloatArray
    known_at: IntArray | None = None

    def __post_init__(self) -> None:
        rows = len(self.labels)
        columns = [self.features, self.cutoffs, self.rule]
        columns += [] if self.known_at is None else [self.known_at]
        if any(len(column) != rows for column in columns):
            raise ValueError("features, labels, cutoffs and rule must have a row each")
        if self.features.shape != (rows, len(self.names)) or len(set(self.names)) != len(self.names):
            raise ValueError("every feature needs one name of its own")
        if np.isinf(self.features).any() or not np.isfinite(self.rule).all():
            raise ValueError("features may be missing (nan) but not infinite, rule scores neither")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def positives(self) -> int:
        """How many rows have the outcome."""
        return int(self.labels.sum())

    def has_each_class(self, least: int) -> bool:
        """Whether there are as many rows with the outcome, and as many without."""
        return least <= self.positives <= len(self) - least

    def where(self, chosen: NDArray[np.bool_] | IntArray) -> Examples:
        """The chosen rows."""
        known_at = None if self.known_at is None else self.known_at[chosen]
        return Examples(
            self.features[chosen],
            self.names,
            self.labels[chosen],
            self.cutoffs[chosen],
            self.rule[chosen],
            known_at,
        )

    def before_and_newest(self, least_of_each: int) -> tuple[Examples, Examples] | None:
        """What was known before the newest cutoffs, and their rows; None if either side lacks a class."""
        starts, counts = np.unique(self.cutoffs, return_counts=True)
        wanted = max(TEST_RATIO * len(self), min(TEST_ROWS, len(self) / 2))
        newest_rows = np.cumsum(counts[::-1])[::-1]
        for number in range(len(starts) - 1, 0, -1):
            if newest_rows[number] < wanted and number > 1:
                continue
            start = starts[number]
            past = self.cutoffs < start
            if self.known_at is not None:
                past &= self.known_at <= start
            before, newest = self.where(past), self.where(self.cutoffs >= start)
            if not before.has_each_class(least_of_each):
                return None
            if newest.has_each_class(least_of_each):
                return before, newest
        return None
