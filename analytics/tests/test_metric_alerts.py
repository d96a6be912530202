"""Alerts of metrics: opened once, escalated, ended with a margin, muted, acknowledged, told once to each target."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

from django.test import TestCase, override_settings

from analytics import clock
from analytics.metrics import MetricsProcessor, alerts
from analytics.models import Alert, AlertTarget, BusinessMetric, MetricSetting, OutboxMessage

DAY = date(2026, 5, 30)
NOON_AFTER = datetime(2026, 5, 31, 12, tzinfo=UTC)


def keep(name: str, value: float, day: date = DAY, **columns: Any) -> BusinessMetric:
    """A row of a day, over the one that is there."""
    starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    place = {"metric_name": name, "period_type": "day", "period_start": starts_at, "dimensions": {}}
    given = {"value": value, "period_end": starts_at + timedelta(days=1), "metric_type": "kri", **columns}
    return BusinessMetric.objects.update_or_create(**place, defaults=given)[0]


def failures(percent: float, day: date = DAY, sample: int = 200) -> BusinessMetric:
    """The payment failure rate of a day: a warning above 10, critical above 25."""
    return keep("payment_failure_rate", percent, day, context={"sample": sample})


@override_settings(ANALYTICS_TIME_ZONE="UTC")
class AlertsCase(TestCase):
    """The day after."""

    def setUp(self) -> None:
        self.enterContext(clock.frozen(NOON_AFTER))
        AlertTarget.objects.create(name="all", kind="email", address="ops@example.org")
        AlertTarget.objects.create(
            name="worst", kind="email", address="boss@example.org", least_level="critical"
        )

    def said(self) -> list[tuple[str, str]]:
        """What was put into the outbox, and for whom."""
        names = {f"target:{target.pk}": target.name for target in AlertTarget.objects.all()}
        return [(names[m.sink], m.payload["change"]) for m in OutboxMessage.objects.order_by("pk")]


class LifeTest(AlertsCase):
    """From its opening to its end."""

    def test_a_good_value_opens_none(self) -> None:
        failures(10)
        self.assertEqual(MetricsProcessor.check_alert_thresholds(), [])

    def test_it_opens_once_and_tells_once(self) -> None:
        failures(12)
        first = MetricsProcessor.check_alert_thresholds()
        again = MetricsProcessor.check_alert_thresholds()
        self.assertEqual(
            [(a["metric_name"], a["level"], a["is_new"]) for a in first],
            [("payment_failure_rate", "warning", True)],
        )
        self.assertEqual([a["is_new"] for a in again], [False])
        self.assertEqual(self.said(), [("all", "opened")])
        self.assertTrue(BusinessMetric.objects.get().is_alert_triggered)

    def test_it_escalates_once_and_then_reaches_those_who_want_the_worst(self) -> None:
        failures(12)
        MetricsProcessor.check_alert_thresholds()
        failures(30)
        for _ in range(2):
            self.assertEqual(MetricsProcessor.check_alert_thresholds()[0]["level"], "critical")
        self.assertEqual(self.said(), [("all", "opened"), ("all", "escalated"), ("worst", "escalated")])
        self.assertEqual(Alert.objects.count(), 1)

    def test_it_ends_only_when_the_value_is_well_back(self) -> None:
        failures(12)
        MetricsProcessor.check_alert_thresholds()
        failures(9.9)
        self.assertEqual(len(MetricsProcessor.check_alert_thresholds()), 1)
        failures(9.5)
        self.assertEqual(MetricsProcessor.check_alert_thresholds(), [])
        self.assertEqual(self.said(), [("all", "opened"), ("all", "resolved")])
        self.assertEqual(Alert.objects.get().resolved_at, NOON_AFTER)

    def test_a_new_alert_opens_after_one_that_ended(self) -> None:
        for percent in (12, 1, 12):
            failures(percent)
            MetricsProcessor.check_alert_thresholds()
        self.assertEqual(sorted(Alert.objects.values_list("state", flat=True)), ["open", "resolved"])

    def test_an_answer_is_plain_values(self) -> None:
        import json

        failures(12)
        json.dumps(MetricsProcessor.check_alert_thresholds())

    def test_the_message_names_value_threshold_and_day(self) -> None:
        failures(12)
        with override_settings(ANALYTICS_PUBLIC_URL="https://loopin.example.org/"):
            MetricsProcessor.check_alert_thresholds()
        payload = OutboxMessage.objects.get().payload
        self.assertEqual(payload["title"], "Payment failure rate is warning: 12.0 %")
        self.assertIn(["Expected at most", "10.0 %"], payload["facts"])
        self.assertIn(["Day", "2026-05-30"], payload["facts"])
        self.assertEqual(
            payload["link"], "https://loopin.example.org/dashboard/metrics/?metric=payment_failure_rate"
        )

    def test_nobody_hears_of_what_was_rolled_back(self) -> None:
        failures(12)
        with (
            mock.patch("analytics.metrics.alerts.messages.tell", side_effect=RuntimeError),
            self.assertRaises(RuntimeError),
        ):
            MetricsProcessor.check_alert_thresholds()
        self.assertEqual(Alert.objects.count(), 0)


class JudgedTest(AlertsCase):
    """Which row decides."""

    def test_too_few_observations_are_not_judged(self) -> None:
        failures(100, sample=3)
        self.assertEqual(MetricsProcessor.check_alert_thresholds(), [])

    def test_a_rate_is_judged_before_its_day_has_ended(self) -> None:
        failures(30, day=DAY + timedelta(days=1))
        self.assertEqual(MetricsProcessor.check_alert_thresholds()[0]["level"], "critical")

    def test_a_count_is_not(self) -> None:
        MetricSetting.objects.create(metric_name="daily_active_users", warning_threshold=50)
        keep("daily_active_users", 60)
        keep("daily_active_users", 3, DAY + timedelta(days=1))
        self.assertEqual(MetricsProcessor.check_alert_thresholds(), [])

    def test_rows_of_last_week_say_nothing_about_today(self) -> None:
        failures(90, day=DAY - timedelta(days=7))
        self.assertEqual(MetricsProcessor.check_alert_thresholds(), [])

    def test_people_set_thresholds(self) -> None:
        MetricSetting.objects.create(
            metric_name="daily_active_users", warning_threshold=50, critical_threshold=10
        )
        keep("daily_active_users", 49)
        found = MetricsProcessor.check_alert_thresholds()
        self.assertEqual((found[0]["level"], found[0]["threshold"]), ("warning", 50.0))

    def test_a_row_of_no_declared_metric_is_held_against_its_own_thresholds(self) -> None:
        keep("queue_length", 8, warning_threshold=5, critical_threshold=20)
        keep("stock", 2, warning_threshold=5, critical_threshold=3)
        levels = {a["metric_name"]: a["level"] for a in MetricsProcessor.check_alert_thresholds()}
        self.assertEqual(levels, {"queue_length": "warning", "stock": "critical"})


class SilenceTest(AlertsCase):
    """Muting and acknowledging."""

    def test_a_muted_metric_changes_and_tells_nobody(self) -> None:
        MetricSetting.objects.create(
            metric_name="payment_failure_rate", muted_until=NOON_AFTER + timedelta(hours=1)
        )
        failures(12)
        self.assertEqual(len(MetricsProcessor.check_alert_thresholds()), 1)
        self.assertEqual(self.said(), [])

    def test_a_mute_ends(self) -> None:
        MetricSetting.objects.create(metric_name="payment_failure_rate", muted_until=NOON_AFTER)
        failures(12)
        MetricsProcessor.check_alert_thresholds()
        self.assertEqual(self.said(), [("all", "opened")])

    def test_a_muted_alert_still_gets_worse_and_tells_nobody(self) -> None:
        failures(12)
        MetricsProcessor.check_alert_thresholds()
        Alert.objects.update(muted_until=NOON_AFTER + timedelta(hours=1))
        failures(30)
        found = MetricsProcessor.check_alert_thresholds()
        self.assertEqual((found[0]["level"], found[0]["is_muted"]), ("critical", True))
        self.assertEqual(self.said(), [("all", "opened")])

    def test_a_target_that_is_switched_off_hears_nothing(self) -> None:
        AlertTarget.objects.update(is_enabled=False)
        failures(30)
        MetricsProcessor.check_alert_thresholds()
        self.assertEqual(OutboxMessage.objects.count(), 0)


class AnomalyTest(AlertsCase):
    """Alerts of what is unusual, whatever the thresholds."""

    def _finding(self, day: date = DAY, **given: Any) -> dict[str, Any]:
        return {
            "metric": keep("revenue", 3, day), "is_alarm": True, "severity": "high", "actual_value": 3.0,
            "lower": 40.0, "upper": 90.0, "direction": "down", "interval": "day",
            "period_start": datetime(day.year, day.month, day.day, tzinfo=UTC), **given,
        }  # fmt: skip

    def test_what_is_unusual_now_opens_one_and_its_end_ends_it(self) -> None:
        self.assertEqual(alerts.check_anomalies([self._finding()]), 1)
        self.assertEqual(alerts.check_anomalies([self._finding(is_alarm=False)]), 0)  # it goes on
        alerts.check_anomalies([])
        alert = Alert.objects.get()
        self.assertEqual((alert.state, alert.level, float(alert.threshold)), ("resolved", "critical", 40.0))
        told = [("all", "opened"), ("worst", "opened"), ("all", "resolved"), ("worst", "resolved")]
        self.assertEqual(self.said(), told)

    def test_what_was_unusual_days_ago_opens_none(self) -> None:
        old = DAY - timedelta(days=2)
        self.assertEqual(alerts.check_anomalies([self._finding(old)]), 0)
        self.assertEqual(alerts.check_anomalies([self._finding(old, interval="week")]), 1)

    def test_it_stands_beside_one_of_a_threshold(self) -> None:
        MetricSetting.objects.create(metric_name="revenue", warning_threshold=10)
        alerts.check_anomalies([self._finding()])
        self.assertEqual(len(MetricsProcessor.check_alert_thresholds()), 2)
