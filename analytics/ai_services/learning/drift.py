"""How much the newest rows differ from those before: feature by feature, and in how often the outcome came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.ai_services.learning.examples import Examples
from analytics.ai_services.learning.scores import FloatArray

#: Usual reading of the index in credit scoring (Siddiqi, "Credit Risk Scorecards", 2006): more is a changed population.
MUCH = 0.25
#: Bins of equal share in the older rows; fewer where values repeat.
BINS = 10


@dataclass(frozen=True, slots=True)
class Drift:
    """Population stability index a feature (0 the same, over 0.25 changed) and both base rates."""

    features: dict[str, float]
    base_rate_before: float
    base_rate_newest: float

    @classmethod
    def between(cls, before: Examples, newest: Examples) -> Drift:
        """Both sides need rows."""
        pairs = zip(before.names, before.features.T, newest.features.T, strict=True)
        return cls(
            features={name: stability_index(old, new) for name, old, new in pairs},
            base_rate_before=float(before.labels.mean()),
            base_rate_newest=float(newest.labels.mean()),
        )

    @property
    def changed(self) -> tuple[str, ...]:
        """Features over the usual limit, the most changed first."""
        return tuple(
            sorted(
                (name for name, size in self.features.items() if size > MUCH), key=lambda n: -self.features[n]
            )
        )

    def to_json(self) -> dict[str, Any]:
        """As the model card shows it."""
        return {
            "features": {name: round(size, 4) for name, size in self.features.items()},
            "changed": list(self.changed),
            "base_rate_before": round(self.base_rate_before, 4),
            "base_rate_newest": round(self.base_rate_newest, 4),
        }


def stability_index(before: FloatArray, newest: FloatArray) -> float:
    """PSI: sum of (q - p) ln(q / p) over bins, missing values as a bin of their own."""
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if known.size else np.empty(0)
    shares = []
    for values in (before, newest):
        # Right of the edge: a value that half of the rows share stays together.
        bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
        counts = (
            np.bincount(bins, minlength=len(edges) + 2) + 0.5
        )  # half a row: an empty bin is not infinite news
        shares.append(counts / counts.sum())
    old, new = shares
    return float(np.sum((new - old) * np.log(new / old)))
