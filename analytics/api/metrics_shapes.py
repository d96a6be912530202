"""Shapes of metrics, their history, drivers, settings and alerts."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from analytics.api.shapes import Proof, Shape

TypeName = Literal["kpi", "kri", "kr", "custom"]
_LIMIT = 1e11


class MetricsRequest(Shape):
    """Which day (default: today, with what came late for earlier ones), and which types."""

    date: dt.date | None = None
    metric_types: list[TypeName] = Field(default_factory=list, max_length=4)


class MetricValue(BaseModel):
    """A value and how it moved; null where there is none."""

    value: float | None
    previous_value: float | None
    change_percentage: float | None
    change_direction: Literal["", "up", "down", "stable"]
    is_open: bool


class DayValue(MetricValue):
    """A metric of the day that was worked out."""

    unit: str
    state: str
    target_value: float | None
    period_start: datetime


class TriggeredAlert(BaseModel):
    """An alert that is open now."""

    uuid: UUID
    metric_name: str
    kind: str
    level: str
    value: float
    threshold: float
    period_start: datetime
    opened_at: datetime
    is_new: bool
    is_muted: bool
    is_acknowledged: bool


class MetricsResponse(BaseModel):
    """The metrics of a day by type, and the alerts that are open."""

    date: str
    kpis: dict[str, DayValue]
    kris: dict[str, DayValue]
    krs: dict[str, DayValue]
    custom: dict[str, DayValue] = Field(default_factory=dict)
    alert_count: int
    alerts: list[TriggeredAlert]
    status: Literal["completed"]


class MetricsQuery(Shape):
    """All metrics, or those of a type."""

    metric_type: TypeName | None = None


class MetricPoint(MetricValue):
    """A value of a day. `sample`: how many observations a rate rests on."""

    period_start: datetime
    state: str
    sample: float | None
    calculated_at: datetime


class MetricDefinition(MetricValue):
    """What a metric is, its newest value, and how that stands. `last_closed`: that of the last whole day."""

    name: str
    title: str
    description: str
    type: str
    category: str
    subcategory: str
    unit: str
    good: Literal["up", "down"]
    owner: str
    target_value: float | None
    warning_threshold: float | None
    critical_threshold: float | None
    muted_until: datetime | None
    dimensions: list[str]
    has_drivers: bool
    state: str
    has_met_target: bool | None
    period_start: datetime | None
    last_closed: MetricPoint | None


class MetricsAnswer(BaseModel):
    """All metrics."""

    metrics: list[MetricDefinition]


class MetricQuery(Shape):
    """A metric, the days of its history (both included), and a dimension to take it apart by."""

    name: str = Field(max_length=100)
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    dimension: str | None = Field(default=None, max_length=200)


class PartPoint(BaseModel):
    """A value of a day."""

    period_start: datetime
    value: float


class MetricPart(BaseModel):
    """The values of the events with one value of the dimension."""

    value_name: str
    history: list[PartPoint]


class AlertAnswer(BaseModel):
    """One alert, from its opening to its end."""

    uuid: UUID
    metric_name: str
    title: str
    unit: str
    kind: str
    level: str
    state: str
    value: float
    threshold: float
    period_start: datetime
    opened_at: datetime
    escalated_at: datetime | None
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    muted_until: datetime | None


class MetricHistory(MetricDefinition):
    """A metric over time."""

    history: list[MetricPoint]
    parts: list[MetricPart]
    alerts: list[AlertAnswer]


class DriversQuery(Shape):
    """Days (both included) that are compared with as many before them."""

    name: str = Field(max_length=100)
    date_from: dt.date | None = None
    date_to: dt.date | None = None


class DriverAnswer(BaseModel):
    """A part of a change; `value` and `previous_value` are its own."""

    name: str
    previous_value: float | None
    value: float | None
    contribution: float


class DriversAnswer(BaseModel):
    """A change and its parts, which sum up to it."""

    metric: str
    tree: str
    date_from: dt.date
    date_to: dt.date
    value: float
    previous_value: float
    change: float
    drivers: list[DriverAnswer]
    proof: Proof


class MetricKey(Shape):
    """A metric."""

    name: str = Field(max_length=100)


class MetricDecision(Shape):
    """What to change; what is not named stays, null gives back what the metric declares."""

    target_value: float | None = Field(default=None, gt=-_LIMIT, lt=_LIMIT, allow_inf_nan=False)
    warning_threshold: float | None = Field(default=None, gt=-_LIMIT, lt=_LIMIT, allow_inf_nan=False)
    critical_threshold: float | None = Field(default=None, gt=-_LIMIT, lt=_LIMIT, allow_inf_nan=False)
    owner: str | None = Field(default=None, max_length=100)
    muted_until: AwareDatetime | None = None

    def named(self) -> dict[str, Any]:
        """Only what was sent."""
        return self.model_dump(exclude_unset=True)


class AlertsQuery(Shape):
    """Which alerts."""

    state: Literal["open", "resolved"] | None = None
    metric_name: str | None = Field(default=None, max_length=100)


class AlertsAnswer(BaseModel):
    """Open ones first, the newest first."""

    alerts: list[AlertAnswer]


class AlertKey(Shape):
    """An alert."""

    uuid: UUID


class AlertHandling(Shape):
    """Acknowledge it, or silence it until a time (null ends that). What is not named stays."""

    acknowledged: bool | None = None
    muted_until: AwareDatetime | None = None
