"""Names and descriptions of personas: by the features that lie farthest from those of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: For each feature the word for little and for much of it.
_WORDS = {
    "engagement_score": ("quiet", "engaged"),
    "churn_risk_score": ("loyal", "at risk"),
    "conversion_probability": ("window-shopping", "buying"),
    "preferred_event_types": ("single-minded", "versatile"),
    "preferred_times": ("creatures of habit", "all-day"),
    "preferred_locations": ("local", "much-travelled"),
    "activity_frequency": ("occasional", "frequent"),
}
_PHRASES = {
    "engagement_score": "engagement",
    "churn_risk_score": "risk of leaving",
    "conversion_probability": "chance to convert",
    "preferred_event_types": "number of kinds of activity",
    "preferred_times": "number of times of day",
    "preferred_locations": "number of places",
    "activity_frequency": "frequency of visits",
}

#: Nearer than this to the mean, in deviations of all users, a feature sets nobody apart.
_APART = 0.35


@dataclass(frozen=True)
class Name:
    """A persona's name, and a sentence that says what sets it apart."""

    name: str
    description: str


def name_clusters(centroids: Floats, features: Sequence[str], shares: Sequence[float]) -> list[Name]:
    """A different name for each cluster. `centroids` in deviations from everybody's mean, a row a cluster."""
    taken: set[str] = set()
    found = []
    for centroid, share in zip(centroids, shares, strict=True):
        order = np.argsort(-np.abs(centroid), kind="stable")
        apart = [int(place) for place in order if abs(centroid[place]) >= _APART]
        name = _unused(centroid, features, apart, taken)
        taken.add(name)
        found.append(Name(name, _describe(centroid, features, apart[:3], share)))
    return found


def _unused(centroid: Floats, features: Sequence[str], apart: Sequence[int], taken: set[str]) -> str:
    """Two words, or as many as it takes to be the only one of that name."""
    words = [_WORDS[features[place]][int(centroid[place] > 0)] for place in apart]
    names = [
        ", ".join(words[:count]).capitalize() or "Average" for count in (2, 1, *range(3, len(words) + 1))
    ]
    number = 1
    while True:
        for name in names:
            numbered = name if number == 1 else f"{name} {number}"
            if numbered not in taken:
                return numbered
        number += 1


def _describe(centroid: Floats, features: Sequence[str], apart: Sequence[int], share: float) -> str:
    size = f"{share:.0%} of active users".replace("%", " %")
    if not apart:
        return f"{size}; much like everybody."
    parts = [f"{'high' if centroid[place] > 0 else 'low'} {_PHRASES[features[place]]}" for place in apart]
    return f"{size}: {', '.join(parts)}, compared with everybody."
