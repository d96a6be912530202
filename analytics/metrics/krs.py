"""Key results: growth by the month, and what gets done of what was begun."""

from __future__ import annotations

from analytics.event_names import Known
from analytics.metrics.measures import Converted, Count, Growth, Percent, Persons, Revenue, Trailing
from analytics.metrics.metric import KR
from analytics.metrics.units import Unit

_MONTH_DAYS = 30


class EventCreationGrowth(KR):
    """Meetups made in the last 30 days, compared with the 30 days before."""

    name = "event_creation_growth"
    title = "Growth of meetups made"
    category = "supply"
    unit = Unit.PERCENT
    target = 5.0
    minimum_sample = 20
    measure = Growth(Count(Known.CREATED), _MONTH_DAYS)


class PurchaseSuccessRate(KR):
    """Payments that succeeded, of all that were tried in the last 30 days."""

    name = "purchase_success_rate"
    title = "Purchase success rate"
    category = "payments"
    unit = Unit.PERCENT
    target = 95.0
    minimum_sample = 20
    measure = Percent(
        Trailing(Count(Known.PAID), _MONTH_DAYS),
        Trailing(Count(Known.PAID, Known.PAYMENT_FAILED), _MONTH_DAYS),
    )


class VerificationCompletionRate(KR):
    """Of the people who signed up in the last 30 days, those who were verified after it."""

    name = "verification_completion_rate"
    title = "Verification completion rate"
    category = "activation"
    unit = Unit.PERCENT
    target = 80.0
    minimum_sample = 20
    measure = Percent(
        Converted(Known.SIGNED_UP, Known.VERIFIED, days=_MONTH_DAYS),
        Persons(Known.SIGNED_UP, days=_MONTH_DAYS),
    )


class RevenueGrowth(KR):
    """Revenue of the last 30 days, compared with the 30 days before."""

    name = "revenue_growth"
    title = "Revenue growth"
    category = "revenue"
    unit = Unit.PERCENT
    target = 5.0
    measure = Growth(Revenue(), _MONTH_DAYS)


METRICS = (EventCreationGrowth, PurchaseSuccessRate, VerificationCompletionRate, RevenueGrowth)
