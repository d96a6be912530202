"""Metrics: declared classes (KPI, KRI, KR) over the stream of events, worked out for many days in one pass.

`metric` is what one is, `kpis`, `kris` and `krs` are ours, `registry` adds those of the project. `calculation` works
them out, `rows` keeps them, `alerts` watches their thresholds, `drivers` takes a change apart. `MetricsProcessor` is
the specification's way in.
"""

from analytics.metrics.measures import (
    CameFirst,
    Converted,
    Count,
    Growth,
    Percent,
    Persons,
    PropertyOf,
    Returned,
    Revenue,
    Sessions,
    SessionSeconds,
    Trailing,
)
from analytics.metrics.metric import KPI, KR, KRI, CustomMetric, Dimension, Metric, Snapshot
from analytics.metrics.processor import MetricsProcessor
from analytics.metrics.units import Unit

__all__ = [
    "KPI",
    "KR",
    "KRI",
    "CameFirst",
    "Converted",
    "Count",
    "CustomMetric",
    "Dimension",
    "Growth",
    "Metric",
    "MetricsProcessor",
    "Percent",
    "Persons",
    "PropertyOf",
    "Returned",
    "Revenue",
    "SessionSeconds",
    "Sessions",
    "Snapshot",
    "Trailing",
    "Unit",
]
