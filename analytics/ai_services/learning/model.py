"""A fitted model: probabilities and their reasons with numpy alone, at rest as plain numbers.

The logit is a straight sum: a logistic regression, which may weigh the logits of shipped priors, averaged with boosted
trees where those helped, then recalibrated by a slope and a shift. Every part is additive, so the factors of an
answer add up to it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from analytics.ai_services.learning.linear import Linear
from analytics.ai_services.learning.plain_numbers import UnreadableModel, read_list, read_number, read_numbers
from analytics.ai_services.learning.scores import FloatArray, sigmoid
from analytics.ai_services.learning.trees import Trees

#: Changes whenever stored numbers would be read to mean something else.
VERSION = "model/1"


@dataclass(frozen=True)
class Model:
    """`own` is the logistic regression; its logit and the trees' count half each where there are trees.

    `usual` is the mean contribution of each feature over the rows that taught the model.
    """

    own: Linear
    priors: tuple[Linear, ...] = ()
    prior_weight: float = 0.0
    trees: Trees | None = None
    slope: float = 1.0
    shift: float = 0.0
    usual: FloatArray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the columns that `predict` expects."""
        return self.own.names

    def predict(self, features: FloatArray) -> FloatArray:
        """The calibrated probability of each row, from 0 to 1. Missing values are nan."""
        return sigmoid(self.logits(features))

    def logits(self, features: FloatArray) -> FloatArray:
        """The log odds of each row."""
        return np.asarray(self._contributions(_checked(features, self.names)).sum(axis=1) + self._constant)

    def factors(self, row: FloatArray) -> list[tuple[str, float]]:
        """What sets one row apart: signed shares of the logit relative to the usual row, the largest first.

        With `usual_logit` they add up to the logit of the row.
        """
        parts = self._contributions(_checked(row.reshape(1, -1), self.names))[0]
        if self.usual is not None:
            parts = parts - self.usual
        order = np.argsort(-np.abs(parts), kind="stable")
        return [(self.names[number], float(parts[number])) for number in order]

    @property
    def usual_logit(self) -> float:
        """The logit that the factors start from."""
        return self._constant + (0.0 if self.usual is None else float(self.usual.sum()))

    def with_usual(self, features: FloatArray) -> Model:
        """The same model whose factors are relative to the mean of these rows."""
        return replace(self, usual=self._contributions(features).mean(axis=0))

    @cached_property
    def _constant(self) -> float:
        mixed = self.own.intercept + self.prior_weight * mean_intercept(self.priors)
        if self.trees is not None:
            mixed = 0.5 * (mixed + self.trees.start + float(self.trees.value[self.trees.roots].sum()))
        return self.slope * mixed + self.shift

    def _contributions(self, features: FloatArray) -> FloatArray:
        parts = self.own.contributions(features)
        if self.priors:
            parts = parts + self.prior_weight * prior_contributions(self.priors, self.names, features)
        if self.trees is not None:
            split = self.trees.contributions(self.own.scaling.apply(features))
            parts = 0.5 * (parts + split[:, : len(self.names)] + split[:, len(self.names) :])
        return np.asarray(self.slope * parts)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and text. **Errors**: UnreadableModel for a number that is not finite."""
        stored = {
            "version": VERSION,
            "own": self.own.to_json(),
            "priors": [prior.to_json() for prior in self.priors],
            "prior_weight": self.prior_weight,
            "trees": None if self.trees is None else self.trees.to_json(),
            "slope": self.slope,
            "shift": self.shift,
            "usual": None if self.usual is None else self.usual.tolist(),
        }
        Model.from_json(stored)
        return stored

    @classmethod
    def from_json(cls, stored: Any) -> Model:
        """**Errors**: UnreadableModel, naming what is wrong."""
        version = stored.get("version") if isinstance(stored, dict) else None
        if version != VERSION:
            raise UnreadableModel(f"expected a model of version {VERSION}, found {version!r}: train it again")
        own = Linear.from_json(stored.get("own"))
        priors = tuple(Linear.from_json(prior) for prior in read_list(stored, "priors"))
        if not all(set(prior.names) <= set(own.names) for prior in priors):
            raise UnreadableModel("a prior needs features that the model does not have")
        trees, usual = stored.get("trees"), stored.get("usual")
        return cls(
            own=own,
            priors=priors,
            prior_weight=read_number(stored, "prior_weight"),
            trees=None if trees is None else Trees.from_json(trees, 2 * len(own.names)),
            slope=read_number(stored, "slope"),
            shift=read_number(stored, "shift"),
            usual=None if usual is None else read_numbers(stored, "usual", len(own.names)),
        )


def mean_intercept(priors: tuple[Linear, ...]) -> float:
    """The constant part of the priors' mean logit; 0 without one."""
    return sum(prior.intercept for prior in priors) / max(len(priors), 1)


def prior_contributions(
    priors: tuple[Linear, ...], names: tuple[str, ...], features: FloatArray
) -> FloatArray:
    """Rows by features: what each adds to the mean logit of the priors, 0 where no prior knows the feature."""
    added = np.zeros(features.shape)
    for prior in priors:
        where = [names.index(name) for name in prior.names]
        added[:, where] += prior.contributions(features[:, where]) / len(priors)
    return added


def _checked(features: FloatArray, names: tuple[str, ...]) -> FloatArray:
    if features.ndim != 2 or features.shape[1] != len(names):
        raise ValueError(f"expected rows of {len(names)} features: {', '.join(names)}")
    return np.where(np.isinf(features), np.nan, features)
