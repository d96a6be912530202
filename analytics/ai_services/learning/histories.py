"""Rates of small counts: "came to 7 of 9" as a probability with an honest width.

A Beta prior whose mean and strength come from everybody's histories pulls a short one towards the usual rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.ai_services.learning.scores import FloatArray

#: Fewer histories than these, or none that vary, cannot tell how much people differ; then a prior counts as this many
#: trials: measured strengths were 3.2, 4.2 and 6.6.
DEFAULT_STRENGTH = 4.0
LEAST_HISTORIES = 20
STRENGTHS = (1.0, 1000.0)


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """The usual rate, from 0 to 1 and never either, and how many trials it is worth."""

    mean: float
    strength: float

    @classmethod
    def by_moments(cls, successes: ArrayLike, trials: ArrayLike) -> BetaPrior:
        """From everybody's counts; without any, an even rate.

        **Source**: Kleinman, "Proportions with extraneous variance", JASA 68, 1973: the variance of the rates
        beyond that of counting, with weights by trials.
        """
        won, tried = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
        won, tried = won[tried > 0], tried[tried > 0]
        total = float(tried.sum())
        mean = (float(won.sum()) + 1) / (total + 2)
        if won.size < LEAST_HISTORIES:
            return cls(mean, DEFAULT_STRENGTH)
        spread = float(np.sum(tried * (won / tried - mean) ** 2))
        counting = mean * (1 - mean)
        room = total - float(np.sum(tried**2)) / total
        freedom = won.size - 1
        if room <= freedom:  # one trial each: nobody was seen twice
            return cls(mean, DEFAULT_STRENGTH)
        between = (spread - counting * freedom) / (room - freedom)
        strength = counting / between - 1 if between > 0 else STRENGTHS[1]
        return cls(mean, float(np.clip(strength, *STRENGTHS)))


def smoothed_rate(successes: ArrayLike, trials: ArrayLike, prior: BetaPrior) -> FloatArray:
    """The expected rate of each history, from 0 to 1; without trials the prior's."""
    won, tried = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    return np.asarray((won + prior.mean * prior.strength) / (tried + prior.strength))


def rate_confidence(successes: ArrayLike, trials: ArrayLike, prior: BetaPrior) -> FloatArray:
    """1 minus the width of the 80 % interval of each rate: 0 nothing known, 1 certain."""
    from scipy.stats import beta

    won, tried = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    for_it = won + prior.mean * prior.strength
    against = tried - won + (1 - prior.mean) * prior.strength
    return np.asarray(1 - (beta.ppf(0.9, for_it, against) - beta.ppf(0.1, for_it, against)), dtype=np.float64)
