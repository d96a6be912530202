"""Target and thresholds of a metric as they hold: what its class declares, and what people decided since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from analytics.metrics.metric import Metric
from analytics.metrics.registry import all_metrics
from analytics.models import MetricSetting
from analytics.models.choices import AlertLevel

#: An alert ends when the value is back by a twentieth of its threshold, so that one that hovers there is one alert.
HYSTERESIS_RATIO = 0.05


@dataclass(frozen=True)
class Limits:
    """What a value is measured against."""

    higher_is_better: bool
    target: float | None = None
    warning: float | None = None
    critical: float | None = None
    owner: str = ""
    muted_until: datetime | None = None

    def level_of(self, value: float) -> AlertLevel | None:
        """The level of the worst threshold that the value is beyond; on it is still good."""
        if self._is_beyond(value, self.critical):
            return AlertLevel.CRITICAL
        return AlertLevel.WARNING if self._is_beyond(value, self.warning) else None

    def threshold_of(self, level: AlertLevel) -> float:
        """The threshold of a level. Only for a level that `level_of` gave."""
        found = self.critical if level == AlertLevel.CRITICAL else self.warning
        if found is None:
            raise ValueError(f"there is no threshold for {level}")
        return found

    def has_recovered(self, value: float) -> bool:
        """Whether a value is so far on the good side that an alert ends."""
        lines = [line for line in (self.warning, self.critical) if line is not None]
        if not lines:
            return True
        line = max(lines) if self.higher_is_better else min(lines)
        margin = abs(line) * HYSTERESIS_RATIO
        return value >= line + margin if self.higher_is_better else value <= line - margin

    def has_met_target(self, value: float) -> bool | None:
        """None without a target."""
        if self.target is None:
            return None
        return value >= self.target if self.higher_is_better else value <= self.target

    def _is_beyond(self, value: float, line: float | None) -> bool:
        if line is None:
            return False
        return value < line if self.higher_is_better else value > line


def all_limits() -> dict[str, Limits]:
    """By metric name."""
    settings = {setting.metric_name: setting for setting in MetricSetting.objects.all()}
    return {name: merged(metric, settings.get(name)) for name, metric in all_metrics().items()}


def limits_of(metric: type[Metric]) -> Limits:
    """Of one metric."""
    return merged(metric, MetricSetting.objects.filter(metric_name=metric.name).first())


def merged(metric: type[Metric], setting: MetricSetting | None) -> Limits:
    """What the class declares, with what people decided in its place."""

    def chosen(given: Decimal | None, declared: float | None) -> float | None:
        return declared if given is None else float(given)

    declared = Limits(metric.good == "up", metric.target, metric.warning, metric.critical, metric.owner)
    if setting is None:
        return declared
    return Limits(
        declared.higher_is_better,
        chosen(setting.target_value, declared.target),
        chosen(setting.warning_threshold, declared.warning),
        chosen(setting.critical_threshold, declared.critical),
        setting.owner or declared.owner,
        setting.muted_until,
    )
