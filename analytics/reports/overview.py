"""The last days at a glance: the specification's overview, with its proof, and what the dashboard adds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser

from analytics import clock, conf
from analytics.errors import BadInput
from analytics.models import AIInsight
from analytics.models.choices import InsightStatus, Priority
from analytics.reports.alerts import alerts_of_overview
from analytics.reports.analyses import ask
from analytics.reports.answering import answering
from analytics.reports.people import roots_of

if TYPE_CHECKING:
    from eventlake.analyses.filters import Filter
    from eventlake.analyses.overview import OverviewAnswer, OverviewQuestion
    from eventlake.periods import Interval

_TOP_INSIGHTS = 5
FIRST_DAY = date(1970, 1, 1)
_MAX_DAYS_BY_HOUR = 2
_MAX_DAYS_BY_DAY = 92
_MAX_DAYS_BY_WEEK = 731
_OPEN = (InsightStatus.PENDING, InsightStatus.VALIDATED)
_RANK = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}


@dataclass(frozen=True)
class Overview:
    """The figures, and what people should know beside them."""

    figures: OverviewAnswer
    insights: list[dict[str, Any]]
    alerts: list[dict[str, Any]]

    def as_answer(self) -> dict[str, Any]:
        """The specification's keys. Rates in percent, lengths in seconds; 0 where there was nobody."""
        totals = self.figures.totals
        return {
            "total_events": totals.events,
            "total_users": totals.persons,
            "total_revenue": float(totals.revenue),
            "active_users_today": self.figures.active_persons_today,
            "conversion_rate": round(totals.conversion_percent or 0.0, 4),
            "avg_session_length": round(totals.avg_session_s or 0.0, 3),
            "top_insights": self.insights,
            "alerts": self.alerts,
            "proof": asdict(self.figures.proof),
        }


def overview(days: int) -> Overview:
    """The last `days` days of the deployment's zone, today included, up to now."""
    today = clock.today(conf.get().zone)
    return overview_between(today - timedelta(days=days - 1), today, top=0)


def own_overview(days: int, user: AbstractBaseUser) -> Overview:
    """The same of one user's own events and insights. Alerts are about everybody's figures, and so there are none."""
    today = clock.today(conf.get().zone)
    with answering():
        from eventlake.analyses.overview import overview as analysis

        question = replace(_question(today - timedelta(days=days - 1), today), top=0, filter=_events_of(user))
    return Overview(ask(analysis, question), _insights(only_user=user.pk), [])


def _events_of(user: AbstractBaseUser) -> Filter:
    """The events of the persons whom a user is, over all merges."""
    from eventlake.analyses.filters import Any as AnyOf
    from eventlake.analyses.filters import Condition, Operator
    from eventlake.analyses.properties import Property, Scope

    person = Property("person_id", Scope.COLUMN)
    return AnyOf(tuple(Condition(person, Operator.EQ, root) for root in sorted(roots_of(user))))


def overview_between(first: date, last: date, *, top: int = 10) -> Overview:
    """Whole local days from `first` to `last`, both included; today counts up to now. `top` rows in each list.

    The range before is as many days earlier at the same hours, so an unfinished day meets the same part of a day.

    **Errors**: `BadInput` for days in the wrong order, in the future or before 1970; `Unavailable`.
    """
    with answering():
        from eventlake.analyses.overview import overview as analysis

        question = replace(_question(first, last), top=top)
    return Overview(ask(analysis, question), _insights(), alerts_of_overview())


def _question(first: date, last: date) -> OverviewQuestion:
    from eventlake.analyses.overview import OverviewQuestion
    from eventlake.periods import Span, day_start, same_hours_before

    zone = conf.get().zone
    # Whole minutes, so that the same question comes again and its answer can be kept.
    end = clock.next_minute()
    _check(first, last, clock.today(zone))
    days = (last - first).days + 1
    span = Span(day_start(first, zone), min(day_start(last + timedelta(days=1), zone), end))
    return OverviewQuestion(
        from_at=span.from_at,
        to_at=span.to_at,
        time_zone=str(zone),
        now=end,
        interval=_interval(days),
        before=same_hours_before(span, days, zone),
    )


def _check(first: date, last: date, today: date) -> None:
    if first > last:
        raise BadInput("the first day lies after the last one", code="bad_range")
    if last > today:
        raise BadInput(f"the range ends after today, {today.isoformat()}", code="bad_range")
    if first < FIRST_DAY:
        raise BadInput(f"the range starts before {FIRST_DAY.isoformat()}", code="bad_range")


def _interval(days: int) -> Interval:
    """Few enough points for the eye, and enough of them for a shape."""
    from eventlake.periods import Interval

    if days <= _MAX_DAYS_BY_HOUR:
        return Interval.HOUR
    if days <= _MAX_DAYS_BY_DAY:
        return Interval.DAY
    return Interval.WEEK if days <= _MAX_DAYS_BY_WEEK else Interval.MONTH


def _insights(only_user: int | None = None) -> list[dict[str, Any]]:
    """Open insights, the most urgent and most certain first; with `only_user` those about that user."""
    open_ones = AIInsight.objects.filter(status__in=_OPEN, is_archived=False)
    if only_user is not None:
        open_ones = open_ones.filter(target_type="user", target_id=str(only_user))
    found = open_ones.order_by("-created_at")[:100]
    ranked = sorted(found, key=lambda i: (_RANK[Priority(i.priority)], -i.confidence_score))
    return [
        {
            "uuid": str(insight.uuid),
            "insight_type": insight.insight_type,
            "title": insight.title,
            "description": insight.description,
            "confidence_score": insight.confidence_score,
            "priority": insight.priority,
            "created_at": insight.created_at.isoformat(),
        }
        for insight in ranked[:_TOP_INSIGHTS]
    ]
