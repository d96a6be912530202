"""What one person's past says about leaving: columns that one GROUP BY gives, and the features made of them.

The product reads the columns from the event store, the benchmark from files; both pass them to `churn_features`,
so that what was measured is what is used. Knows no SQL, no clock and no model. Every time is in days before the
cutoff and becomes a multiple of the horizon, so that a feature means the same for a shop and for a chat.

With `C` the cutoff and `H` the horizon in days, over the events of one person with `timestamp < C`:

    first_seen_days       C - min(timestamp), in days, fractions included
    last_seen_days        C - max(timestamp)
    events_total          count(*)
    events_horizon        count(*) where timestamp >= C - H
    events_before         count(*) where C - 2H <= timestamp < C - H
    active_days_total     count(distinct date)
    active_days_quarter   count(distinct date) where timestamp >= C - H/4
    active_days_horizon   count(distinct date) where timestamp >= C - H
    active_days_before    count(distinct date) where C - 2H <= timestamp < C - H
    event_names           count(distinct event name)     optional
    sessions_total        count(distinct session id)     optional
    revenue_total         sum(revenue), nothing below 0  optional

The population of a snapshot are the persons with `last_seen_days <= ACTIVE_HORIZONS x H`. Churned: no event in
`C <= timestamp < C + H`; known once `C + H` is past. Snapshots lie one horizon apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

#: Who was silent for longer has long left; to predict that once more would only flatter the figures.
ACTIVE_HORIZONS = 3

#: A horizon is the usual gap between a person's active days times this, kept within the bounds below:
#: three usual gaps of silence are more than chance.
GAPS_PER_HORIZON = 3
HORIZON_DAYS = (7, 90)

COLUMNS = (
    "first_seen_days",
    "last_seen_days",
    "events_total",
    "events_horizon",
    "events_before",
    "active_days_total",
    "active_days_quarter",
    "active_days_horizon",
    "active_days_before",
)
OPTIONAL_COLUMNS = ("event_names", "sessions_total", "revenue_total")


def churn_features(
    columns: Mapping[str, ArrayLike], horizon_days: float
) -> tuple[FloatArray, tuple[str, ...]]:
    """The matrix of features and their names, a row a person.

    **Shape**: optional columns that are absent leave their feature out. **Units**: counts as they are, times in
    horizons; the model takes logarithms itself. **Errors**: KeyError for a missing column of COLUMNS.
    """
    read = {name: np.asarray(columns[name], dtype=np.float64) for name in COLUMNS}
    age, recency = read["first_seen_days"] / horizon_days, read["last_seen_days"] / horizon_days
    days = read["active_days_total"]
    tenure = np.maximum(age - recency, 0.0)
    # One active day has no gap; that the person has not come back so far is the best that is known of it.
    gap = np.where(days > 1, tenure / np.maximum(days - 1, 1), age)
    features = {
        "recency": recency,
        "age": age,
        "tenure": tenure,
        "events": read["events_total"],
        "active_days": days,
        "active_days_per_horizon": days / (age + 0.25),
        "seen_once": (days <= 1).astype(np.float64),
        "events_last_horizon": read["events_horizon"],
        "events_horizon_before": read["events_before"],
        "active_days_last_quarter": read["active_days_quarter"],
        "active_days_last_horizon": read["active_days_horizon"],
        "active_days_horizon_before": read["active_days_before"],
        "mean_gap": gap,
        "silence_in_gaps": recency / (gap + 0.01),
        "trend": np.log1p(read["active_days_horizon"]) - np.log1p(read["active_days_before"]),
    }
    for name in OPTIONAL_COLUMNS:
        if name in columns:
            features[name] = np.maximum(np.asarray(columns[name], dtype=np.float64), 0.0)
    return np.column_stack(list(features.values())), tuple(features)


def churn_rule(columns: Mapping[str, ArrayLike], horizon_days: float) -> FloatArray:
    """The baseline that a model has to beat: the longer the silence, the likelier it stays. From 0 to 1."""
    return np.asarray(1 - np.exp(-np.asarray(columns["last_seen_days"], dtype=np.float64) / horizon_days))


def horizon_of(median_gap_days: float) -> int:
    """The days of silence to call churn, from the median gap between a person's active days; nan gives the most."""
    least, most = HORIZON_DAYS
    if not np.isfinite(median_gap_days):
        return most
    return int(min(most, max(least, round(median_gap_days * GAPS_PER_HORIZON))))
