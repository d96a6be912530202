"""Boosted trees as arrays of nodes: fitted with scikit-learn, answered with numpy.

Works on the standardised columns of `linear.Scaling`. A tree's inner nodes carry the mean of their leaves, so that the
path of a row splits its value exactly among the features it was asked about (Saabas, "Interpreting random
forests", 2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.ai_services.learning.examples import IntArray
from analytics.ai_services.learning.plain_numbers import (
    UnreadableModel,
    read_integers,
    read_list,
    read_number,
    read_numbers,
)
from analytics.ai_services.learning.scores import BoolArray, FloatArray

INTEGERS = ("roots", "left", "right", "column")
NUMBERS = ("threshold", "value")

#: Many cautious trees on half of the rows. Averaged with the logistic regression on the training part of three sets
#: (RSVPs, appointments, bookings) they lead 120 trees of depth 3 at .08 by .001 to .006 AUC.
TREES, DEPTH, RATE, ROWS_A_TREE, COLUMNS_A_SPLIT, SMALLEST_LEAF = 200, 4, 0.05, 0.5, 0.4, 50
#: Digits kept of what is learned, so that a stored model stays near 150 KB and is the very one that was tested.
DIGITS = 6
#: More rows than these change the third digit of the AUC and cost minutes.
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Trees:
    """All nodes of all trees in one table; `roots` are where the trees start. A leaf has no child (-1)."""

    roots: IntArray
    left: IntArray
    right: IntArray
    column: IntArray
    threshold: FloatArray
    value: FloatArray
    start: float

    def logits(self, columns: FloatArray) -> FloatArray:
        """The log odds of each row of standardised columns."""
        return np.asarray(self.start + self.contributions(columns).sum(axis=1) + self.value[self.roots].sum())

    def contributions(self, columns: FloatArray) -> FloatArray:
        """Rows by columns: what each column added along the paths, relative to the values at the roots."""
        # Thresholds were found on single precision; the same rows must go the same way.
        single = columns.astype(np.float32).astype(np.float64)
        added = np.zeros(columns.shape)
        rows = np.arange(len(columns))
        for root in self.roots:
            at = np.full(len(columns), root)
            while (inner := self.left[at] >= 0).any():
                here, moving = at[inner], rows[inner]
                asked = self.column[here]
                goes_left = single[moving, asked] <= self.threshold[here]
                after = np.where(goes_left, self.left[here], self.right[here])
                added[moving, asked] += self.value[after] - self.value[here]
                at[inner] = after
        return added

    def to_json(self) -> dict[str, Any]:
        """The table of nodes as lists."""
        stored: dict[str, Any] = {name: getattr(self, name).tolist() for name in INTEGERS + NUMBERS}
        return stored | {"start": self.start}

    @classmethod
    def from_json(cls, stored: Any, columns: int) -> Trees:
        """**Errors**: UnreadableModel, naming what is wrong; paths can neither leave the table nor run in a circle."""
        nodes = len(read_list(stored, "left"))
        roots = read_integers(stored, "roots", len(read_list(stored, "roots")))
        left, right, column = (read_integers(stored, name, nodes) for name in INTEGERS[1:])
        threshold, value = (read_numbers(stored, name, nodes) for name in NUMBERS)
        leaf, here = left == -1, np.arange(nodes)
        for side in (left, right):
            if not (leaf == (side == -1)).all() or not (leaf | ((side > here) & (side < nodes))).all():
                raise UnreadableModel("trees: a node leads nowhere")
        if not ((roots >= 0) & (roots < nodes)).all() or not ((column >= 0) & (column < columns)).all():
            raise UnreadableModel("trees: a root or a column that does not exist")
        return cls(roots, left, right, column, threshold, value, read_number(stored, "start"))


def fit_trees(columns: FloatArray, labels: BoolArray, seed: int) -> Trees:
    """Gradient boosting on log loss (Friedman 2001). Both classes must be there."""
    from sklearn.ensemble import GradientBoostingClassifier

    if len(columns) > MOST_ROWS:
        chosen = np.random.default_rng(seed).choice(len(columns), MOST_ROWS, replace=False)
        columns, labels = columns[chosen], labels[chosen]
    used = np.flatnonzero(columns.std(axis=0) > 0)
    boosting: Any = GradientBoostingClassifier(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=RATE,
        subsample=ROWS_A_TREE,
        min_samples_leaf=SMALLEST_LEAF,
        max_features=COLUMNS_A_SPLIT,
        random_state=seed,
    )
    boosting.fit(columns[:, used].astype(np.float32), labels)
    base_rate = float(labels.mean())
    parts, roots, size = [], [], 0
    for estimator in boosting.estimators_[:, 0]:
        parts.append(_nodes(estimator.tree_, size, used))
        roots.append(size)
        size += len(parts[-1][0])
    left, right, column, threshold, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    start = float(np.log(base_rate / (1 - base_rate)))
    return Trees(np.array(roots), left, right, column, threshold, value, start)


def _nodes(
    tree: Any, offset: int, used: IntArray
) -> tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]:
    """The nodes of one fitted tree, numbered from `offset`, each inner value the mean of its leaves."""
    left, right = (np.asarray(side, dtype=np.int64) for side in (tree.children_left, tree.children_right))
    inner = left >= 0
    value = RATE * np.asarray(tree.value, dtype=np.float64).reshape(-1)
    weight = np.asarray(tree.weighted_n_node_samples, dtype=np.float64)
    for node in np.flatnonzero(inner)[::-1]:  # children come after their parent
        sides = [left[node], right[node]]
        value[node] = np.average(value[sides], weights=weight[sides])
    column = np.asarray(np.where(inner, used[np.maximum(tree.feature, 0)], 0), dtype=np.int64)
    threshold = np.asarray(np.where(inner, tree.threshold, 0.0), dtype=np.float64)
    left, right = (np.where(inner, side + offset, -1) for side in (left, right))
    return left, right, column, np.round(threshold, DIGITS), np.round(value, DIGITS)
