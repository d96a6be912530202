"""Metrics, insights, anomalies, sentiment, personas and models in the dashboard: who comes in, figures, acts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.dashboard import wording
from analytics.metrics import MetricsProcessor
from analytics.models import AIInsight, Alert, MetricSetting, PredictionModel, UserEvent
from analytics.reports import metrics as report
from analytics.tests.cast import alice
from analytics.tests.population import load
from analytics.tests.test_metrics import NOW, TODAY, MetricsCase, happened
from analytics.tests.test_people_page import HOSTILE, client_of, grant

PAGES = ("metrics", "insights", "anomalies", "sentiment", "personas", "models")
NAMES = [f"{page}_{part}" for page in PAGES for part in ("page", "data")] + [
    "metrics_drivers", "sentiment_texts", "sentiment_outcomes",
]  # fmt: skip


class UnderstandCase(MetricsCase):
    """A product with some days of events, texts of people, an alert and an insight."""

    def setUp(self) -> None:
        super().setUp()
        load([
            *(happened("seen", f"p{n}", days) for n in range(30) for days in (0, 1, 2, 3)),
            *(happened("payment_failed", f"p{n}", 1, 10) for n in range(20)),
            *(happened("payment_succeeded", f"p{n}", 1, 11, revenue_impact=5) for n in range(10)),
        ])  # fmt: skip
        MetricsProcessor.backfill(TODAY - timedelta(days=10), TODAY)
        MetricsProcessor.check_alert_thresholds()
        self.insight = AIInsight.objects.create(
            insight_type="trend", title=HOSTILE, description=HOSTILE, confidence_score=0.8, priority="high",
            evidence={"analysis": HOSTILE, "parameters": {HOSTILE: HOSTILE}}, suggested_actions=[HOSTILE],
        )  # fmt: skip
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.client = client_of(self.root)

    def text(self, name: str, **query: Any) -> str:
        answer = self.client.get(reverse(f"analytics:{name}"), query)
        self.assertEqual(answer.status_code, 200, (name, query))
        return answer.content.decode()


class PagesTest(UnderstandCase):
    def test_staff_see_each_and_others_are_sent_to_the_login(self) -> None:
        others = (Client(), client_of(alice()))
        for name in NAMES:
            query = {"metric": "revenue"} if name == "metrics_drivers" else {}
            with self.subTest(name):
                self.text(name, **query)
                for other in others:
                    answer = other.get(reverse(f"analytics:{name}"), query)
                    self.assertEqual(answer.status_code, 302)

    def test_no_address_is_an_error_of_ours(self) -> None:
        values = ("x", "-1", "99999999999999999999", "\0", "2026-99-99", HOSTILE, "é" * 500)
        keys = (
            "metric",
            "days",
            "from",
            "to",
            "method",
            "sensitivity",
            "type",
            "status",
            "priority",
            "dimension",
        )
        for name in NAMES:
            for key in keys:
                for value in values:
                    with self.subTest(name, key=key, value=value[:20]):
                        answer = self.client.get(reverse(f"analytics:{name}"), {key: value})
                        self.assertLess(answer.status_code, 500)

    def test_hostile_text_is_text(self) -> None:
        UserEvent.objects.filter(event_name="seen").update(
            metadata={"message": HOSTILE}, sentiment_score=-0.9, event_name=HOSTILE[:100]
        )
        for name in NAMES:
            with self.subTest(name):
                self.assertNotIn("<script>alert", self.text(name, metric="revenue"))


class MetricsPageTest(UnderstandCase):
    def test_cards_have_the_values_of_the_api(self) -> None:
        page = self.text("metrics_data")
        for metric in report.list_metrics():
            self.assertIn(metric["title"], page)
            closed = metric["last_closed"]
            if closed is not None:
                self.assertIn(wording.measured(closed["value"], metric["unit"]), page)

    def test_one_metric_has_its_history_and_its_alerts(self) -> None:
        page = self.text("metrics_data", metric="payment_failure_rate")
        self.assertIn("66.7%", page)
        self.assertIn("Critical", page)

    def test_drivers_are_told_with_their_contributions(self) -> None:
        page = self.text("metrics_drivers", metric="revenue")
        self.assertIn("50.00", page)

    def test_thresholds_are_kept_by_those_who_may(self) -> None:
        url = reverse("analytics:metrics_decide")
        given = {"metric": "daily_active_users", "warning_threshold": "50", "critical_threshold": "10"}
        viewer = User.objects.create_user("viewer", password="viewer-password-1", is_staff=True)
        self.assertEqual(client_of(viewer).post(url, given).status_code, 403)
        self.assertEqual(client_of(self.root, checks_csrf=True).post(url, given).status_code, 403)
        self.assertEqual(MetricSetting.objects.count(), 0)
        self.client.post(url, given)
        setting = MetricSetting.objects.get()
        self.assertEqual((setting.warning_threshold, setting.critical_threshold), (50, 10))

    def test_an_alert_is_acknowledged_and_muted(self) -> None:
        alert = Alert.objects.get()
        url = reverse("analytics:metrics_alert", kwargs={"alert": alert.uuid})
        acting = grant(
            User.objects.create_user("sue", password="sue-password-12", is_staff=True), "change_alert"
        )
        client_of(acting).post(url, {"act": "acknowledge"})
        client_of(acting).post(url, {"act": "mute", "days": "1"})
        alert.refresh_from_db()
        self.assertEqual((alert.acknowledged_by_id, alert.muted_until), (acting.pk, NOW + timedelta(days=1)))


class InsightsPageTest(UnderstandCase):
    def test_a_verdict_is_given_without_leaving_the_page(self) -> None:
        url = reverse("analytics:insight_verdict", kwargs={"insight": self.insight.uuid})
        answer = self.client.post(
            url, {"status": "validated", "notes": "true"}, headers={"HX-Request": "true"}
        )
        self.assertContains(answer, "true")
        self.insight.refresh_from_db()
        self.assertEqual((self.insight.status, self.insight.validation_notes), ("validated", "true"))

    def test_a_verdict_needs_the_right(self) -> None:
        viewer = User.objects.create_user("viewer", password="viewer-password-1", is_staff=True)
        url = reverse("analytics:insight_verdict", kwargs={"insight": self.insight.uuid})
        answer = client_of(viewer).post(url, {"status": "validated"}, headers={"HX-Request": "true"})
        self.assertEqual(answer.status_code, 403)
        self.insight.refresh_from_db()
        self.assertEqual(self.insight.status, "pending")


class OtherPagesTest(UnderstandCase):
    def test_a_text_is_tried(self) -> None:
        answer = self.client.post(reverse("analytics:sentiment_try"), {"text": "What a wonderful evening!"})
        self.assertContains(answer, "ositive")

    def test_anomalies_of_every_metric_are_drawn(self) -> None:
        for metric in report.list_metrics():
            with self.subTest(metric["name"]):
                self.text("anomalies_data", metric=metric["name"])

    def test_models_say_how_they_stand(self) -> None:
        self.assertEqual(self.text("models_data").count("Not trained yet"), 3)
        PredictionModel.objects.create(name="churn", status="not_enough_data")
        page = self.text("models_data")
        self.assertEqual(page.count("Not trained yet"), 2)
        self.assertIn("Not enough data", page)
