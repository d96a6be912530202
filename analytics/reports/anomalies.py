"""A metric beside what its own past let expect, and how often that would have told somebody."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.ai_services.anomalies import Judged, Simulation
from analytics.ai_services.anomalies.detection import METHODS, judge_metric, simulate_metric
from analytics.errors import BadInput, NotFound
from analytics.metrics.registry import all_metrics
from analytics.models import BusinessMetric

#: Sensitivities by method, in deviations: the method's own, one that tells more, and one that tells less.
#: 2.6 is the threshold that found most in the published benchmark, 2.0 the specification's (docs/guides/anomalies.md).
THRESHOLDS: dict[str, dict[str, float]] = {
    "seasonal": {"usual": 3.25, "sensitive": 2.6, "calm": 4.0},
    "zscore": {"usual": 2.0, "sensitive": 1.64, "calm": 3.0},
}
SENSITIVITIES = ("usual", "sensitive", "calm")
_MOST_DAYS = 730


@dataclass(frozen=True)
class Wanted:
    """Which metric, over how many days, judged how."""

    metric: str
    days: int = 90
    method: str = "seasonal"
    sensitivity: str = "usual"

    @property
    def threshold(self) -> float | None:
        """Deviations; None for the method's own, which alerts have, too."""
        return None if self.sensitivity == "usual" else THRESHOLDS[self.method][self.sensitivity]


@dataclass(frozen=True)
class Found:
    """Every judged period with its band, and the alarms among them."""

    judged: Judged
    simulation: Simulation


def look(wanted: Wanted) -> Found:
    """Judge a metric. **Errors**: `NotFound` without such a metric; `BadInput` for a method, sensitivity or days that
    are none."""
    if wanted.metric not in all_metrics() and not _has_rows(wanted.metric):
        raise NotFound(f"there is no metric {wanted.metric[:100]!r}", code="unknown_metric")
    if wanted.method not in METHODS:
        raise BadInput(f"method: one of {', '.join(METHODS)}")
    if wanted.sensitivity not in SENSITIVITIES:
        raise BadInput(f"sensitivity: one of {', '.join(SENSITIVITIES)}")
    if not 1 <= wanted.days <= _MOST_DAYS:
        raise BadInput(f"days: 1 to {_MOST_DAYS}")
    name, days, method = wanted.metric, wanted.days, wanted.method
    return Found(
        judge_metric(name, days, method, threshold=wanted.threshold),
        simulate_metric(name, days, method, threshold=wanted.threshold),
    )


def _has_rows(name: str) -> bool:
    return BusinessMetric.objects.filter(metric_name=name.replace("\0", "")).exists()
