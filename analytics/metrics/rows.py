"""Rows of metrics: one a metric, day and dimensions, whoever writes them how often.

A day that is worked out anew takes its row over; where there is no value any more, the row goes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from analytics import clock, conf
from analytics.metrics.calculation import Series, number
from analytics.metrics.limits import Limits, all_limits
from analytics.metrics.metric import Metric, Snapshot
from analytics.models import BusinessMetric
from analytics.models.choices import ChangeDirection, PeriodType, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("analytics.metrics")

#: What the column `value` holds: fifteen digits, four of them behind the point.
_MOST = 1e11
_BATCH_ROWS = 1_000
_UPDATED = (
    "metric_type", "metric_category", "metric_subcategory", "value", "previous_value", "target_value",
    "change_percentage", "change_direction", "period_end", "context", "warning_threshold", "critical_threshold",
    "is_alert_triggered", "is_archived", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Value:
    """A value of a day, and what it is compared with."""

    metric: type[Metric]
    day: date
    value: float
    previous: float | None
    context: dict[str, Any]
    dimensions: dict[str, str]


def store(series: Sequence[Series]) -> int:
    """Write series of the same days in one transaction; rows of these metrics and days without a value go. How many."""
    if not series:
        return 0
    first, last = series[0].days[0], series[0].days[-1]
    limits = all_limits()
    rows = [_row(value, limits[value.metric.name]) for one in series for value in _values(one)]
    names = {one.metric.name for one in series}
    with transaction.atomic():
        _write(rows)
        span = {"period_start__gte": start_of(first), "period_start__lt": start_of(last + timedelta(days=1))}
        old = BusinessMetric.objects.filter(metric_name__in=names, period_type=PeriodType.DAY, **span)
        kept = {(row.metric_name, row.period_start, _key(row.dimensions)) for row in rows}
        gone = [
            pk
            for pk, *place, dimensions in old.values_list("pk", "metric_name", "period_start", "dimensions")
            if (*place, _key(dimensions)) not in kept
        ]
        BusinessMetric.objects.filter(pk__in=gone).delete()
    return len(rows)


def store_snapshot(metric: type[Snapshot], day: date) -> None:
    """Keep the value as it is now under the present day."""
    value = metric.read()
    if value is None:
        return
    before = BusinessMetric.objects.filter(
        metric_name=metric.name,
        period_type=PeriodType.DAY,
        period_start=start_of(day - timedelta(days=1)),
        dimensions={},
    ).first()
    previous = None if before is None else float(before.value)
    _write([_row(Value(metric, day, value, previous, {}, {}), all_limits()[metric.name])])


def rows_of(day: date) -> Mapping[str, BusinessMetric]:
    """The whole rows (without dimensions) of a day, by metric name."""
    found = BusinessMetric.objects.filter(
        period_type=PeriodType.DAY, period_start=start_of(day), dimensions={}, is_archived=False
    )
    return {row.metric_name: row for row in found}


def start_of(day: date) -> datetime:
    """The first instant of a local day, in UTC."""
    from eventlake.periods import day_start

    return day_start(day, conf.get().zone).astimezone(UTC)


def _write(rows: list[BusinessMetric]) -> None:
    now = clock.now()
    for row in rows:
        row.updated_at = now
    BusinessMetric.objects.bulk_create(
        rows,
        batch_size=_BATCH_ROWS,
        update_conflicts=True,
        unique_fields=["metric_name", "period_type", "period_start", "dimensions"],
        update_fields=_UPDATED,
    )


def _values(series: Series) -> Iterator[Value]:
    before = number(series.before)
    for place, day in enumerate(series.days):
        value = number(series.values[place])
        if value is not None and abs(value) >= _MOST:
            logger.error(
                "%s of %s is %g, more than a row can hold; it is left out", series.metric.name, day, value
            )
            value = None
        if value is not None:
            yield Value(series.metric, day, value, before, _context(series, place), series.dimensions)
        before = value


def _context(series: Series, place: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if series.samples is not None:
        found["sample"] = number(series.samples[place]) or 0
    if series.has_short_past and series.has_short_past[place]:
        found["has_short_past"] = True
    return found


def _row(value: Value, limits: Limits) -> BusinessMetric:
    metric, previous = value.metric, value.previous
    starts_at, ends_at = start_of(value.day), start_of(value.day + timedelta(days=1))
    change = None if not previous else 100 * (value.value - previous) / abs(previous)
    return BusinessMetric(
        source=Source.BATCH_JOB,
        metric_type=metric.type,
        metric_name=metric.name,
        metric_category=metric.category,
        metric_subcategory=metric.subcategory,
        value=decimal(value.value),
        previous_value=_decimal(previous),
        target_value=_decimal(limits.target),
        change_percentage=None if change is None else round(change, 4),
        change_direction=_direction(value.value, previous),
        period_start=starts_at,
        period_end=ends_at,
        period_type=PeriodType.DAY,
        context=value.context,
        dimensions=value.dimensions,
        warning_threshold=_decimal(limits.warning),
        critical_threshold=_decimal(limits.critical),
        is_alert_triggered=not value.dimensions
        and ends_at <= clock.now()
        and is_judged(metric, value.context)
        and limits.level_of(value.value) is not None,
    )


def is_judged(metric: type[Metric], context: dict[str, Any]) -> bool:
    """Whether a value rests on enough to be held against a threshold."""
    if context.get("has_short_past") and metric.measure.history_days > 0:
        return False
    return float(context.get("sample", metric.minimum_sample)) >= metric.minimum_sample


def _direction(value: float, previous: float | None) -> str:
    if previous is None:
        return ""
    if value == previous:
        return ChangeDirection.STABLE
    return ChangeDirection.UP if value > previous else ChangeDirection.DOWN


def decimal(value: float) -> Decimal:
    """As the columns of values hold it: four places."""
    return Decimal(repr(round(value, 4)))


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else decimal(value)


def _key(dimensions: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dimensions.items()))
