"""Churn and conversion of persons as they are now: probabilities where a model is in use, else a rule's rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.ai_services.predictions import models, snapshots
from analytics.ai_services.predictions.snapshots import CHURN, CONVERSION, Snapshot
from analytics.models.choices import PredictionBasis
from analytics.store.columns import values_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_MOST_FACTORS = 5


@dataclass(frozen=True)
class Scored:
    """Scores of persons, ascending by person: 0 to 1; a probability only where the basis is a model."""

    persons: npt.NDArray[np.int64]
    scores: dict[str, Floats]
    basis: dict[str, PredictionBasis]

    def of(self, name: str, persons: npt.NDArray[np.int64]) -> Floats:
        """The scores of these persons; nan for who is not among them."""
        return values_of(persons, self.persons, self.scores[name], np.nan).astype(np.float64)


def score_everybody() -> Scored:
    """All persons who are not long gone."""
    now = {name: models.current(name) for name in (CHURN, CONVERSION)}
    horizon_days = _horizon_of(now[CHURN])
    snapshot = snapshots.present(horizon_days)
    scores, basis = {}, {}
    for name, found in now.items():
        scores[name], basis[name] = _scores(snapshot, found)
    return Scored(snapshot.persons, scores, basis)


def score_person(name: str, person: int) -> dict[str, Any]:
    """One person's score with what it rests on.

    **Shape**: score (0 to 1, None for a person who was never there or is long gone), basis, status, horizon_days,
    factors, backtest, model_version, trained_at.
    """
    found = models.current(name)
    horizon_days = _horizon_of(found)
    snapshot = snapshots.present(horizon_days, (person,))
    is_known = bool(snapshot.rows.num_rows)  # no row, or the one that was asked for
    answer: dict[str, Any] = {
        "score": None,
        "basis": PredictionBasis.NONE.value,
        "status": found.status if is_known else "no_recent_activity",
        "horizon_days": horizon_days,
        "factors": [],
        "backtest": found.backtest,
        "model_version": found.version,
        "trained_at": found.trained_at.isoformat() if found.trained_at else None,
    }
    if not is_known:
        return answer
    scores, basis = _scores(snapshot, found)
    answer.update(score=round(float(scores[0]), 4), basis=basis.value)
    if basis is PredictionBasis.MODEL:
        matrix, names = snapshot.features(name)
        answer["factors"] = factors_of(found, matrix[0], names)
    return answer


def factors_of(found: models.Current, row: Floats, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The strongest factors of a row: name, its value, and its signed share of the logit; [] without a model."""
    model = models.usable(found, names)
    if model is None:
        return []
    values = dict(zip(names, row, strict=True))
    return [
        {
            "factor": name,
            "value": None if np.isnan(values[name]) else round(float(values[name]), 3),
            "contribution": round(share, 4),
        }
        for name, share in model.factors(row)[:_MOST_FACTORS]
    ]


def _scores(snapshot: Snapshot, found: models.Current) -> tuple[Floats, PredictionBasis]:
    if models.is_ready(found):
        matrix, names = snapshot.features(found.name)
        model = models.usable(found, names)
        if model is not None:
            return model.predict(matrix), PredictionBasis.MODEL
    return snapshot.rule(found.name), PredictionBasis.RULE


def _horizon_of(found: models.Current) -> int:
    return found.horizon_days or snapshots.usual_horizon_days()
