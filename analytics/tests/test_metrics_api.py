"""Metrics and alerts over HTTP, on both servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from analytics import clock
from analytics.metrics import MetricsProcessor
from analytics.models import Alert, AlertTarget, MetricSetting, OutboxMessage
from analytics.tasks import process_daily_metrics_calculation, send_daily_summary
from analytics.tests.population import load
from analytics.tests.servers import ServersTestCase
from analytics.tests.test_metrics import NOW, TODAY, happened

PREFIX = "/api/analytics"


class MetricsApiTest(ServersTestCase):
    """One case for both."""

    def everywhere(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Iterator[Any]:
        """What each server answers to a member of staff."""
        for call in self.servers():
            found = call(method, path, body=body, user=self.sam)
            self.assertEqual(found.status, status, found.body)
            yield found.body

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOW))
        self.enterContext(self.settings(ANALYTICS_TIME_ZONE="UTC"))
        load([
            *(happened("seen", f"p{n}", days) for n in range(4) for days in (0, 1, 2)),
            *(happened("payment_failed", f"p{n}", 1, 10) for n in range(20)),
            *(happened("payment_succeeded", f"p{n}", 1, 11, revenue_impact=5) for n in range(10)),
        ])  # fmt: skip

    def test_calculating_gives_every_metric_and_what_is_wrong(self) -> None:
        MetricsProcessor.backfill(TODAY - timedelta(days=2), TODAY)
        for found in self.everywhere("POST", f"{PREFIX}/metrics/calculate", {"date": "2026-05-30"}):
            self.assertEqual(found["kpis"]["revenue"]["value"], 50.0)
            self.assertAlmostEqual(found["kris"]["payment_failure_rate"]["value"], 66.6667)
            self.assertEqual(found["kris"]["payment_failure_rate"]["state"], "critical")
            self.assertEqual((found["alert_count"], found["status"]), (1, "completed"))
            self.assertEqual(found["alerts"][0]["metric_name"], "payment_failure_rate")

    def test_only_the_types_that_are_asked_for(self) -> None:
        body = {"date": "2026-05-30", "metric_types": ["kri"]}
        for found in self.everywhere("POST", f"{PREFIX}/metrics/calculate", body):
            self.assertEqual((found["kpis"], found["krs"]), ({}, {}))
            self.assertEqual(len(found["kris"]), 6)

    def test_the_list_has_definition_newest_value_and_the_last_whole_day(self) -> None:
        MetricsProcessor.process_daily_metrics()
        for found in self.everywhere("GET", f"{PREFIX}/metrics"):
            metrics = {metric["name"]: metric for metric in found["metrics"]}
            self.assertEqual(len(metrics), 20)
            active = metrics["daily_active_users"]
            self.assertEqual((active["value"], active["is_open"], active["state"]), (4.0, True, "open"))
            self.assertEqual((active["last_closed"]["value"], active["last_closed"]["state"]), (20.0, "ok"))
            self.assertEqual(metrics["purchase_success_rate"]["target_value"], 95.0)
            self.assertFalse(metrics["purchase_success_rate"]["has_met_target"])

    def test_a_history_with_its_alerts_and_parts(self) -> None:
        process_daily_metrics_calculation()
        for found in self.everywhere("GET", f"{PREFIX}/metrics/payment_failure_rate?date_from=2026-05-01"):
            self.assertEqual([point["state"] for point in found["history"]], ["critical"])
            self.assertEqual([alert["level"] for alert in found["alerts"]], ["critical"])
        for found in self.everywhere("GET", f"{PREFIX}/metrics/revenue?dimension=device_type"):
            self.assertEqual(found["parts"], [])

    def test_drivers_sum_up(self) -> None:
        question = "date_from=2026-05-30&date_to=2026-05-30"
        for name in ("revenue", "daily_active_users"):
            for found in self.everywhere("GET", f"{PREFIX}/metrics/{name}/drivers?{question}"):
                parts = sum(driver["contribution"] for driver in found["drivers"])
                self.assertAlmostEqual(parts, found["change"], 9)
                self.assertIn("select", found["proof"]["sql"].lower())

    def test_a_decision_holds_and_is_taken_back(self) -> None:
        path = f"{PREFIX}/metrics/daily_active_users"
        for found in self.everywhere("PATCH", path, {"warning_threshold": 50, "owner": "growth"}):
            self.assertEqual((found["warning_threshold"], found["owner"]), (50.0, "growth"))
        for found in self.everywhere("PATCH", path, {"warning_threshold": None}):
            self.assertEqual((found["warning_threshold"], found["owner"]), (None, "growth"))

    def test_thresholds_that_contradict_each_other_are_refused(self) -> None:
        body = {"warning_threshold": 10, "critical_threshold": 20}
        for found in self.everywhere("PATCH", f"{PREFIX}/metrics/daily_active_users", body, status=400):
            self.assertIn("is to lie below the warning", found["detail"])
        self.assertFalse(MetricSetting.objects.exclude(warning_threshold=None).exists())

    def test_bad_questions_are_named(self) -> None:
        cases = (
            ("GET", "/metrics/nothing", None, 404),
            ("GET", "/metrics/revenue?dimension=city", None, 400),
            ("GET", "/metrics/revenue?date_from=2026-05-02&date_to=2026-05-01", None, 400),
            ("GET", "/metrics/error_rate/drivers", None, 400),
            ("POST", "/metrics/calculate", {"date": "2030-01-01"}, 400),
            ("PATCH", "/alerts/6f1f0a5e-3f0b-4a53-8f0e-0a4f3f0b8c11", {"acknowledged": True}, 404),
        )
        for method, path, body, status in cases:
            with self.subTest(path):
                for found in self.everywhere(method, PREFIX + path, body, status=status):
                    self.assertTrue(found["detail"])

    def test_an_alert_is_acknowledged_and_muted(self) -> None:
        process_daily_metrics_calculation()
        uuid = Alert.objects.get().uuid
        until = "2026-06-01T08:00:00Z"
        for found in self.everywhere(
            "PATCH", f"{PREFIX}/alerts/{uuid}", {"acknowledged": True, "muted_until": until}
        ):
            self.assertEqual(
                (found["acknowledged_at"], found["muted_until"]), ("2026-05-31T12:00:00Z", until)
            )
        for found in self.everywhere("PATCH", f"{PREFIX}/alerts/{uuid}", {"acknowledged": False}):
            self.assertEqual((found["acknowledged_at"], found["muted_until"]), (None, until))
        for found in self.everywhere("GET", f"{PREFIX}/alerts?state=open"):
            self.assertEqual([alert["uuid"] for alert in found["alerts"]], [str(uuid)])

    def test_open_alerts_are_in_the_overview(self) -> None:
        process_daily_metrics_calculation()
        for found in self.everywhere("GET", f"{PREFIX}/overview"):
            self.assertEqual([alert["metric_name"] for alert in found["alerts"]], ["payment_failure_rate"])


class MetricsTasksTest(ServersTestCase):
    """The tasks of the specification."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOW))
        self.enterContext(self.settings(ANALYTICS_TIME_ZONE="UTC"))

    def test_the_task_gives_plain_values(self) -> None:
        load([*(happened("payment_failed", f"p{n}", 1) for n in range(20))])
        found: Any = process_daily_metrics_calculation()
        self.assertEqual((found["date"], found["metrics_processed"]), ("2026-05-31", 20))
        self.assertEqual(found["alerts_triggered"], 1)
        json.dumps(found)

    def test_the_summary_of_a_day_goes_out_once(self) -> None:
        load([happened("seen", "ann", 1)])
        MetricsProcessor.process_daily_metrics()
        AlertTarget.objects.create(name="team", kind="email", address="t@example.org", wants_summary=True)
        self.assertEqual([send_daily_summary()["queued"] for _ in range(2)], [1, 0])
        payload = OutboxMessage.objects.get().payload
        self.assertEqual(payload["title"], "Summary of 2026-05-30")
        self.assertIn(["Daily active users", "1"], [fact[:2] for fact in payload["facts"]])

    def test_a_day_without_anything_is_no_summary(self) -> None:
        AlertTarget.objects.create(name="team", kind="email", address="t@example.org", wants_summary=True)
        self.assertEqual(send_daily_summary()["queued"], 0)
