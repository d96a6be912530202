"""What each role sees of the same data: a user themself, an analyst all figures, staff single persons as well."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.core.cache import cache

from analytics import clock
from analytics.ai_services.insights.claims import put_claims
from analytics.models import BusinessMetric
from analytics.store.groups import ANALYSTS
from analytics.store.sealing import seal_all
from analytics.tests.cast import posthog_event, send_batch
from analytics.tests.servers import API, ServersTestCase
from analytics.tests.test_insights import claim


class RolesTest(ServersTestCase):
    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.ann = User.objects.create_user("ann", password="ann-password-1")
        self.ann.groups.add(Group.objects.get(name=ANALYSTS))
        mine = {"distinct_id": str(self.alice.pk)}
        send_batch(
            posthog_event("paid", properties={"revenue": 100}),
            posthog_event("view", "u2"),
            posthog_event("paid", properties={"revenue": 7}, **mine),
            posthog_event("view", **mine),
            posthog_event("view", "browser-1"),
            posthog_event("$identify", properties={"$anon_distinct_id": "browser-1"}, **mine),
        )

    def test_a_users_overview_is_of_their_own_events_over_all_merges(self) -> None:
        for seal in (lambda: None, seal_all):
            seal()
            for call in self.servers():
                found = call("GET", f"{API}/overview", user=self.alice)
                self.assertEqual(found.status, 200)
                figures = {
                    name: found.body[name] for name in ("total_events", "total_users", "total_revenue")
                }
                self.assertEqual(figures, {"total_events": 4, "total_users": 1, "total_revenue": 7.0})
                self.assertEqual(found.body["active_users_today"], 1)

    def test_a_user_without_events_has_an_empty_overview(self) -> None:
        newcomer = User.objects.create_user("nora", password="nora-password-1")
        for call in self.servers():
            found = call("GET", f"{API}/overview", user=newcomer).body
            self.assertEqual(
                (found["total_events"], found["total_users"], found["total_revenue"]), (0, 0, 0.0)
            )

    def test_analysts_and_staff_see_everybodys_figures_whoever_asked_before(self) -> None:
        for call in self.servers():
            for user, events in ((self.alice, 4), (self.ann, 6), (self.alice, 4), (self.sam, 6)):
                self.assertEqual(call("GET", f"{API}/overview", user=user).body["total_events"], events)

    def test_insights_and_alerts_about_others_are_not_in_a_users_overview(self) -> None:
        put_claims([claim(str(self.alice.pk)), claim("999")])
        now = clock.now()
        BusinessMetric.objects.create(
            metric_name="revenue", metric_type="kpi", value=1, period_type="daily", is_alert_triggered=True,
            period_start=now - timedelta(days=1), period_end=now,
        )  # fmt: skip
        for call in self.servers():
            own = call("GET", f"{API}/overview", user=self.alice).body
            self.assertEqual((len(own["top_insights"]), own["alerts"]), (1, []))
            everybody = call("GET", f"{API}/overview", user=self.ann).body
            self.assertEqual((len(everybody["top_insights"]), len(everybody["alerts"])), (2, 1))

    def test_analysts_read_behaviour_and_insights_of_everybody_and_no_single_person(self) -> None:
        put_claims([claim(str(self.alice.pk)), claim("999")])
        for call in self.servers():
            body = {"user_id": self.alice.pk}
            self.assertEqual(call("POST", f"{API}/user-behavior", body, self.ann).status, 200)
            self.assertEqual(call("POST", f"{API}/predictions/churn", body, self.ann).status, 200)
            self.assertEqual(call("GET", f"{API}/insights", user=self.ann).body["total_count"], 2)
            self.assertEqual(call("GET", f"{API}/models", user=self.ann).status, 200)
            self.assertEqual(call("GET", f"{API}/persons", user=self.ann).body["persons"], [])
            self.check_refused(
                call, "GET", f"{API}/export/events", 403, "staff_only", user=self.ann, query={"format": "csv"}
            )

    def test_values_and_models_of_everybody_are_no_users_business(self) -> None:
        for call in self.servers():
            body = {"metric_name": "revenue"}
            self.check_refused(
                call, "POST", f"{API}/anomalies", 403, "analysts_only", body=body, user=self.alice
            )
            self.check_refused(call, "GET", f"{API}/models", 403, "analysts_only", user=self.alice)
