"""How good probabilities are: ranking, sharpness, calibration, and how much of a difference is noise.

Plain functions of labels and scores. Labels are boolean, True for the outcome that is predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Equal bins from 0 to 1, as in Guo et al., "On Calibration of Modern Neural Networks", 2017.
BINS = 10


def sigmoid(logits: FloatArray) -> FloatArray:
    """Probabilities of logits, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def log_losses(labels: BoolArray, logits: FloatArray) -> FloatArray:
    """The logarithmic loss of every row."""
    return np.asarray(np.logaddexp(0.0, np.where(labels, -logits, logits)))


def _midranks(values: FloatArray) -> FloatArray:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return np.asarray((ends - (count - 1) / 2.0)[inverse], dtype=np.float64)


def _placements(labels: BoolArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each positive the share of negatives below it, for each negative the share of positives above it."""
    ranks = _midranks(scores)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    above = (ranks[labels] - _midranks(scores[labels])) / negatives
    below = 1 - (ranks[~labels] - _midranks(scores[~labels])) / positives
    return above, below


def auc(labels: BoolArray, scores: FloatArray) -> float:
    """The chance that a positive scores above a negative, ties half; 0.5 when one of the classes is missing."""
    if labels.all() or not labels.any():
        return 0.5
    return float(_placements(labels, scores)[0].mean())


def auc_lead(labels: BoolArray, ours: FloatArray, theirs: FloatArray) -> tuple[float, float]:
    """The difference of two AUCs on the same rows and its standard error; both classes must be there.

    **Source**: DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988, with the ranks of Sun and Xu, 2014.
    """
    (above, below), (above_theirs, below_theirs) = _placements(labels, ours), _placements(labels, theirs)
    gains, drops = above - above_theirs, below - below_theirs
    variance = sum(float(part.var(ddof=1)) / part.size for part in (gains, drops) if part.size > 1)
    return float(gains.mean()), float(np.sqrt(variance))


def pr_auc(labels: BoolArray, scores: FloatArray) -> float:
    """Average precision: the area under precision against recall, as steps; 0 without a positive."""
    if not labels.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    hits, shown = hits[last_of_tie], (np.arange(labels.size) + 1)[last_of_tie]
    return float(np.sum(np.diff(hits, prepend=0) * hits / shown) / hits[-1])


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """What was predicted and what came, for the rows whose probability lies in `[from_ratio, to_ratio)`."""

    from_ratio: float
    to_ratio: float
    predicted: float
    observed: float
    count: int

    def to_json(self) -> dict[str, Any]:
        """The bin as the API shows it."""
        return {
            "from": self.from_ratio,
            "to": self.to_ratio,
            "predicted": round(self.predicted, 4),
            "observed": round(self.observed, 4),
            "count": self.count,
        }


def reliability(labels: BoolArray, probabilities: FloatArray, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Equal bins from 0 to 1, ascending; bins without a row are left out."""
    where = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    found = []
    for number in np.unique(where):
        inside = where == number
        found.append(
            ReliabilityBin(
                from_ratio=float(number / bins),
                to_ratio=float((number + 1) / bins),
                predicted=float(probabilities[inside].mean()),
                observed=float(labels[inside].mean()),
                count=int(inside.sum()),
            )
        )
    return tuple(found)


def calibration_error(found: tuple[ReliabilityBin, ...]) -> float:
    """ECE: the mean gap between predicted and observed, weighted by rows."""
    rows = sum(part.count for part in found)
    return sum(part.count * abs(part.predicted - part.observed) for part in found) / max(rows, 1)


def chance_calibration_error(found: tuple[ReliabilityBin, ...]) -> float:
    """The ECE to expect of perfect probabilities on as many rows: small tests are never exactly on the line.

    The mean of |x| of a normal with the bin's standard error is sqrt(2/pi) times that error.
    """
    rows = sum(part.count for part in found)
    errors = (np.sqrt(2 / np.pi * part.count * part.predicted * (1 - part.predicted)) for part in found)
    return float(sum(errors)) / max(rows, 1)


@dataclass(frozen=True, slots=True)
class Scores:
    """The four figures that a table shows of one set of probabilities."""

    auc: float
    pr_auc: float
    brier: float
    ece: float

    @classmethod
    def of(cls, labels: BoolArray, probabilities: FloatArray) -> Scores:
        """**Units**: probabilities from 0 to 1."""
        return cls(
            auc=auc(labels, probabilities),
            pr_auc=pr_auc(labels, probabilities),
            brier=float(np.mean((probabilities - labels) ** 2)),
            ece=calibration_error(reliability(labels, probabilities)),
        )

    def to_json(self) -> dict[str, float]:
        """Rounded to four digits: more would be noise."""
        return {name: round(getattr(self, name), 4) for name in ("auc", "pr_auc", "brier", "ece")}
