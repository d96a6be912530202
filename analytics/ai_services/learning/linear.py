"""Logistic regression on standardised features: fitting by Newton's method, plain numbers afterwards.

Owns the scaling (logarithm where skewed, mean 0, deviation 1, missing values at the mean with a weight of their own)
and a penalty that pulls weights towards given ones, which is how a prior is built on. Numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.ai_services.learning.plain_numbers import (
    UnreadableModel,
    read_list,
    read_names,
    read_number,
    read_numbers,
)
from analytics.ai_services.learning.scores import BoolArray, FloatArray, sigmoid

#: Standardised values beyond this say "far out" and no more: one wild row must not decide a probability.
FARTHEST = 5.0
#: Skewness from which a feature that is never negative is read as a logarithm.
SKEWED = 1.0
SMALL_QUANTILE = 0.05
#: Newton's method on a penalised log loss doubles its digits each step; this many are never needed.
MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class Scaling:
    """How raw features become comparable: one entry a feature."""

    logged: BoolArray
    units: FloatArray
    means: FloatArray
    deviations: FloatArray
    missing_ratios: FloatArray

    @classmethod
    def of(cls, features: FloatArray) -> Scaling:
        """Learned from rows by features, nan where a value is missing."""
        missing_ratios = np.isnan(features).mean(axis=0)
        logged = np.array([_is_skewed(column[~np.isnan(column)]) for column in features.T], dtype=np.bool_)
        units = np.array([_unit(column[~np.isnan(column)]) for column in features.T])
        logarithms = _logarithms(features, logged, units)
        known = ~np.isnan(logarithms)
        counts = np.maximum(known.sum(axis=0), 1)
        means = np.where(known, logarithms, 0.0).sum(axis=0) / counts
        spread = np.where(known, logarithms - means, 0.0)
        deviations = np.sqrt((spread**2).sum(axis=0) / counts)
        deviations[deviations < 1e-9] = 1.0  # a constant feature stays at 0
        return cls(logged, units, means, deviations, missing_ratios)

    def apply(self, features: FloatArray) -> FloatArray:
        """Rows by twice the features: the standardised values, then whether each is missing, centred."""
        standard = (_logarithms(features, self.logged, self.units) - self.means) / self.deviations
        missing = np.isnan(standard)
        standard = np.clip(np.where(missing, 0.0, standard), -FARTHEST, FARTHEST)
        # Never missing while learning: nothing is known of what its absence means.
        marks = np.where(self.missing_ratios > 0, missing - self.missing_ratios, 0.0)
        return np.hstack([standard, marks])


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted logistic regression over named raw features; `weights` are for the columns of `Scaling.apply`."""

    names: tuple[str, ...]
    scaling: Scaling
    weights: FloatArray
    intercept: float

    def contributions(self, features: FloatArray) -> FloatArray:
        """Rows by features: what each adds to the logit; with the intercept they are the logit."""
        parts = self.scaling.apply(features) * self.weights
        return np.asarray(parts[:, : len(self.names)] + parts[:, len(self.names) :])

    def logits(self, features: FloatArray) -> FloatArray:
        """The log odds of each row."""
        return np.asarray(self.contributions(features).sum(axis=1) + self.intercept)

    def to_json(self) -> dict[str, Any]:
        """Named features with their scaling and weights."""
        return {
            "names": list(self.names),
            "logged": self.scaling.logged.tolist(),
            "units": self.scaling.units.tolist(),
            "means": self.scaling.means.tolist(),
            "deviations": self.scaling.deviations.tolist(),
            "missing_ratios": self.scaling.missing_ratios.tolist(),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_json(cls, stored: Any) -> Linear:
        """**Errors**: UnreadableModel, naming what is wrong."""
        names = read_names(stored)
        logged = read_list(stored, "logged")
        if len(logged) != len(names) or not all(isinstance(flag, bool) for flag in logged):
            raise UnreadableModel("logged must be a yes or no for each name")
        units, deviations = (read_numbers(stored, name, len(names)) for name in ("units", "deviations"))
        if not ((units > 0) & (deviations > 0)).all():
            raise UnreadableModel("units and deviations must be above 0")
        scaling = Scaling(
            logged=np.array(logged, dtype=np.bool_),
            units=units,
            means=read_numbers(stored, "means", len(names)),
            deviations=deviations,
            missing_ratios=read_numbers(stored, "missing_ratios", len(names)),
        )
        weights = read_numbers(stored, "weights", 2 * len(names))
        return cls(names, scaling, weights, read_number(stored, "intercept"))


def fit_weights(
    columns: FloatArray, labels: BoolArray, pull: FloatArray, towards: FloatArray
) -> tuple[FloatArray, float]:
    """Weights and intercept of least log loss plus `0.5 * pull * (weight - towards)^2` a weight.

    The intercept is free but for a trace that keeps it finite when all labels are the same.
    """
    design = np.hstack([columns, np.ones((len(columns), 1))])
    pull, towards = np.append(pull, 1e-3), np.append(towards, 0.0)
    target = labels.astype(np.float64)
    weights = towards.copy()
    loss = _penalised_loss(design, target, weights, pull, towards)
    for _ in range(MAX_STEPS):
        chances = sigmoid(design @ weights)
        slope = design.T @ (chances - target) + pull * (weights - towards)
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + np.diag(pull)
        step = np.linalg.solve(curvature, slope)
        size = 1.0
        while (
            lower := _penalised_loss(design, target, weights - size * step, pull, towards)
        ) > loss and size > 1e-4:
            size /= 2
        weights = weights - size * step
        if loss - lower < 1e-9 * (1 + abs(loss)):
            break
        loss = lower
    return weights[:-1], float(weights[-1])


def _penalised_loss(
    design: FloatArray, target: FloatArray, weights: FloatArray, pull: FloatArray, towards: FloatArray
) -> float:
    logits = design @ weights
    return float(
        np.sum(np.logaddexp(0.0, logits) - target * logits) + 0.5 * np.sum(pull * (weights - towards) ** 2)
    )


def _is_skewed(known: NDArray[np.float64]) -> bool:
    if known.size < 2 or known.min() < 0 or known.std() < 1e-9:
        return False
    return bool(np.mean(((known - known.mean()) / known.std()) ** 3) > SKEWED)


def _unit(known: FloatArray) -> float:
    """What counts as one inside log1p: 1, or for ratios, which log1p would leave as they are, a small one of them."""
    above = known[known > 0]
    return float(min(1.0, np.quantile(above, SMALL_QUANTILE))) if above.size else 1.0


def _logarithms(features: FloatArray, logged: BoolArray, units: FloatArray) -> FloatArray:
    return np.where(logged, np.log1p(np.maximum(features, 0.0) / units), features)
