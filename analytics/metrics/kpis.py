"""Key performance indicators: who is there, who comes back, who converts, and what it brings."""

from __future__ import annotations

from analytics.event_names import Known
from analytics.metrics.measures import (
    CameFirst,
    Converted,
    Percent,
    Persons,
    Quotient,
    Returned,
    Revenue,
    Sessions,
    SessionSeconds,
)
from analytics.metrics.metric import KPI, Dimension
from analytics.metrics.units import Unit

_DEVICE = Dimension("device_type", is_column=True)


class DailyActiveUsers(KPI):
    """Different people with an event on the day."""

    name = "daily_active_users"
    title = "Daily active users"
    category = "engagement"
    unit = Unit.PERSONS
    dimensions = (_DEVICE,)
    tree = "active_users"
    tree_days = 1
    measure = Persons()


class WeeklyActiveUsers(KPI):
    """Different people with an event in the 7 days that end with the day."""

    name = "weekly_active_users"
    title = "Weekly active users"
    category = "engagement"
    unit = Unit.PERSONS
    tree = "active_users"
    measure = Persons(days=7)


class MonthlyActiveUsers(KPI):
    """Different people with an event in the 30 days that end with the day."""

    name = "monthly_active_users"
    title = "Monthly active users"
    category = "engagement"
    unit = Unit.PERSONS
    tree = "active_users"
    tree_days = 30
    measure = Persons(days=30)


class _Retention(KPI):
    category = "retention"
    unit = Unit.PERCENT
    minimum_sample = 20


class NextDayRetention(_Retention):
    """Of those whose first event ever was the day before, the share that was there on the day."""

    name = "retention_1d"
    title = "Retention after 1 day"
    measure = Percent(Returned(1), CameFirst(1))


class WeekRetention(_Retention):
    """Of those whose first event ever was 7 days before, the share that was there on the day."""

    name = "retention_7d"
    title = "Retention after 7 days"
    measure = Percent(Returned(7), CameFirst(7))


class MonthRetention(_Retention):
    """Of those whose first event ever was 30 days before, the share that was there on the day."""

    name = "retention_30d"
    title = "Retention after 30 days"
    measure = Percent(Returned(30), CameFirst(30))


class AverageSessionLength(KPI):
    """Mean time from the first to the last event of the sessions that began on the day."""

    name = "avg_session_length_seconds"
    title = "Average session"
    category = "engagement"
    unit = Unit.SECONDS
    minimum_sample = 20
    measure = Quotient(SessionSeconds(), Sessions())


class ConversionRate(KPI):
    """Of the people who viewed a meetup in the last 30 days, those who in that time requested, paid and attended after
    it, in this order. Steps that the project does not have are passed over."""

    name = "conversion_rate"
    title = "Conversion rate"
    category = "conversion"
    unit = Unit.PERCENT
    minimum_sample = 20
    measure = Percent(
        Converted(Known.VIEWED, Known.REQUESTED, Known.PAID, Known.ATTENDED, days=30),
        Persons(Known.VIEWED, days=30),
    )


class DailyRevenue(KPI):
    """The sum of revenue_impact over the events of the day, refunds taken off."""

    name = "revenue"
    title = "Revenue"
    category = "revenue"
    unit = Unit.MONEY
    dimensions = (_DEVICE,)
    tree = "revenue"
    measure = Revenue()


class RevenuePerUser(KPI):
    """Revenue of the day over its active users."""

    name = "revenue_per_user"
    title = "Revenue per user"
    category = "revenue"
    unit = Unit.MONEY
    tree = "revenue"
    measure = Quotient(Revenue(), Persons())


METRICS = (
    DailyActiveUsers,
    WeeklyActiveUsers,
    MonthlyActiveUsers,
    NextDayRetention,
    WeekRetention,
    MonthRetention,
    AverageSessionLength,
    ConversionRate,
    DailyRevenue,
    RevenuePerUser,
)
