"""What was known at each moment about earlier outcomes, for tables whose rows have a time and a later answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.ai_services.learning.histories import BetaPrior, smoothed_rate
from analytics.ai_services.learning.scores import FloatArray


def counts_before(
    keys: Sequence[object], read_at: np.ndarray, known_at: np.ndarray, outcomes: np.ndarray, kept: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """For each row the outcomes and the rows of the same key that were known strictly before it was read.

    `kept` is what remains of a count when the next one arrives; under 1 the latest count most.
    """
    won: dict[object, float] = {}
    tried: dict[object, float] = {}
    successes, trials = np.zeros(len(keys)), np.zeros(len(keys))
    arriving = np.argsort(known_at, kind="stable")
    position = 0
    for row in np.argsort(read_at, kind="stable"):
        while position < len(arriving) and known_at[arriving[position]] < read_at[row]:
            told = keys[arriving[position]]
            won[told] = kept * won.get(told, 0.0) + float(outcomes[arriving[position]])
            tried[told] = kept * tried.get(told, 0.0) + 1
            position += 1
        successes[row], trials[row] = won.get(keys[row], 0.0), tried.get(keys[row], 0.0)
    return successes, trials


def rows_before(keys: Sequence[object], read_at: np.ndarray) -> FloatArray:
    """For each row how many rows of the same key were read strictly earlier."""
    return counts_before(keys, read_at, read_at, np.zeros(len(keys)))[1]


def last_before(keys: Sequence[object], read_at: np.ndarray) -> FloatArray:
    """For each row the time since the row of the same key before it; nan for the first."""
    latest: dict[object, float] = {}
    since = np.full(len(keys), np.nan)
    for row in np.argsort(read_at, kind="stable"):
        if keys[row] in latest:
            since[row] = read_at[row] - latest[keys[row]]
        latest[keys[row]] = float(read_at[row])
    return since


def rate_features(
    name: str, successes: FloatArray, trials: FloatArray, learned: np.ndarray
) -> tuple[dict[str, FloatArray], FloatArray]:
    """The smoothed rate's log odds and the trials, and the rate; the prior's strength comes from the rows `learned`."""
    rate = smoothed_rate(successes, trials, BetaPrior.by_moments(successes[learned], trials[learned]))
    return {f"{name}_log_odds": np.log(rate / (1 - rate)), f"{name}_trials": trials}, rate


def one_hot(name: str, values: Sequence[object], least_ratio: float = 0.01) -> dict[str, FloatArray]:
    """A column a value that at least this share of the rows has."""
    texts = np.array([str(value) for value in values])
    kinds, counts = np.unique(texts, return_counts=True)
    return {
        f"{name}={kind}": (texts == kind).astype(np.float64)
        for kind, count in zip(kinds, counts, strict=True)
        if count >= least_ratio * len(texts)
    }
