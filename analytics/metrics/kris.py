"""Key risk indicators: what fails, what is called off, what is slow, and who is about to leave."""

from __future__ import annotations

from analytics.event_names import Known
from analytics.metrics.measures import Count, Percent, PropertyOf, Trailing
from analytics.metrics.metric import KRI, Snapshot
from analytics.metrics.units import Unit
from analytics.models import UserBehaviorProfile
from analytics.models.choices import EventType

#: The specification's line for an insight about churn.
HIGH_CHURN_RISK = 0.7


class PaymentFailureRate(KRI):
    """Failed payments, of all payments that were tried on the day."""

    name = "payment_failure_rate"
    title = "Payment failure rate"
    category = "payments"
    unit = Unit.PERCENT
    warning = 10.0
    critical = 25.0
    minimum_sample = 20
    is_judged_while_open = True
    measure = Percent(Count(Known.PAYMENT_FAILED), Count(Known.PAYMENT_FAILED, Known.PAID))


class LoginFailureRate(KRI):
    """Failed logins and one-time codes, of all that were tried on the day."""

    name = "login_failure_rate"
    title = "Login failure rate"
    category = "security"
    unit = Unit.PERCENT
    warning = 20.0
    critical = 50.0
    minimum_sample = 20
    is_judged_while_open = True
    measure = Percent(
        Count(Known.LOGIN_FAILED, Known.OTP_FAILED),
        Count(Known.LOGIN_FAILED, Known.OTP_FAILED, Known.LOGIN, Known.OTP_VERIFIED),
    )


class HostCancellationRate(KRI):
    """Meetups that their hosts called off in the last 30 days, over those that were made in them."""

    name = "host_cancellation_rate"
    title = "Host cancellation rate"
    category = "supply"
    unit = Unit.PERCENT
    warning = 15.0
    critical = 30.0
    minimum_sample = 20
    measure = Percent(Trailing(Count(Known.CANCELLED), 30), Trailing(Count(Known.CREATED), 30))


class ErrorRate(KRI):
    """Events of type error, of all events of the day."""

    name = "error_rate"
    title = "Error rate"
    category = "reliability"
    unit = Unit.PERCENT
    warning = 5.0
    critical = 15.0
    minimum_sample = 100
    is_judged_while_open = True
    measure = Percent(Count(event_type=EventType.ERROR), Count())


class ResponseTime(KRI):
    """The response time that 95 of 100 requests of the day stayed below."""

    name = "response_time_p95_ms"
    title = "Response time, 95th percentile"
    category = "reliability"
    unit = Unit.MILLISECONDS
    warning = 1000.0
    critical = 3000.0
    is_judged_while_open = True
    measure = PropertyOf("p95", column="response_time_ms")


class HighChurnRiskUsers(Snapshot, KRI):
    """Users whose risk to leave is above 0.7, as their profiles stand.

    It is read as it is: its past is what was kept day by day.
    """

    name = "high_churn_risk_users"
    title = "Users at high risk to leave"
    category = "retention"
    unit = Unit.PERSONS

    @classmethod
    def read(cls) -> float | None:
        """None before any profile was worked out."""
        if not UserBehaviorProfile.objects.exists():
            return None
        return float(UserBehaviorProfile.objects.filter(churn_risk_score__gt=HIGH_CHURN_RISK).count())


METRICS = (
    PaymentFailureRate,
    LoginFailureRate,
    HostCancellationRate,
    ErrorRate,
    ResponseTime,
    HighChurnRiskUsers,
)
