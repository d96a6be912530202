"""Bodies of `/query/<name>` calls from what was understood, the same for the grammar and for the model's answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from analytics import conf
from analytics.ai_services.asking.details import DEFAULT_WINDOW_S
from analytics.ai_services.asking.periods import Period, last_days
from analytics.ai_services.asking.understood import NotUnderstood, Understood
from analytics.ai_services.asking.vocabulary import Property

DEFAULT_DAYS = 30
DEFAULT_VALUES = 10
MAX_SERIES = 10
OVERVIEW_DAYS = range(1, 31)
_OVERVIEW_DEFAULT = 7
#: How far a question without a period looks back, and how many periods a retention has at most.
_RETENTION_DAYS = {"day": 14, "week": 56, "month": 182}
_RETENTION_PERIODS = {"day": 15, "week": 13, "month": 13}
_STICKY_DAYS = {"week": 28, "month": 91}
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True)
class Common:
    """What every analysis takes: a period, or none where the question names none, and a filter."""

    period: Period | None = None
    filters: dict[str, Any] | None = None

    def body(self, default_days: int = DEFAULT_DAYS) -> dict[str, Any]:
        """The range with its zone, and the filter where there is one."""
        found = self.period_or(default_days)
        body = {"date_from": found.date_from, "date_to": found.date_to, "timezone": str(conf.get().zone)}
        return {**body, **({"filters": self.filters} if self.filters is not None else {})}

    def period_or(self, days: int) -> Period:
        """The period; so many days up to today where there is none."""
        return self.period or last_days(days)


@dataclass(frozen=True)
class Lines:
    """What a trend shows beside its series."""

    interval: str | None = None
    breakdown: Property | None = None
    values: int = DEFAULT_VALUES
    is_compared: bool = False
    formula: str | None = None


def series_of(event: str | None, measure: str = "count", prop: Property | None = None) -> dict[str, Any]:
    """One line of a trend."""
    named = {"event": event} if event is not None else {}
    return {**named, "measure": measure, **(prop.named if prop is not None else {})}


def trends(common: Common, series: list[dict[str, Any]], lines: Lines) -> Understood:
    """Measures over time. **Errors**: `NotUnderstood` for more lines than anybody reads."""
    if len(series) > MAX_SERIES:
        raise NotUnderstood(f"at most {MAX_SERIES} events are counted beside one another")
    body = {**common.body(), "series": series}
    body["interval"] = lines.interval or common.period_or(DEFAULT_DAYS).interval
    if lines.breakdown is not None:
        body["breakdown"] = {**lines.breakdown.named, "limit": lines.values}
    if lines.is_compared:
        body["compare"] = "previous_period"
    if lines.formula is not None:
        body["formula"] = lines.formula
    return Understood("trends", body)


def funnel(
    common: Common, steps: list[str], window_s: int = DEFAULT_WINDOW_S, breakdown: Property | None = None
) -> Understood:
    """Steps in this order. **Errors**: `NotUnderstood` for fewer than two."""
    if len(steps) < 2:
        raise NotUnderstood("a funnel takes two events at least: 'conversion from A to B'")
    body: dict[str, Any] = {**common.body(), "steps": [{"event": step} for step in steps]}
    body["window_seconds"] = window_s
    if breakdown is not None:
        body["breakdown"] = {**breakdown.named, "limit": DEFAULT_VALUES}
    return Understood("funnel", body)


def retention(
    common: Common, start: str | None, back: str | None, interval: str | None, periods: int | None = None
) -> Understood:
    """Who comes back. Without an interval the period decides. **Errors**: `NotUnderstood` for hours."""
    if interval == "hour":
        raise NotUnderstood("people come back by day, week or month")
    unit = interval or ("day" if common.period is None or common.period.days <= 31 else "week")
    days = _RETENTION_DAYS[unit]
    fitting = int(common.period_or(days).days // _UNIT_DAYS[unit]) + 1
    body = common.body(days)
    body |= {"start_event": start, "return_event": back, "interval": unit}
    body["periods"] = periods or max(2, min(fitting, _RETENTION_PERIODS[unit]))
    return Understood("retention", _given(body))


def paths(common: Common, start: str | None, end: str | None) -> Understood:
    """What follows what."""
    return Understood("paths", _given({**common.body(), "start_event": start, "end_event": end}))


def lifecycle(common: Common, event: str | None, interval: str | None) -> Understood:
    """Who is new, and who stays away."""
    chosen = interval or common.period_or(DEFAULT_DAYS).interval
    return Understood("lifecycle", _given({**common.body(), "event": event, "interval": chosen}))


def stickiness(common: Common, event: str | None, within: str) -> Understood:
    """On how many days people are there."""
    return Understood(
        "stickiness", _given({**common.body(_STICKY_DAYS[within]), "event": event, "within": within})
    )


def sessions(common: Common) -> Understood:
    """How many, how long."""
    return Understood("sessions", common.body())


def overview(common: Common) -> Understood:
    """The last days. **Errors**: `NotUnderstood` for other periods, and for filters."""
    if common.filters is not None:
        raise NotUnderstood("the overview is of all events")
    if common.period is None:
        return Understood("overview", {"days": _OVERVIEW_DEFAULT})
    days = int(common.period.days)
    if days not in OVERVIEW_DAYS or common.period != last_days(days):
        raise NotUnderstood("the overview is of the last 1 to 30 days: 'overview of the last 14 days'")
    return Understood("overview", {"days": days})


def day_of(moment: str) -> date:
    """The day that a moment in a body begins on."""
    return date.fromisoformat(moment[:10])


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
