"""Shipped priors: what other people's data says about churn, for the days before there are own labels.

One logistic regression a source, over the scale-free features of `churn_features`; fitted by
`python -m bench.ai.fit_priors` and kept beside this file as plain numbers. Alone they may rank, never give a
probability: they were up to .45 off on data unlike theirs.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from analytics.ai_services.learning.linear import Linear
from analytics.ai_services.learning.model import prior_contributions
from analytics.ai_services.learning.plain_numbers import UnreadableModel
from analytics.ai_services.learning.scores import FloatArray

CHURN_PRIORS = Path(__file__).with_name("churn_priors.json")
VERSION = "priors/1"


def churn_priors(without: str | None = None) -> tuple[Linear, ...]:
    """The priors of all sources, or of all but one, which is then tested on them. Errors: UnreadableModel."""
    return tuple(prior for source, prior in _read().items() if source != without)


def rank_by_priors(priors: tuple[Linear, ...], names: tuple[str, ...], features: FloatArray) -> FloatArray:
    """Ranks from 0 to 1, the likeliest to leave at 1, while there are no own labels. No probability: show none."""
    order = np.argsort(np.argsort(prior_contributions(priors, names, features).sum(axis=1), kind="stable"))
    return np.asarray(order / max(len(features) - 1, 1))


@cache
def _read() -> dict[str, Linear]:
    stored = json.loads(CHURN_PRIORS.read_text(encoding="utf-8"))
    if stored.get("version") != VERSION:
        raise UnreadableModel(f"expected {VERSION} in {CHURN_PRIORS.name}")
    return {source: Linear.from_json(prior) for source, prior in sorted(stored["sources"].items())}
