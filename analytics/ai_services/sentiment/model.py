"""The local model: probabilities of the three classes from plain numbers in `model.npz`, by numpy alone.

A blend of two: multinomial logistic regression on words, pairs, pieces of words and signals, which knows subjects,
and small boosted trees on the signals, which know how lexicon readings combine. Fitted by
`python -m bench.ai.fit_sentiment`; nothing in the file can execute.

**Source**: Wang & Manning 2012 (linear models of n-grams), Friedman 2001 (boosting), Guo et al. 2017 (temperature).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.ai_services.sentiment.reading import Reading

Floats = NDArray[np.float64]

#: Order of the columns of all probabilities.
CLASSES = ("negative", "neutral", "positive")
MODEL_FILE = Path(__file__).with_name("model.npz")
#: Rarity (inverse document frequency) is kept as a byte in steps of 1/RARITY_STEPS.
RARITY_STEPS = 20.0


@dataclass(frozen=True, slots=True)
class Block:
    """Weights of one kind of terms. `weights` has a row a key and the columns of CLASSES; both sorted by key."""

    keys: NDArray[np.uint32]
    rarity: Floats
    weights: Floats

    def logits(self, texts: Sequence[set[int]]) -> Floats:
        """Sums of weight times rarity over a text's known terms, over the length of its rarity vector."""
        sizes = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
        rows = np.repeat(np.arange(len(texts)), sizes)
        asked = np.fromiter(chain.from_iterable(texts), dtype=np.uint32, count=int(sizes.sum()))
        places = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        is_known = self.keys[places] == asked
        places, rows = places[is_known], rows[is_known]
        rarity = self.rarity[places]
        length = np.sqrt(np.bincount(rows, rarity * rarity, len(texts)))
        found = self.weights[places] * rarity[:, None]
        sums = np.stack([np.bincount(rows, column, len(texts)) for column in found.T], axis=1)
        quotient: Floats = sums / np.maximum(length, 1e-9)[:, None]
        return quotient


@dataclass(frozen=True, slots=True)
class Trees:
    """Boosted trees, one row each; a leaf leads to itself. Tree i adds to class i modulo 3."""

    features: NDArray[np.int64]
    thresholds: Floats
    lefts: NDArray[np.int64]
    rights: NDArray[np.int64]
    values: Floats
    start: Floats
    depth: int

    def logits(self, signals: Floats) -> Floats:
        """Sums of the leaves that the signals lead to."""
        trees = np.arange(len(self.features))[None, :]
        texts = np.arange(len(signals))[:, None]
        nodes = np.zeros((len(signals), len(self.features)), dtype=np.int64)
        for _ in range(self.depth):
            is_left = signals[texts, self.features[trees, nodes]] <= self.thresholds[trees, nodes]
            nodes = np.where(is_left, self.lefts[trees, nodes], self.rights[trees, nodes])
        leaves = self.values[trees, nodes].reshape(len(signals), -1, len(CLASSES))
        total: Floats = leaves.sum(axis=1) + self.start
        return total


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns the blend into probabilities that come true: fitted on sources that the blend had not seen."""

    trees_share: float
    temperature: float

    def apply(self, linear: Floats, trees: Floats) -> Floats:
        """Probabilities from the logits of both parts."""
        blend = (1 - self.trees_share) * softmax(linear) + self.trees_share * softmax(trees)
        return softmax(np.log(np.maximum(blend, 1e-9)) / self.temperature)


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that is fitted."""

    words: Block
    pieces: Block
    signals_mean: Floats
    signals_weights: Floats
    bias: Floats
    trees: Trees
    calibration: Calibration

    def probabilities(self, readings: Sequence[Reading]) -> Floats:
        """A row a reading, in the order of CLASSES; rows sum to 1."""
        signals = np.array([reading.signals for reading in readings], dtype=np.float64)
        linear = (
            self.words.logits([reading.terms.words for reading in readings])
            + self.pieces.logits([reading.terms.pieces for reading in readings])
            + (signals - self.signals_mean) @ self.signals_weights
            + self.bias
        )
        return self.calibration.apply(linear, self.trees.logits(signals))


def softmax(logits: Floats) -> Floats:
    """Rows of probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares


@cache
def shipped_model() -> Model:
    """The model of the package, read once a process."""
    with np.load(MODEL_FILE, allow_pickle=False) as stored:
        return model_of(dict(stored))


@cache
def known_words() -> frozenset[int]:
    """Keys of the words (and pairs) that the shipped model was trained on, for many single questions."""
    return frozenset(shipped_model().words.keys.tolist())


def model_of(stored: dict[str, Any]) -> Model:
    """The model from the arrays of its file."""

    def floats(name: str) -> Floats:
        return np.asarray(stored[name], dtype=np.float64)

    def block(name: str) -> Block:
        return Block(
            stored[f"{name}_keys"],
            floats(f"{name}_rarity") / RARITY_STEPS,
            floats(f"{name}_weights") * floats(f"{name}_step"),
        )

    trees = Trees(
        np.asarray(stored["trees_features"], dtype=np.int64),
        floats("trees_thresholds"),
        np.asarray(stored["trees_lefts"], dtype=np.int64),
        np.asarray(stored["trees_rights"], dtype=np.int64),
        floats("trees_values"),
        floats("trees_start"),
        int(stored["trees_depth"]),
    )
    return Model(
        block("words"),
        block("pieces"),
        floats("signals_mean"),
        floats("signals_weights"),
        floats("bias"),
        trees,
        Calibration(float(stored["trees_share"]), float(stored["temperature"])),
    )
