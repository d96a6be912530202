"""Who leaves: every log predicted snapshot by snapshot, each time by what was known at that moment.

For each tested snapshot `train` sees all snapshots whose labels were complete, as the product would at that time, and
its model answers for the snapshot. Answers of all tested snapshots are scored together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analytics.ai_services.learning.fitting import Fitting, fit_model
from analytics.ai_services.learning.priors import churn_priors
from analytics.ai_services.learning.scores import Scores, auc
from analytics.ai_services.learning.training import Settings, train
from bench.ai.churn_events import ChurnSet, list_logs, read_churn_set

#: The learning curve: labelled persons and draws of each.
CURVE, DRAWS = (50, 200, 1_000), 15


def measure(folder: Path) -> dict[str, Any]:
    """Figures a log, as `{"ours", "rule", "base_rate", "status", ...}`; logs that cannot be read are left out."""
    found = {}
    for path in list_logs(folder):
        log = read_churn_set(path)
        if log is not None:
            found[log.name] = measure_set(log)
    return found


def measure_set(log: ChurnSet) -> dict[str, Any]:
    """One log. `ours` are the fitted model's figures whatever the status, which stands beside them."""
    examples = log.examples
    settings = Settings(fitting=Fitting(priors=churn_priors(without=log.name)))
    answers: dict[str, list[np.ndarray]] = {"ours": [], "rule": [], "base_rate": []}
    labels, statuses = [], []
    for number in range(log.first_tested, int(examples.cutoffs.max()) + 1):
        known, tested = examples.where(examples.cutoffs < number), examples.where(examples.cutoffs == number)
        trained = train(known, settings)
        statuses.append(str(trained.status))
        answers["rule"].append(tested.rule)
        answers["base_rate"].append(np.full(len(tested), known.labels.mean()))
        ours = tested.rule if trained.candidate is None else trained.candidate.predict(tested.features)
        answers["ours"].append(ours)
        labels.append(tested.labels)
    truth = np.concatenate(labels)
    figures = {name: Scores.of(truth, np.concatenate(parts)).to_json() for name, parts in answers.items()}
    return figures | {
        "status": statuses[-1],
        "statuses": {status: statuses.count(status) for status in sorted(set(statuses))},
        "rows": len(truth),
        "positive_ratio": round(float(truth.mean()), 4),
        "horizon_days": log.horizon_days,
        "snapshots_tested": len(labels),
        "learning_curve": learning_curve(log),
    }


def learning_curve(log: ChurnSet) -> dict[str, float]:
    """AUC by how many persons are labelled, mean of the draws, with the priors of other sources, and of all rows.

    One model of what was known before the first tested snapshot answers for all tested ones.
    """
    known = log.examples.where(log.examples.cutoffs < log.first_tested)
    tested = log.examples.where(log.examples.cutoffs >= log.first_tested)
    fitting = Fitting(priors=churn_priors(without=log.name))
    random = np.random.default_rng(0)
    curve = {}
    for size in (size for size in CURVE if size < len(known)):
        reached: list[float] = []
        while len(reached) < DRAWS:
            drawn = known.where(random.choice(len(known), size, replace=False))
            if drawn.has_each_class(1):
                reached.append(auc(tested.labels, fit_model(drawn, fitting).predict(tested.features)))
        curve[str(size)] = round(float(np.mean(reached)), 4)
    if known.has_each_class(1):
        curve["all"] = round(auc(tested.labels, fit_model(known, fitting).predict(tested.features)), 4)
    return curve
