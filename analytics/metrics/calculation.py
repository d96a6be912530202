"""Working metrics out for any number of days in one reading of the lake.

Days are local days of the deployment. What lies before the first kept event has no values: history that is past its
retention stays as its rows say it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics import clock, conf
from analytics.metrics.figures import Figures, Needs
from analytics.metrics.measures import Measure
from analytics.metrics.metric import Dimension, Metric, Snapshot
from analytics.store import asking

if TYPE_CHECKING:
    from eventlake.analyses.daily import Column, DailyHistoryQuestion
    from eventlake.analyses.filters import Filter
    from eventlake.engine import Reader


#: The values of a dimension are those of so many days before the first one too, so that they do not come and go by the
#: day.
_DIMENSION_DAYS = 30


@dataclass(frozen=True)
class Series:
    """A metric over days: `values[i]` and `samples[i]` are of `days[i]`; nan where there is none.

    `before`: the value of the day before the first. `has_short_past[i]`: the events do not reach as far back as the
    metric looks.
    """

    metric: type[Metric]
    days: tuple[date, ...]
    values: Column
    before: float
    samples: Column | None = None
    has_short_past: tuple[bool, ...] = ()
    dimensions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Days:
    """The days that are worked out, and the one of the first event that there is."""

    first: date
    last: date
    began_on: date


def calculate(first: date, last: date, metrics: Iterable[type[Metric]]) -> list[Series]:
    """Every metric over the days from `first` to `last`, and its parts by dimension; empty without any event before.

    Metrics that are read as they are now (`Snapshot`) have no series.
    """
    chosen = [metric for metric in metrics if not issubclass(metric, Snapshot)]
    began_at = asking.earliest_event()
    if began_at is None or not chosen:
        return []
    began_on = began_at.astimezone(conf.get().zone).date()
    last = min(last, clock.today(conf.get().zone))
    first = max(first, began_on)
    if first > last:
        return []
    days = _Days(first, last, began_on)
    found = _series(days, chosen, None, {})
    for dimension in dict.fromkeys(dimension for metric in chosen for dimension in metric.dimensions):
        divided = [metric for metric in chosen if dimension in metric.dimensions]
        for value in _values_of(dimension, days):
            condition = _condition(dimension, value)
            found += _series(days, divided, condition, {dimension.name: value})
    return found


def _series(
    wanted: _Days,
    metrics: Sequence[type[Metric]],
    condition: Filter | None,
    dimensions: dict[str, str],
) -> list[Series]:
    history = max(metric.measure.history_days for metric in metrics)
    question = _question(wanted.first - timedelta(days=history + 1), wanted.last, condition)
    needs = Needs()
    measures: list[Measure] = [metric.measure for metric in metrics]
    measures += [sample for metric in metrics if (sample := metric.sample()) is not None]
    for measure in measures:
        measure.need(needs)

    def columns(reader: Reader, asked: DailyHistoryQuestion) -> list[tuple[Column, Column | None]]:
        figures = Figures(reader, asked, needs)
        found = []
        for metric in metrics:
            sample = metric.sample()
            found.append((metric.measure.values(figures), None if sample is None else sample.values(figures)))
        return found

    days = question.days
    start = next(place for place, day in enumerate(days) if day >= wanted.first)
    found = asking.ask(columns, question, is_long=True)
    return [
        Series(
            metric=metric,
            days=days[start:],
            values=values[start:],
            before=float(values[start - 1]) if start and days[start - 1] >= wanted.began_on else float("nan"),
            samples=None if samples is None else samples[start:],
            has_short_past=tuple(
                day - timedelta(days=metric.measure.history_days) < wanted.began_on for day in days[start:]
            ),
            dimensions=dimensions,
        )
        for metric, (values, samples) in zip(metrics, found, strict=True)
    ]


def _question(first: date, last: date, condition: Filter | None) -> DailyHistoryQuestion:
    from eventlake.analyses.daily import DailyHistoryQuestion
    from eventlake.periods import day_start

    zone = conf.get().zone
    ends_at = min(day_start(last + timedelta(days=1), zone).astimezone(UTC), clock.next_minute())
    return DailyHistoryQuestion(day_start(first, zone), ends_at, str(zone), condition)


def _values_of(dimension: Dimension, days: _Days) -> list[str]:
    """The values with the most events."""
    from eventlake.analyses.measures import Measure as Aggregate
    from eventlake.analyses.trends import trends
    from eventlake.analyses.trends_question import Breakdown, TrendsQuestion
    from eventlake.analyses.trends_question import Series as Line

    asked = _question(days.first - timedelta(days=_DIMENSION_DAYS), days.last, None)
    breakdown = Breakdown(_property(dimension), dimension.limit)
    question = TrendsQuestion(
        asked.from_at, asked.to_at, asked.time_zone, (Line(Aggregate.COUNT),), breakdown=breakdown
    )
    lines = asking.ask(trends, question, is_long=True).lines
    return [line.breakdown for line in lines if line.breakdown is not None and not line.is_other]


def _condition(dimension: Dimension, value: str) -> Filter:
    from eventlake.analyses.filters import Condition, Operator

    return Condition(_property(dimension), Operator.EQ, value)


def _property(dimension: Dimension) -> Any:
    from eventlake.analyses.properties import Property, Scope

    return Property(dimension.name, Scope.COLUMN if dimension.is_column else Scope.EVENT)


def number(value: float) -> float | None:
    """A value that can be kept, or None for one that is not there.

    **Units**: four places, as the column has.
    """
    return None if not np.isfinite(value) else round(float(value), 4)
