"""Fits the shipped sentiment model: `python -m bench.ai.fit_sentiment --data FOLDER`, by hand.

Trained on text that may be (VADER's rated sentences, MIT; Stack Overflow posts of Senti4SD, MIT; UCI sentences, CC BY)
and on templated mild sentences. Every seventh text is held out for `bench.ai.sentiment`. The calibration is fitted on
each source by a model that never saw that source, because texts of users come from none of them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import ndtr
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import normalize

from analytics.ai_services.sentiment.model import (
    CLASSES,
    MODEL_FILE,
    RARITY_STEPS,
    Calibration,
    Floats,
    softmax,
)
from analytics.ai_services.sentiment.reading import Reading, read
from analytics.ai_services.sentiment.terms import word_key
from bench.ai.mild_sentences import mild_sentences
from bench.ai.sentiment import Labelled, is_held_out, quality, read_training_sets, save_slice, save_trained_on

#: Terms of fewer training texts say more about a text than about words.
FEWEST_TEXTS = {"words": 2, "pieces": 3}
#: Tokens that tell a source from another, not an opinion from another.
LEFT_OUT = {word_key(token) for token in ("<link>", "<mention>", "#", "@")}
#: Ridge penalty, and the weight of signals in it (both by leave-one-source-out macro-F1).
RIDGE, SIGNAL_SCALE = 2.0, 0.15
#: Raters' errors: the standard error of the mean of 20, times this (leave-one-source-out ECE).
RATER_NOISE = 1.5
#: A source counts as the square root of its size.
SOURCE_POWER = 0.5
STEPS = 45
TREES_SHARE = 0.4
TREES: dict[str, Any] = {
    "max_iter": 60,
    "max_leaf_nodes": 8,
    "learning_rate": 0.1,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "random_state": 0,
}


def training_rows(folder: Path) -> list[Labelled]:
    """Rows to train on: not held out, and the mild sentences."""
    rows = [row for row in read_training_sets(folder) if not is_held_out(row.text)]
    return rows + [Labelled("mild", text, "neutral") for text in mild_sentences()]


@dataclass(frozen=True, slots=True)
class Table:
    """Training rows as matrices; `terms` has a sparse 0/1 matrix for words and for pieces."""

    sources: NDArray[np.str_]
    labels: NDArray[np.int64]
    targets: Floats
    signals: Floats
    terms: dict[str, Any]
    keys: dict[str, NDArray[np.uint32]]


def table_of(rows: list[Labelled]) -> Table:
    """Reads every row and counts its terms."""
    readings = [read(row.text) for row in rows]
    keys, terms = {}, {}
    for name in FEWEST_TEXTS:
        keys[name], terms[name] = _count([_terms(reading, name) for reading in readings], FEWEST_TEXTS[name])
    return Table(
        np.array([row.source for row in rows]),
        np.array([CLASSES.index(row.label) for row in rows]),
        np.array([soft_target(row) for row in rows]),
        np.array([reading.signals for reading in readings]),
        terms,
        keys,
    )


def soft_target(row: Labelled) -> Floats:
    """Shares of the classes: 1 for the label, or how likely 20 other raters were to give it."""
    target: Floats = np.eye(len(CLASSES))[CLASSES.index(row.label)]
    if row.mean is None or row.sd is None:
        return target
    error = np.sqrt(row.sd**2 / 20 * RATER_NOISE**2 + 1e-3)
    negative, positive = ndtr((-0.5 - row.mean) / error), ndtr((row.mean - 0.5) / error)
    return np.array([negative, 1 - negative - positive, positive])


def _terms(reading: Reading, name: str) -> set[int]:
    return reading.terms.words - LEFT_OUT if name == "words" else reading.terms.pieces


def _count(texts: list[set[int]], fewest: int) -> tuple[NDArray[np.uint32], Any]:
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(text)
    keys = np.array(sorted(key for key, count in counts.items() if count >= fewest), dtype=np.uint32)
    places = {int(key): place for place, key in enumerate(keys)}
    columns = [sorted(places[key] for key in text if key in places) for text in texts]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.concatenate([np.array(column, dtype=np.int64) for column in columns])
    return keys, sparse.csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(texts), len(keys)))


def row_weights(table: Table, rows: NDArray[np.int64]) -> Floats:
    """Sources by the square root of their size, then classes all alike."""
    sources, labels = table.sources[rows], table.labels[rows]
    sizes = Counter(sources)
    weights = np.array([sizes[source] ** (SOURCE_POWER - 1) for source in sources])
    totals = np.array([weights[labels == kind].sum() for kind in range(len(CLASSES))])
    weights *= (totals.mean() / totals)[labels]
    shares: Floats = weights / weights.sum()
    return shares


@dataclass(frozen=True, slots=True)
class Linear:
    """Fitted weights before they are made small."""

    rarity: dict[str, Floats]
    weights: dict[str, Floats]
    signals_mean: Floats
    signals_weights: Floats
    bias: Floats

    def logits(self, table: Table) -> Floats:
        """Of all rows of a table."""
        total = (table.signals - self.signals_mean) @ self.signals_weights + self.bias
        for name, matrix in table.terms.items():
            total = total + normalize(matrix.multiply(self.rarity[name]).tocsr()) @ self.weights[name]
        return np.asarray(total)


def fit_linear(table: Table, rows: NDArray[np.int64]) -> Linear:
    """Multinomial logistic regression on soft targets."""
    rarity = {}
    parts = []
    for name, matrix in table.terms.items():
        seen = np.asarray(matrix[rows].sum(axis=0)).ravel()
        exact = np.log((1 + len(rows)) / (1 + seen)) + 1
        rarity[name] = np.round(exact * RARITY_STEPS) / RARITY_STEPS
        parts.append(normalize(matrix[rows].multiply(rarity[name]).tocsr()))
    mean, spread = table.signals[rows].mean(axis=0), table.signals[rows].std(axis=0) + 1e-9
    parts.append(sparse.csr_matrix((table.signals[rows] - mean) / spread * SIGNAL_SCALE))
    weights, bias = _minimise(sparse.hstack(parts).tocsr(), table.targets[rows], row_weights(table, rows))
    ends = np.cumsum([0, *(part.shape[1] for part in parts)])
    pieces = [weights[start:end] for start, end in pairwise(ends)]
    named = dict(zip(table.terms, pieces, strict=False))
    return Linear(rarity, named, mean, pieces[-1] * (SIGNAL_SCALE / spread)[:, None], bias)


def _minimise(matrix: Any, targets: Floats, row_weight: Floats) -> tuple[Floats, Floats]:
    texts, columns = matrix.shape
    kinds = targets.shape[1]
    matrix = matrix.astype(np.float32)
    turned = matrix.T.tocsr()
    penalty = RIDGE / texts

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, bias = flat[: columns * kinds].reshape(columns, kinds), flat[columns * kinds :]
        shares = softmax(np.asarray(matrix @ weights.astype(np.float32), dtype=np.float64) + bias)
        error = row_weight[:, None] * (shares - targets)
        value = -(row_weight[:, None] * targets * np.log(shares + 1e-12)).sum()
        slope = np.asarray(turned @ error.astype(np.float32), dtype=np.float64) + penalty * weights
        flat_slope = np.concatenate([slope.ravel(), error.sum(axis=0)])
        return float(value + penalty / 2 * (weights * weights).sum()), flat_slope

    start = np.zeros(columns * kinds + kinds)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 10}).x
    return found[: columns * kinds].reshape(columns, kinds), found[columns * kinds :]


def fit_trees(table: Table, rows: NDArray[np.int64]) -> Any:
    """Boosted trees on the signals."""
    weights = row_weights(table, rows)
    return HistGradientBoostingClassifier(**TREES).fit(
        table.signals[rows], table.labels[rows], sample_weight=weights * len(rows)
    )


def unseen_logits(table: Table) -> tuple[Floats, Floats]:
    """Both parts' logits of every source by a fit on the others; mild sentences help everywhere, and judge nowhere."""
    linear, trees = np.zeros_like(table.targets), np.zeros_like(table.targets)
    for source in sorted(set(table.sources) - {"mild"}):
        rows = np.flatnonzero(table.sources != source)
        judged = table.sources == source
        linear[judged] = fit_linear(table, rows).logits(table)[judged]
        trees[judged] = fit_trees(table, rows).decision_function(table.signals[judged])
    return linear, trees


def temperature_of(table: Table, logs: Floats) -> float:
    """The temperature that makes unseen sources likeliest, each source of the same weight."""
    judged = table.sources != "mild"
    sizes = Counter(table.sources[judged])
    weights = np.array([1 / sizes[source] for source in table.sources[judged]])
    labels = table.labels[judged]

    def surprise(temperature: float) -> float:
        shares = softmax(logs[judged] / temperature)
        return float(-(weights * np.log(shares[np.arange(len(labels)), labels])).sum())

    return float(min(np.arange(0.6, 2.5, 0.02), key=surprise))


def stored_trees(trees: Any) -> dict[str, Any]:
    """The nodes of all trees as rectangular arrays; a leaf leads to itself."""
    nodes: list[Any] = [tree.nodes for step in trees._predictors for tree in step]
    width = max(map(len, nodes))
    stored: dict[str, NDArray[Any]] = {
        "features": np.zeros((len(nodes), width), np.uint8),
        "thresholds": np.full((len(nodes), width), np.inf, np.float32),
        "lefts": np.tile(np.arange(width, dtype=np.uint8), (len(nodes), 1)),
        "rights": np.tile(np.arange(width, dtype=np.uint8), (len(nodes), 1)),
        "values": np.zeros((len(nodes), width), np.float32),
    }
    for row, tree in enumerate(nodes):
        for place, node in enumerate(tree):
            stored["values"][row, place] = node["value"]
            if not node["is_leaf"]:
                stored["features"][row, place] = node["feature_idx"]
                stored["thresholds"][row, place] = node["num_threshold"]
                stored["lefts"][row, place], stored["rights"][row, place] = node["left"], node["right"]
    start = trees._baseline_prediction.ravel()
    depth = max(int(tree["depth"].max()) for tree in nodes)
    return {f"trees_{name}": array for name, array in stored.items()} | {
        "trees_start": start,
        "trees_depth": depth,
    }


def stored_block(name: str, keys: NDArray[np.uint32], linear: Linear) -> dict[str, Any]:
    """A block's weights as bytes."""
    weights = linear.weights[name]
    step = float(np.quantile(np.abs(weights), 0.9999)) / 127
    small = np.clip(np.round(weights / step), -127, 127).astype(np.int8)
    return {
        f"{name}_keys": keys,
        f"{name}_rarity": np.round(linear.rarity[name] * RARITY_STEPS).astype(np.uint8),
        f"{name}_weights": small,
        f"{name}_step": step,
    }


def fit(folder: Path) -> None:
    """Fits, calibrates and writes `model.npz` and the list of what it was trained on."""
    rows = training_rows(folder)
    table = table_of(rows)
    linear_logits, trees_logits = unseen_logits(table)
    logs = np.log(Calibration(TREES_SHARE, 1.0).apply(linear_logits, trees_logits))
    temperature = temperature_of(table, logs)
    _print_unseen(table, softmax(logs / temperature), temperature)
    every = np.arange(len(rows))
    linear, trees = fit_linear(table, every), fit_trees(table, every)
    stored: dict[str, Any] = {
        "signals_mean": linear.signals_mean,
        "signals_weights": linear.signals_weights,
        "bias": linear.bias,
        "trees_share": TREES_SHARE,
        "temperature": temperature,
        **stored_trees(trees),
    }
    for name in FEWEST_TEXTS:
        stored |= stored_block(name, table.keys[name], linear)
    np.savez_compressed(MODEL_FILE, **stored)
    films = [row.text for row in read_training_sets(folder) if row.source == "movie"]
    save_slice(folder)
    save_trained_on([row.text for row in rows], films)
    print(f"{MODEL_FILE.name}: {MODEL_FILE.stat().st_size:,} bytes, {len(rows):,} texts")


def _print_unseen(table: Table, shares: Floats, temperature: float) -> None:
    print(f"each source by a fit on the others, temperature {temperature:.2f}")
    for source in sorted(set(table.sources) - {"mild"}):
        judged = table.sources == source
        labels = [CLASSES[kind] for kind in table.labels[judged]]
        chosen = [CLASSES[kind] for kind in shares[judged].argmax(axis=1)]
        print(f"  {source:14}", quality(labels, chosen, shares[judged].max(axis=1)))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    fit(parser.parse_args().data)


if __name__ == "__main__":
    main()
