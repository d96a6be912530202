"""Fits the shipped churn priors: `python -m bench.ai.fit_priors DATA`, once, by hand; the numbers are in the repo.

Only sets that may be shipped: CDNOW (Fader and Hardie, also in the MIT-licensed `lifetimes`) and facts of public commit
histories. Several horizons a source, each of the same weight in rows, so that a prior knows no calendar.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from analytics.ai_services.learning.churn_features import OPTIONAL_COLUMNS
from analytics.ai_services.learning.examples import Examples
from analytics.ai_services.learning.fitting import fit_linear
from analytics.ai_services.learning.linear import Linear
from analytics.ai_services.learning.priors import CHURN_PRIORS, VERSION
from bench.ai.churn_events import read_churn_set

SOURCES = {"cdnow": "churn/cdnow.parquet", "git_activity": "events/git_activity.parquet"}
HORIZONS_DAYS = (30, 60, 90)
#: Rows taken of each horizon: the smallest that any has.
ROWS_A_HORIZON = 8_000


def fit_prior(path: Path) -> Linear:
    """One source's prior, over the features that every event stream has. Errors: ValueError if it is no log."""
    random = np.random.default_rng(0)
    parts = []
    for horizon in HORIZONS_DAYS:
        log = read_churn_set(path, horizon)
        if log is None:
            raise ValueError(f"{path} holds no event log")
        rows = min(ROWS_A_HORIZON, len(log.examples))
        parts.append(log.examples.where(random.choice(len(log.examples), rows, replace=False)))
    kept = [number for number, name in enumerate(parts[0].names) if name not in OPTIONAL_COLUMNS]
    return fit_linear(
        Examples(
            features=np.vstack([part.features[:, kept] for part in parts]),
            names=tuple(parts[0].names[number] for number in kept),
            labels=np.concatenate([part.labels for part in parts]),
            cutoffs=np.concatenate([part.cutoffs for part in parts]),
            rule=np.concatenate([part.rule for part in parts]),
        )
    )


def main() -> None:
    """Writes the priors beside their reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data
    sources = {name: fit_prior(folder / file).to_json() for name, file in SOURCES.items()}
    stored = json.dumps({"version": VERSION, "sources": sources}, indent=1, allow_nan=False)
    CHURN_PRIORS.write_text(stored + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
