"""The verdict on a model: backtested on a later time than it learned from, and used only where it beats the rule.

`train` is the one entry. It answers with a status, the model when there is one to use, and a card that says what
was measured, on what, and in words why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from analytics.ai_services.learning.drift import Drift
from analytics.ai_services.learning.examples import Examples
from analytics.ai_services.learning.fitting import LEAST_OF_EACH, Fitting, fit_model
from analytics.ai_services.learning.model import Model
from analytics.ai_services.learning.scores import (
    FloatArray,
    ReliabilityBin,
    Scores,
    auc_lead,
    chance_calibration_error,
    reliability,
)


class Status(StrEnum):
    """Whether a model may be used; every other value means: use the rule, as a rank and not as a probability."""

    READY = "ready"
    NOT_ENOUGH_DATA = "not_enough_data"
    RULE_IS_BETTER = "rule_is_better"
    UNRELIABLE = "unreliable"


@dataclass(frozen=True, slots=True)
class Settings:
    """The stated minima and how to fit."""

    least_labelled: int = 50
    least_of_each: int = 10
    least_auc: float = 0.6
    most_ece: float = 0.15
    fitting: Fitting = field(default_factory=Fitting)


@dataclass(frozen=True, slots=True)
class Backtest:
    """The newest rows, which the tested model had not seen. `lead` is our AUC minus the rule's."""

    rows: int
    positives: int
    first_cutoff: int
    last_cutoff: int
    ours: Scores
    rule: Scores
    base_rate: Scores
    lead: float
    lead_error: float
    ece_by_chance: float
    bins: tuple[ReliabilityBin, ...]

    def to_json(self) -> dict[str, Any]:
        """As the model card shows it."""
        return {
            "rows": self.rows,
            "positives": self.positives,
            "cutoffs": [self.first_cutoff, self.last_cutoff],
            "ours": self.ours.to_json(),
            "rule": self.rule.to_json(),
            "base_rate": self.base_rate.to_json(),
            "auc_lead": round(self.lead, 4),
            "auc_lead_error": round(self.lead_error, 4),
            "ece_by_chance": round(self.ece_by_chance, 4),
            "reliability": [part.to_json() for part in self.bins],
        }


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model. `cutoffs` are the first and last that taught it; `parts` what it is made of."""

    status: Status
    reason: str
    rows: int
    positives: int
    cutoffs: tuple[int, int] | None
    names: tuple[str, ...]
    parts: tuple[str, ...] = ()
    backtest: Backtest | None = None
    drift: Drift | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for storage and `GET /models`."""
        return {
            "status": str(self.status),
            "reason": self.reason,
            "rows": self.rows,
            "positives": self.positives,
            "cutoffs": None if self.cutoffs is None else list(self.cutoffs),
            "features": list(self.names),
            "parts": list(self.parts),
            "backtest": None if self.backtest is None else self.backtest.to_json(),
            "drift": None if self.drift is None else self.drift.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Trained:
    """`candidate` is what was fitted, whatever the verdict; `model` is None unless it may be used."""

    card: Card
    candidate: Model | None = None

    @property
    def status(self) -> Status:
        """The verdict."""
        return self.card.status

    @property
    def model(self) -> Model | None:
        """The model to answer with, if any."""
        return self.candidate if self.status is Status.READY else None


def train(examples: Examples, settings: Settings | None = None) -> Trained:
    """Backtest, verdict, and a model fitted on all rows. Never fails for want of data: that is a status."""
    settings = settings or Settings()
    wanted = f"{settings.least_labelled} labelled rows with {settings.least_of_each} of each outcome"
    if len(examples) < settings.least_labelled or not examples.has_each_class(settings.least_of_each):
        found = f"{len(examples)} rows, {examples.positives} with the outcome"
        return Trained(_card(examples, Status.NOT_ENOUGH_DATA, f"needs {wanted}; has {found}"))
    cut = examples.before_and_newest(LEAST_OF_EACH)
    if cut is None:
        reason = f"no later time to test on with {LEAST_OF_EACH} of each outcome before and in it"
        return Trained(_card(examples, Status.NOT_ENOUGH_DATA, reason))
    before, newest = cut
    backtest = _backtest(fit_model(before, settings.fitting), before, newest)
    status, reason = _verdict(backtest, settings)
    model = fit_model(examples, settings.fitting)
    card = Card(
        status=status,
        reason=reason,
        rows=len(examples),
        positives=examples.positives,
        cutoffs=(int(examples.cutoffs.min()), int(examples.cutoffs.max())),
        names=examples.names,
        parts=_parts(model),
        backtest=backtest,
        drift=Drift.between(before, newest),
    )
    return Trained(card, model)


def as_probability(rule: FloatArray) -> FloatArray:
    """A rule's scores from 0 to 1: as they are when they lie there, else stretched between the least and the most."""
    low, high = float(rule.min()), float(rule.max())
    if low >= 0 and high <= 1:
        return rule
    return (rule - low) / (high - low if high > low else 1.0)


def _card(examples: Examples, status: Status, reason: str) -> Card:
    cutoffs = (int(examples.cutoffs.min()), int(examples.cutoffs.max())) if len(examples) else None
    return Card(status, reason, len(examples), examples.positives, cutoffs, examples.names)


def _backtest(model: Model, before: Examples, newest: Examples) -> Backtest:
    probabilities = model.predict(newest.features)
    lead, error = auc_lead(newest.labels, probabilities, newest.rule)
    bins = reliability(newest.labels, probabilities)
    return Backtest(
        rows=len(newest),
        positives=newest.positives,
        first_cutoff=int(newest.cutoffs.min()),
        last_cutoff=int(newest.cutoffs.max()),
        ours=Scores.of(newest.labels, probabilities),
        rule=Scores.of(newest.labels, as_probability(newest.rule)),
        base_rate=Scores.of(newest.labels, np.full(len(newest), before.labels.mean())),
        lead=lead,
        lead_error=error,
        ece_by_chance=chance_calibration_error(bins),
        bins=bins,
    )


def _verdict(test: Backtest, settings: Settings) -> tuple[Status, str]:
    figures = f"AUC {test.ours.auc:.3f}, ECE {test.ours.ece:.3f} on {test.rows} later rows"
    if test.ours.auc < settings.least_auc:
        return Status.UNRELIABLE, f"{figures}: AUC is under {settings.least_auc}"
    if test.ours.ece > settings.most_ece + test.ece_by_chance:
        return Status.UNRELIABLE, f"{figures}: ECE is over {settings.most_ece}, more than chance explains"
    rule = f"the rule's AUC is {test.rule.auc:.3f}"
    if test.lead <= test.lead_error:
        return Status.RULE_IS_BETTER, f"{figures}; {rule}: no lead beyond its error of {test.lead_error:.3f}"
    return Status.READY, f"{figures}; {rule}"


def _parts(model: Model) -> tuple[str, ...]:
    parts = ["logistic regression"]
    parts += [f"{len(model.priors)} shipped priors"] if model.priors else []
    parts += [f"{len(model.trees.roots)} boosted trees"] if model.trees is not None else []
    return tuple(parts)
