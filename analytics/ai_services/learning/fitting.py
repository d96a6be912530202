"""From labelled rows to a model: the one procedure that both the backtest and the product's model go through.

Learns on what was known before the newest cutoffs, decides on those whether trees help and how bold the logits may be,
then learns again on everything and sets the level by the newest rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analytics.ai_services.learning.examples import Examples
from analytics.ai_services.learning.linear import Linear, Scaling, fit_weights
from analytics.ai_services.learning.model import Model, mean_intercept, prior_contributions
from analytics.ai_services.learning.scores import BoolArray, FloatArray, auc, log_losses
from analytics.ai_services.learning.trees import fit_trees


@dataclass(frozen=True, slots=True)
class Fitting:
    """What steers a fit. `priors` are shipped models of other data, used while own labels are few."""

    priors: tuple[Linear, ...] = ()
    #: measured on public logs: from 4,000 labels on the prior adds nothing, and below 1,000 boosting loses.
    prior_below: int = 1_000
    trees_from: int = 4_000
    seed: int = 1


#: Pulls of the own weights to 0, the strongest first. With 50 labels and a prior, the AUC on snapshots older than any
#: tested one is .696 at 100 and .633 at 3 (CDNOW, 45 days), .892 and .871 (commits); 300 is alike. With 1,000 labels
#: 30 and 100 tie. A weaker pull has to win by more than noise.
OWN_PULLS = (100.0, 10.0)
#: Pull of the prior's weight to 1; 3 and 30 came out alike.
PRIOR_PULL = 3.0
#: A recalibration is believed as far as its rows outweigh these pulls towards changing nothing.
SLOPE_PULL, SHIFT_PULL = 10.0, 10.0
#: Rows of each class below which nothing is held back for recalibration.
LEAST_OF_EACH = 5


def fit_model(examples: Examples, fitting: Fitting) -> Model:
    """The model that these rows teach. There must be both classes among them."""
    cut = examples.before_and_newest(LEAST_OF_EACH)
    if cut is None:
        return _fit_own(examples, fitting, OWN_PULLS[0]).with_usual(examples.features)
    earlier, newest = cut
    pull, trial = OWN_PULLS[0], _fit_own(earlier, fitting, OWN_PULLS[0])
    for weaker in OWN_PULLS[1:]:
        bolder = _fit_own(earlier, fitting, weaker)
        if _is_clearly_better(newest.labels, bolder.logits(newest.features), trial.logits(newest.features)):
            pull, trial = weaker, bolder
    if len(examples) >= fitting.trees_from:
        grown = _with_trees(trial, earlier, fitting.seed)
        ours, simpler = grown.logits(newest.features), trial.logits(newest.features)
        # A sharper probability must not cost the order: most answers are read as a list of whom to turn to.
        if _is_clearly_better(newest.labels, ours, simpler) and auc(newest.labels, ours) > auc(
            newest.labels, simpler
        ):
            trial = grown
    slope, _ = _recalibration(trial.logits(newest.features), newest.labels)
    model = _fit_own(examples, fitting, pull)
    if trial.trees is not None:
        model = _with_trees(model, examples, fitting.seed)
    model = replace(model, slope=slope)
    return replace(model, shift=_shift(model.logits(newest.features), newest.labels)).with_usual(
        examples.features
    )


def fit_linear(examples: Examples) -> Linear:
    """The logistic regression alone, as a prior is made."""
    return _fit_own(examples, Fitting(), OWN_PULLS[0]).own


def _fit_own(examples: Examples, fitting: Fitting, own_pull: float) -> Model:
    scaling = Scaling.of(examples.features)
    columns = scaling.apply(examples.features)
    pull, towards = np.full(columns.shape[1], own_pull), np.zeros(columns.shape[1])
    known = tuple(prior for prior in fitting.priors if set(prior.names) <= set(examples.names))
    if not known or len(examples) >= fitting.prior_below:
        weights, intercept = fit_weights(columns, examples.labels, pull, towards)
        return Model(Linear(examples.names, scaling, weights, intercept))
    logits = prior_contributions(known, examples.names, examples.features).sum(axis=1) + mean_intercept(known)
    columns = np.hstack([columns, logits[:, None]])
    pull, towards = np.append(pull, PRIOR_PULL), np.append(towards, 1.0)
    weights, intercept = fit_weights(columns, examples.labels, pull, towards)
    return Model(Linear(examples.names, scaling, weights[:-1], intercept), known, float(weights[-1]))


def _with_trees(model: Model, examples: Examples, seed: int) -> Model:
    columns = model.own.scaling.apply(examples.features)
    return replace(model, trees=fit_trees(columns, examples.labels, seed))


def _is_clearly_better(labels: BoolArray, ours: FloatArray, simpler: FloatArray) -> bool:
    """Whether the mean log loss falls by more than its standard error; a tie goes to the simpler."""
    gains = log_losses(labels, simpler) - log_losses(labels, ours)
    return bool(gains.mean() > gains.std() / np.sqrt(gains.size))


def _recalibration(logits: FloatArray, labels: BoolArray) -> tuple[float, float]:
    """Slope and intercept of Platt's scaling, pulled towards slope 1."""
    weights, intercept = fit_weights(logits[:, None], labels, np.array([SLOPE_PULL]), np.array([1.0]))
    return float(max(weights[0], 0.0)), intercept


def _shift(logits: FloatArray, labels: BoolArray) -> float:
    """What to add to the logits for the mean probability to be the share of the outcome, as far as rows tell."""
    # One column of ones, pulled to 0, on top of given logits: Newton on one number.
    shift = 0.0
    for _ in range(20):
        chances = 1 / (1 + np.exp(-np.clip(logits + shift, -30, 30)))
        slope = float(np.sum(chances - labels)) + SHIFT_PULL * shift
        step = slope / (float(np.sum(chances * (1 - chances))) + SHIFT_PULL)
        shift -= step
        if abs(step) < 1e-9:
            break
    return shift
