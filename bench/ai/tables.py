"""Tables of rows with a time and an outcome: split by time, trained by the product's core, scored on the later part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analytics.ai_services.learning.examples import Examples, IntArray
from analytics.ai_services.learning.scores import BoolArray, FloatArray, Scores
from analytics.ai_services.learning.training import Settings, as_probability, train

#: The newest share of the rows, which no fit has seen.
TESTED_RATIO = 0.3


@dataclass(frozen=True, slots=True)
class Table:
    """`read_at`: when a row is predicted; `known_at`: when its outcome is known. Both in days."""

    features: dict[str, FloatArray]
    labels: BoolArray
    rule: FloatArray
    read_at: IntArray
    known_at: IntArray
    split_at: int


def read_columns(path: Path, needed: tuple[str, ...]) -> dict[str, np.ndarray] | None:
    """The columns of a Parquet file as arrays; None when the file or one of the needed columns is missing."""
    import pyarrow.parquet

    if not path.exists():
        return None
    table = pyarrow.parquet.read_table(path)
    if not set(needed) <= set(table.column_names):
        return None
    return {name: table[name].to_numpy() for name in table.column_names}


def days_of(instants: np.ndarray) -> FloatArray:
    """Instants as days since 1970, fractions included."""
    return instants.astype("datetime64[us]").astype(np.int64) / 86_400e6


def split_day(read_at: np.ndarray, tested_ratio: float = TESTED_RATIO) -> int:
    """The day from which on rows are tested."""
    return int(np.floor(np.quantile(read_at, 1 - tested_ratio)))


def measure_table(table: Table, settings: Settings | None = None) -> dict[str, Any]:
    """`ours` are the fitted model's figures whatever the status, which stands beside them."""
    examples = Examples(
        features=np.column_stack(list(table.features.values())),
        names=tuple(table.features),
        labels=table.labels,
        cutoffs=table.read_at,
        rule=table.rule,
        known_at=table.known_at,
    )
    tested = examples.where(table.read_at >= table.split_at)
    known = examples.where((table.read_at < table.split_at) & (table.known_at <= table.split_at))
    trained = train(known, settings)
    rule = as_probability(tested.rule)
    ours = rule if trained.candidate is None else trained.candidate.predict(tested.features)
    answers = {"ours": ours, "rule": rule, "base_rate": np.full(len(tested), known.labels.mean())}
    return {name: Scores.of(tested.labels, answer).to_json() for name, answer in answers.items()} | {
        "status": str(trained.status),
        "reason": trained.card.reason,
        "parts": list(trained.card.parts),
        "rows": len(tested),
        "trained_rows": len(known),
        "positive_ratio": round(float(tested.labels.mean()), 4),
    }
