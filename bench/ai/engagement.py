"""Engagement, measured: how well the score ranks what people do in the period after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analytics.ai_services.behaviour.engagement import Presence, engagement
from analytics.ai_services.learning.scores import auc
from bench.ai.activity import Activity, read_logs


def measure(folder: Path) -> dict[str, Any]:
    """A log each: Spearman's rank correlation with the events of the next period, and the AUC of any."""
    return {log.name: _measure(log) for log in read_logs(folder)}


def _measure(log: Activity) -> dict[str, Any]:
    from scipy.stats import spearmanr

    presence = Presence(log.recency_days, log.active_days, log.events, log.different_names)
    scores = {
        "ours": engagement(presence, log.days),
        "events": log.events,
        "active_days_decayed": log.active_days * np.exp(-log.recency_days / log.horizon_days),
    }
    came = log.events_next > 0
    return {
        name: {
            "spearman": round(float(spearmanr(score, log.events_next).statistic), 4),
            "auc": round(auc(came, np.asarray(score, np.float64)), 4),
        }
        for name, score in scores.items()
    } | {"persons": len(log.events), "horizon_days": log.horizon_days}
