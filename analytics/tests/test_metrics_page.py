"""The page of metrics: cards, one metric, its settings and alerts, with the values of the API."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client

from analytics import clock
from analytics.dashboard import wording
from analytics.metrics import MetricsProcessor
from analytics.models import Alert, BusinessMetric, MetricSetting
from analytics.reports import alerts, metrics
from analytics.tasks import process_daily_metrics_calculation
from analytics.tests.cast import LakeTestCase, alice, sam_the_staff
from analytics.tests.population import load
from analytics.tests.test_metrics import NOW, TODAY, happened
from analytics.tests.test_people_page import client_of, grant

PAGE = "/dashboard/metrics/"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
FAILED = "payment_failure_rate"


class MetricsCase(LakeTestCase):
    """Two days of payments, of which the whole one is critical."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOW))
        self.enterContext(self.settings(ANALYTICS_TIME_ZONE="UTC"))
        load([
            *(happened("seen", f"p{n}", days) for n in range(4) for days in (0, 1, 2)),
            *(happened("payment_failed", f"p{n}", 1, 10) for n in range(20)),
            *(happened("payment_succeeded", f"p{n}", 1, 11, revenue_impact=5) for n in range(10)),
        ])  # fmt: skip
        MetricsProcessor.backfill(TODAY - timedelta(days=2), TODAY)
        process_daily_metrics_calculation()
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.client = client_of(self.root)

    def text(self, path: str, **query: Any) -> str:
        answer = self.client.get(path, query)
        self.assertEqual(answer.status_code, 200, answer.content[:500])
        return answer.content.decode()

    def card(self, page: str, name: str) -> str:
        found = re.search(rf'<li class="panel metric-card" id="metric-{name}">.*?</li>', page, re.DOTALL)
        assert found is not None, name
        return found[0]


class CardsTest(MetricsCase):
    def test_every_metric_has_a_card_with_the_values_of_the_api(self) -> None:
        page = self.text(f"{PAGE}data/")
        for metric in metrics.list_metrics():
            card = self.card(page, metric["name"])
            self.assertIn(f"metric={metric['name']}", card)
            closed = metric["last_closed"]
            value = "–" if closed is None else wording.measured(closed["value"], metric["unit"])  # noqa: RUF001
            self.assertRegex(card, rf'class="value[^"]*">{re.escape(value)}<', metric["name"])
            if metric["is_open"]:
                today = wording.measured(metric["value"], metric["unit"])
                self.assertIn(f"Today so far: {today}", card)

    def test_a_state_is_told_by_a_word_and_a_sign(self) -> None:
        page = self.text(f"{PAGE}data/")
        self.assertRegex(self.card(page, FAILED), r'standing critical"><svg[^>]*>.*?</svg>Critical')
        self.assertIn("No threshold", self.card(page, "daily_active_users"))
        self.assertIn("Too few to judge", self.card(page, "retention_1d"))
        self.assertIn("No data", self.card(page, "login_failure_rate"))

    def test_the_spark_has_a_dashed_end_while_the_day_goes_on(self) -> None:
        card = self.card(self.text(f"{PAGE}data/"), "daily_active_users")
        self.assertIn('class="spark-open"', card)
        self.assertNotIn("style=", card)

    def test_open_alerts_stand_above_and_can_be_handled(self) -> None:
        page = self.text(f"{PAGE}data/")
        self.assertIn("66.7% on May 30, 2026, threshold 25.0%", page)
        self.assertIn('value="acknowledge"', page)

    def test_without_any_value_it_says_when_there_will_be_one(self) -> None:
        BusinessMetric.objects.all().delete()
        Alert.objects.all().delete()
        self.assertIn("No metric has been worked out yet", self.text(f"{PAGE}data/"))

    def test_the_number_of_queries_does_not_grow_with_the_data(self) -> None:
        # session, user, settings, newest rows, newest closed ones, alerts, lines
        with self.assertNumQueries(7):
            self.text(f"{PAGE}data/")
        MetricsProcessor.backfill(TODAY - timedelta(days=20), TODAY)
        for number in range(10):
            Alert.objects.create(
                metric_name=f"m{number}", level="warning", value=1, threshold=2, period_start=NOW,
                opened_at=NOW, last_seen_at=NOW,
            )  # fmt: skip
        with self.assertNumQueries(7):
            self.text(f"{PAGE}data/")

    def test_the_overview_leads_here(self) -> None:
        page = self.text("/dashboard/overview/data/")
        self.assertIn(f'href="{PAGE}?metric={FAILED}"', page)


class OneTest(MetricsCase):
    def test_the_history_is_that_of_the_api_with_its_limits(self) -> None:
        page = self.text(f"{PAGE}data/", metric=FAILED, days=30)
        found = re.search(r'<script id="history-data" type="application/json">(.*?)</script>', page)
        assert found is not None
        data = json.loads(found[1])
        api = metrics.history_of(FAILED, TODAY - timedelta(days=29), TODAY)
        self.assertEqual(data["lines"][0]["values"], [point["value"] for point in api["history"]])
        limits = {one["name"]: one["value"] for one in data["limits"]}
        self.assertEqual(limits, {"warning": 10, "critical": 25})
        recipe = "(events payment_failed) ÷ (events payment_failed, payment_succeeded) × 100"  # noqa: RUF001
        self.assertIn(recipe, page)

    def test_every_metric_can_be_opened_and_says_what_it_is_worked_out_of(self) -> None:
        for metric in metrics.list_metrics():
            page = self.text(f"{PAGE}data/", metric=metric["name"])
            self.assertIn("Worked out of", page)
            self.assertNotIn("object at 0x", page)

    def test_parts_by_a_dimension_stand_beside_each_other(self) -> None:
        load([happened("seen", f"q{n}", 1, 12, device_type="mobile") for n in range(3)])
        MetricsProcessor.backfill(TODAY - timedelta(days=2), TODAY)
        page = self.text(f"{PAGE}data/", metric="daily_active_users", by="device_type")
        self.assertIn("mobile", page)
        self.assertIn('id="parts-data"', page)

    def test_the_driver_tree_sums_up_in_bars_and_words(self) -> None:
        page = self.text(f"{PAGE}drivers/", metric="daily_active_users")
        api = metrics.explain("daily_active_users", None, None)
        self.assertIn(f"from {api['previous_value']:.0f} to {api['value']:.0f}", page)
        self.assertIn("People who came for the first time", page)
        values = re.findall(r'<span class="number">([^<]+)</span>', page)
        signed = [float(value.replace("−", "-").replace(",", "")) for value in values]  # noqa: RUF001
        self.assertEqual(sum(signed[:-1]), signed[-1])

    def test_a_metric_without_a_tree_says_so_in_its_place(self) -> None:
        answer = self.client.get(f"{PAGE}drivers/", {"metric": "error_rate"})
        self.assertEqual((answer.status_code, answer["X-Analytics-Panel"]), (400, "1"))

    def test_an_unknown_metric_is_a_panel(self) -> None:
        answer = self.client.get(f"{PAGE}data/", {"metric": HOSTILE})
        self.assertEqual(answer.status_code, 404)
        self.assertNotIn("<script>alert", answer.content.decode())
        self.assertEqual(self.client.get(PAGE, {"metric": HOSTILE}).status_code, 200)

    def test_hostile_parameters_never_break_it(self) -> None:
        for query in (
            "metric=%00", f"metric={FAILED}&days=0", f"metric={FAILED}&days=999999", f"metric={FAILED}&days=x",
            f"metric={FAILED}&from=0001-01-01&to=9999-12-31", f"metric={FAILED}&from=2026-05-02&to=2026-05-01",
            f"metric={FAILED}&by=city", f"metric={FAILED}&by=%00", f"metric={FAILED}&from=<script>&to=1",
        ):  # fmt: skip
            answer = self.client.get(f"{PAGE}data/?{query}")
            self.assertIn(answer.status_code, (400, 404), query)
            self.assertEqual(self.client.get(f"{PAGE}?{query}").status_code, 200, query)
            self.assertIn(self.client.get(f"{PAGE}drivers/?{query}").status_code, (200, 400, 404), query)

    def test_an_owner_with_markup_stays_text(self) -> None:
        MetricSetting.objects.create(metric_name=FAILED, owner=HOSTILE)
        page = self.text(f"{PAGE}data/", metric=FAILED)
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(1)", page)


class ActsTest(MetricsCase):
    def decide(self, client: Client | None = None, **fields: str) -> Any:
        return (client or self.client).post(f"{PAGE}decide/", {"metric": FAILED, **fields})

    def test_a_threshold_is_set_and_given_back(self) -> None:
        answer = self.decide(warning_threshold="12.5", critical_threshold="40", owner="payments", mute="7")
        self.assertRedirects(
            answer, f"{PAGE}?metric={FAILED}", status_code=303, fetch_redirect_response=False
        )
        found = metrics.history_of(FAILED, None, None)
        self.assertEqual((found["warning_threshold"], found["critical_threshold"]), (12.5, 40.0))
        self.assertEqual((found["owner"], found["muted_until"]), ("payments", NOW + timedelta(days=7)))
        self.assertIn('value="12.5"', self.text(f"{PAGE}data/", metric=FAILED))
        self.decide(mute="end")
        found = metrics.history_of(FAILED, None, None)
        self.assertEqual((found["warning_threshold"], found["owner"], found["muted_until"]), (10.0, "", None))

    def test_what_is_not_right_is_said_and_changes_nothing(self) -> None:
        for fields in (
            {"warning_threshold": "nan"}, {"critical_threshold": "1e99"}, {"target_value": HOSTILE},
            {"warning_threshold": "50", "critical_threshold": "20"}, {"mute": "900"}, {"owner": "x" * 200},
        ):  # fmt: skip
            self.assertEqual(self.decide(**fields).status_code, 303)
            self.assertIn('class="error"', self.text(PAGE), fields)
        self.assertEqual(metrics.history_of(FAILED, None, None)["warning_threshold"], 10.0)

    def test_an_alert_is_acknowledged_muted_and_both_taken_back(self) -> None:
        alert = Alert.objects.get()
        for act, seen in (
            ("acknowledge", (True, False)), ("mute", (True, True)), ("take_back", (False, True)),
            ("unmute", (False, False)),
        ):  # fmt: skip
            self.client.post(f"{PAGE}alerts/{alert.uuid}/", {"act": act, "metric": FAILED})
            found = alerts.list_alerts()[0]
            now = (found["acknowledged_at"] is not None, found["muted_until"] is not None)
            self.assertEqual(now, seen, act)
        self.client.post(f"{PAGE}alerts/{alert.uuid}/", {"act": "delete"})
        self.client.post(f"{PAGE}alerts/{uuid4()}/", {"act": "mute"})
        self.assertEqual(self.text(PAGE).count('class="error"'), 2)

    def test_acts_need_the_right_and_a_token(self) -> None:
        alert = Alert.objects.get()
        paths = (f"{PAGE}decide/", f"{PAGE}alerts/{alert.uuid}/")
        sam = sam_the_staff()
        for path in paths:
            self.assertEqual(client_of(sam).post(path, {"act": "mute", "metric": FAILED}).status_code, 403)
            checked = client_of(self.root, checks_csrf=True)
            self.assertEqual(checked.post(path, {"act": "mute", "metric": FAILED}).status_code, 403)
            self.assertEqual(self.client.get(path).status_code, 405)
        page = client_of(sam).get(f"{PAGE}data/", {"metric": FAILED}).content.decode()
        self.assertNotIn("<form", page)
        able = client_of(grant(sam, "change_metricsetting", "change_alert"))
        self.assertIn('value="acknowledge"', able.get(f"{PAGE}data/", {"metric": FAILED}).content.decode())
        self.assertEqual(self.decide(able, warning_threshold="11").status_code, 303)
        self.assertEqual(metrics.history_of(FAILED, None, None)["warning_threshold"], 11.0)

    def test_only_staff_come_in(self) -> None:
        alert = Alert.objects.get()
        for client in (Client(), client_of(alice())):
            for path in (PAGE, f"{PAGE}data/", f"{PAGE}drivers/"):
                self.assertTrue(client.get(path)["Location"].startswith("/admin/login/"), path)
            for path in (f"{PAGE}decide/", f"{PAGE}alerts/{alert.uuid}/"):
                self.assertEqual(client.post(path).status_code, 302)
