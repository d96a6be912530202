"""Metrics: a month worked by hand, one row a day whatever runs how often, late events, a project's own metrics."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any
from unittest import mock

from django.test import SimpleTestCase, override_settings

from analytics import clock
from analytics.errors import BadInput, NotFound
from analytics.metrics import KPI, Count, CustomMetric, Dimension, MetricsProcessor, Percent, Unit
from analytics.metrics.registry import all_metrics, find_metric
from analytics.models import BusinessMetric, UserBehaviorProfile
from analytics.store.sealing import seal_all
from analytics.tests.cast import LakeTestCase, alice
from analytics.tests.population import load

TODAY = date(2026, 5, 31)
NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)
NAMES = {
    "kpis": [
        "daily_active_users", "weekly_active_users", "monthly_active_users", "retention_1d", "retention_7d",
        "retention_30d", "avg_session_length_seconds", "conversion_rate", "revenue", "revenue_per_user",
    ],
    "kris": [
        "payment_failure_rate", "login_failure_rate", "host_cancellation_rate", "error_rate",
        "response_time_p95_ms", "high_churn_risk_users",
    ],
    "krs": [
        "event_creation_growth", "purchase_success_rate", "verification_completion_rate", "revenue_growth",
    ],
}  # fmt: skip


def happened(name: str, person: str, days_ago: int, hour: int = 9, **columns: Any) -> dict[str, Any]:
    """An event of a day of May."""
    return {
        "uuid": uuid.uuid4(),
        "distinct_id": person,
        "user_id": None,
        "event_name": name,
        "event_type": "user_action",
        "timestamp": datetime(2026, 5, 31, hour, tzinfo=UTC) - timedelta(days=days_ago),
        "session_id": f"{person} {days_ago}",
        "metadata": "{}",
        "revenue_impact": None,
        "response_time_ms": None,
        "device_type": "",
        **columns,
    }


@override_settings(ANALYTICS_TIME_ZONE="UTC")
class MetricsCase(LakeTestCase):
    """At noon of the last day of May."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOW))

    def value(self, name: str, day: date = TODAY, **dimensions: str) -> float | None:
        """What the row of a day says."""
        row = BusinessMetric.objects.filter(
            metric_name=name, period_start__date=day, dimensions=dimensions
        ).first()
        return None if row is None else float(row.value)


class ByHandTest(MetricsCase):
    """Every built-in metric on a day that one can count."""

    def setUp(self) -> None:
        super().setUp()
        load([
            # ann: the whole way, over three days; bob: looked and paid, but did not attend; cat: looked
            happened("meetup_viewed", "ann", 3), happened("meetup_requested", "ann", 3, 10),
            happened("payment_succeeded", "ann", 2, revenue_impact=Decimal("30.00"), device_type="mobile"),
            happened("meetup_attended", "ann", 0),
            happened("meetup_viewed", "bob", 1), happened("meetup_requested", "bob", 1, 10),
            happened("payment_failed", "bob", 1, 11),
            happened("payment_succeeded", "bob", 0, 9, revenue_impact=Decimal("10.00"), device_type="desktop"),
            happened("payment_failed", "bob", 0, 8),
            happened("meetup_viewed", "cat", 0, 8), happened("meetup_viewed", "cat", 0, 10),
            # creations: one in the 30 days before, three in the last 30; one called off
            happened("meetup_created", "ann", 40), happened("meetup_created", "ann", 20),
            happened("meetup_created", "ann", 2), happened("meetup_created", "ann", 1),
            happened("meetup_cancelled", "ann", 1),
            # revenue of the 30 days before
            happened("payment_succeeded", "ann", 40, revenue_impact=Decimal("20.00"), device_type="mobile"),
            # logins of the day, one of four failed; an error and its slow request
            *(happened("login", "ann", 0, hour) for hour in (1, 2, 3)), happened("login_failed", "dan", 0),
            happened("$exception", "cat", 0, event_type="error"),
            happened("/meetups/", "cat", 0, response_time_ms=100),
            happened("/meetups/", "cat", 0, response_time_ms=300),
            happened("sign_up", "cat", 0, 8), happened("sign_up", "bob", 1, 8), happened("user_verified", "bob", 0),
        ])  # fmt: skip
        self.found = MetricsProcessor.process_daily_metrics(TODAY)

    def _values(self, group: str) -> dict[str, Any]:
        return {name: entry["value"] for name, entry in self.found[group].items()}

    def test_all_metrics_are_there_under_their_names(self) -> None:
        self.assertEqual({group: list(entries) for group, entries in self.found.items()}, NAMES)

    def test_performance(self) -> None:
        values = self._values("kpis")
        self.assertEqual(
            [values[f"{word}_active_users"] for word in ("daily", "weekly", "monthly")], [4, 4, 4]
        )
        self.assertEqual(values["retention_1d"], 100.0)  # bob alone came first yesterday, and is here
        self.assertEqual((values["retention_7d"], values["retention_30d"]), (None, None))
        self.assertAlmostEqual(values["conversion_rate"], 33.3333, 4)  # ann of three who looked
        self.assertEqual((values["revenue"], values["revenue_per_user"]), (10.0, 2.5))
        # ann 1 h to 9 h, bob 8 h to 9 h, cat 8 h to 10 h, dan a moment: sessions of 8, 1, 2 and 0 hours
        self.assertEqual(values["avg_session_length_seconds"], 9900.0)

    def test_risks(self) -> None:
        values = self._values("kris")
        self.assertEqual(values["payment_failure_rate"], 50.0)
        self.assertEqual(values["login_failure_rate"], 25.0)
        self.assertAlmostEqual(values["host_cancellation_rate"], 33.3333, 4)
        self.assertAlmostEqual(values["error_rate"], 100 / 14, 4)
        self.assertEqual(values["response_time_p95_ms"], 290.0)
        self.assertIsNone(values["high_churn_risk_users"])

    def test_results(self) -> None:
        values = self._values("krs")
        self.assertEqual(values["event_creation_growth"], 200.0)
        self.assertEqual(values["purchase_success_rate"], 50.0)
        self.assertEqual(values["verification_completion_rate"], 50.0)
        self.assertEqual(values["revenue_growth"], 100.0)

    def test_a_value_says_how_it_moved(self) -> None:
        entry = self.found["kpis"]["daily_active_users"]
        self.assertEqual((entry["previous_value"], entry["change_percentage"]), (2.0, 100.0))
        self.assertEqual(
            (entry["change_direction"], entry["unit"], entry["is_open"]), ("up", "persons", True)
        )

    def test_parts_by_device(self) -> None:
        self.assertEqual(self.value("revenue", device_type="desktop"), 10.0)
        self.assertEqual(self.value("revenue", device_type="mobile"), 0.0)
        self.assertEqual(self.value("daily_active_users", device_type="desktop"), 1.0)

    def test_sealed_and_fresh_events_give_the_same(self) -> None:
        seal_all()
        self.assertEqual(MetricsProcessor.process_daily_metrics(TODAY), self.found)

    def test_running_twice_changes_nothing(self) -> None:
        rows = list(BusinessMetric.objects.order_by("pk").values("pk", "metric_name", "value", "dimensions"))
        self.assertEqual(MetricsProcessor.process_daily_metrics(TODAY), self.found)
        again = list(BusinessMetric.objects.order_by("pk").values("pk", "metric_name", "value", "dimensions"))
        self.assertEqual(again, rows)

    def test_every_day_alone_says_what_all_in_one_pass_say(self) -> None:
        def rows() -> list[Any]:
            fields = ("metric_name", "period_start", "dimensions", "value", "previous_value")
            return list(BusinessMetric.objects.order_by(*fields).values_list(*fields))

        MetricsProcessor.backfill(TODAY - timedelta(days=10), TODAY)
        whole = rows()
        BusinessMetric.objects.all().delete()
        for days_ago in range(10, -1, -1):
            MetricsProcessor.process_daily_metrics(TODAY - timedelta(days=days_ago))
        self.assertEqual([row for row in rows() if not row[2]], [row for row in whole if not row[2]])


class RunningTest(MetricsCase):
    """What a schedule does over time."""

    def test_a_new_installation_has_a_past_at_once(self) -> None:
        load([happened("seen", "ann", days) for days in (30, 3, 0)])
        MetricsProcessor.process_daily_metrics()
        self.assertEqual(self.value("daily_active_users", TODAY - timedelta(days=30)), 1.0)
        self.assertEqual(self.value("daily_active_users", TODAY - timedelta(days=20)), 0.0)

    def test_days_for_which_events_come_late_are_worked_out_again(self) -> None:
        load([happened("seen", "ann", days) for days in (30, 0)])
        MetricsProcessor.process_daily_metrics()
        load([happened("seen", "bob", 20)])
        MetricsProcessor.process_daily_metrics()
        self.assertEqual(self.value("daily_active_users", TODAY - timedelta(days=20)), 1.0)
        self.assertEqual(self.value("monthly_active_users"), 2.0)

    def test_a_failure_forgets_no_late_day(self) -> None:
        load([happened("seen", "ann", days) for days in (30, 0)])
        MetricsProcessor.process_daily_metrics()
        load([happened("seen", "bob", 20)])
        with (
            mock.patch("analytics.metrics.rows.store", side_effect=RuntimeError),
            self.assertRaises(RuntimeError),
        ):
            MetricsProcessor.process_daily_metrics()
        MetricsProcessor.process_daily_metrics()
        self.assertEqual(self.value("daily_active_users", TODAY - timedelta(days=20)), 1.0)

    def test_a_value_that_is_gone_takes_its_row_along(self) -> None:
        load([happened("login_failed", "ann", 0)])
        MetricsProcessor.process_daily_metrics(TODAY)
        self.assertEqual(self.value("login_failure_rate"), 100.0)
        with override_settings(ANALYTICS_EVENT_NAMES={"login_failed": "sign_in_refused"}, ANALYTICS_HOST=""):
            MetricsProcessor.process_daily_metrics(TODAY)
        self.assertIsNone(self.value("login_failure_rate"))

    def test_the_past_before_the_first_kept_event_stays(self) -> None:
        load([happened("seen", "ann", 2)])
        old = TODAY - timedelta(days=100)
        BusinessMetric.objects.create(
            metric_type="kpi", metric_name="daily_active_users", value=7, period_type="day",
            period_start=datetime(old.year, old.month, old.day, tzinfo=UTC),
            period_end=datetime(old.year, old.month, old.day, tzinfo=UTC) + timedelta(days=1),
        )  # fmt: skip
        MetricsProcessor.backfill(old, TODAY)
        self.assertEqual(self.value("daily_active_users", old), 7.0)

    def test_a_day_is_one_of_the_deployments_zone(self) -> None:
        load([happened("seen", "ann", 1, 23)])  # the 31st in Berlin
        with override_settings(ANALYTICS_TIME_ZONE="Europe/Berlin"):
            found = MetricsProcessor.process_daily_metrics(TODAY)
        self.assertEqual(found["kpis"]["daily_active_users"]["value"], 1.0)
        self.assertEqual(found["kpis"]["daily_active_users"]["period_start"], "2026-05-30T22:00:00+00:00")

    def test_users_at_risk_are_read_as_they_are_now(self) -> None:
        load([happened("seen", "ann", 2)])
        UserBehaviorProfile.objects.create(user=alice(), churn_risk_score=0.9)
        found = MetricsProcessor.process_daily_metrics(TODAY)
        self.assertEqual(found["kris"]["high_churn_risk_users"]["value"], 1.0)
        earlier = MetricsProcessor.process_daily_metrics(TODAY - timedelta(days=1))
        self.assertIsNone(earlier["kris"]["high_churn_risk_users"]["value"])

    def test_without_events_every_value_is_missing(self) -> None:
        found = MetricsProcessor.process_daily_metrics()
        self.assertEqual(
            {entry["state"] for group in found.values() for entry in group.values()}, {"no_data"}
        )

    def test_a_day_to_come_is_refused(self) -> None:
        with self.assertRaisesMessage(BadInput, "lies after today"):
            MetricsProcessor.process_daily_metrics(TODAY + timedelta(days=1))


class Orders(KPI):
    """Orders of the day, by plan."""

    name = "orders"
    title = "Orders"
    category = "shop"
    unit = Unit.EVENTS
    dimensions = (Dimension("plan"),)
    measure = Count("order_paid")


class Nameless(CustomMetric):
    """Has everything but what it needs."""

    name = "Bad Name"
    measure = Percent(Count("a"), Count("b"))
    warning = 5.0
    critical = 9.0


class OwnMetricsTest(MetricsCase):
    """A project's metrics."""

    def test_they_are_worked_out_beside_ours_and_by_their_dimension(self) -> None:
        load([
            happened("order_paid", "ann", 0, metadata='{"plan": "pro"}'),
            happened("order_paid", "bob", 0, metadata='{"plan": "free"}'),
            happened("order_paid", "cat", 0, metadata='{"plan": "pro"}'),
        ])  # fmt: skip
        with override_settings(ANALYTICS_METRICS=["analytics.tests.test_metrics.Orders"]):
            found = MetricsProcessor.process_daily_metrics(TODAY)
        self.assertEqual(found["kpis"]["orders"]["value"], 3.0)
        self.assertEqual(self.value("orders", plan="pro"), 2.0)


class RegistryTest(SimpleTestCase):
    """What is declared, and what is wrong with it."""

    def test_a_module_gives_its_own_metrics_and_may_replace_ours(self) -> None:
        module = ModuleType("shop_metrics")

        class Better(KPI):
            """Revenue without tax."""

            name = "revenue"
            title = "Net revenue"
            category = "revenue"
            measure = Count("order_paid")

        Better.__module__ = "shop_metrics"
        module.Better = Better
        module.Orders = Orders  # somebody else's: not counted
        with (
            mock.patch.dict("sys.modules", {"shop_metrics": module}),
            override_settings(ANALYTICS_METRICS=["shop_metrics"]),
        ):
            self.assertIs(find_metric("revenue"), Better)
            self.assertNotIn("orders", all_metrics())

    def test_what_is_wrong_is_named(self) -> None:
        with (
            override_settings(ANALYTICS_METRICS=["analytics.tests.test_metrics.Nameless"]),
            self.assertRaises(ValueError) as caught,
        ):
            all_metrics()
        for said in ("Nameless: name is to be lower case", "title and category", "critical is to lie beyond"):
            self.assertIn(said, str(caught.exception))

    def test_a_path_that_is_no_metric_is_named(self) -> None:
        with (
            override_settings(ANALYTICS_METRICS=["analytics.tests.test_metrics.TODAY"]),
            self.assertRaisesMessage(ValueError, "is no metric"),
        ):
            all_metrics()

    def test_an_unknown_metric_names_those_that_there_are(self) -> None:
        with self.assertRaisesMessage(NotFound, "daily_active_users"):
            find_metric("daily_active_uesrs")
