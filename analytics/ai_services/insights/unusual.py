"""Claims about metrics: values outside of what their own past let expect."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from analytics.ai_services.insights.claims import Claim
from analytics.models.choices import InsightType, Priority

_PRIORITIES = {"critical": Priority.CRITICAL, "high": Priority.HIGH}
_EXPIRES_AFTER = timedelta(days=7)


def claims_about_anomalies(anomalies: Iterable[dict[str, Any]]) -> list[Claim]:
    """One claim an anomaly, as `anomalies.detection` gives them."""
    return [_claim(found) for found in anomalies]


def _claim(found: dict[str, Any]) -> Claim:
    metric = found["metric"]
    actual, expected = found["actual_value"], found["expected_value"]
    way = "above" if actual > expected else "below"
    return Claim(
        insight_type=InsightType.ANOMALY,
        target_type="metric",
        target_id=metric.metric_name,
        title=f"{metric.metric_name} is unusually {'high' if way == 'above' else 'low'}",
        description=f"{actual:,.4g} on {metric.period_start:%Y-%m-%d}, far {way} the expected {expected:,.4g}.",
        confidence=confidence_of(found["z_score"]),
        window_start=metric.period_start,
        window_end=metric.period_end,
        expires_at=metric.period_end + _EXPIRES_AFTER,
        priority=_PRIORITIES.get(found["severity"], Priority.MEDIUM),
        suggested_actions=("look_into_metric",),
        model_name=f"anomalies/{found['method']}",
        evidence={
            "analysis": "anomalies",
            "parameters": {"metric_name": metric.metric_name, "method": found["method"]},
            "expected": {"value": expected, "lower": found["lower"], "upper": found["upper"]},
            "actual": {"value": actual},
            "z": found["z_score"],
        },
    )


def confidence_of(z_score: float) -> float:
    """How much of its past lies nearer to what was expected, if it is bell-shaped.

    Example:
        >>> round(confidence_of(-2.0), 3)
        0.954
    """
    from math import erf, sqrt

    return erf(abs(z_score) / sqrt(2))
