"""Clusters, measured: the size of the smallest, how stable they are, and K-means on raw columns beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analytics.ai_services.clustering.kmeans import find_clusters
from bench.ai.activity import Activity, read_logs

_SPECIFIED = 5


def measure(folder: Path) -> dict[str, Any]:
    """A log each: `ours` with a chosen number, `spec` with five clusters of standardised raw columns."""
    return {log.name: _measure(log) for log in read_logs(folder)}


def _measure(log: Activity) -> dict[str, Any]:
    rows = np.column_stack([log.recency_days, log.active_days, log.events, log.events / log.active_days])
    if len(rows) < 100:
        return {"status": "not_enough_data", "persons": len(rows)}
    counts, raw = np.ones(rows.shape[1], bool), np.zeros(rows.shape[1], bool)
    return {
        "ours": _figures(rows, counts, None),
        "spec": _figures(rows, raw, _SPECIFIED),
        "persons": len(rows),
    }


def _figures(rows: Any, is_count: Any, number: int | None) -> dict[str, Any]:
    found = find_clusters(rows, is_count, number)
    return {
        "clusters": len(found.centroids),
        "silhouette": round(found.silhouette, 4),
        "stability": round(found.stability, 4),
        "smallest_share": round(float(found.sizes.min() / len(rows)), 4),
    }
