"""The dashboard: who may see it, and what the shell and its data say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.test import Client, TestCase, override_settings
from django.urls import reverse
from django.utils import translation

from analytics import clock
from analytics.dashboard import wording
from analytics.models import AIInsight, BusinessMetric
from analytics.tests.cast import alice, make_key, posthog_event, sam_the_staff, send_batch

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PAGE = "/dashboard/overview/"
DATA = "/dashboard/overview/data/"
HOSTILE = "<script>alert(1)</script>"


def at(moment: str, name: str = "clicked", who: str = "u1", **properties: Any) -> dict[str, Any]:
    """An event at a moment such as 2026-05-04T11:00."""
    return posthog_event(name, who, timestamp=f"{moment}:00Z", properties=properties)


def staff_client(user: User | None = None) -> Client:
    """A browser in which a member of staff is logged in."""
    client = Client()
    client.force_login(user or sam_the_staff())
    return client


class AccessTest(TestCase):
    """Staff only; everybody else is led to the login and back."""

    def test_the_bare_address_leads_to_the_overview(self) -> None:
        self.assertRedirects(Client().get("/dashboard/"), PAGE, fetch_redirect_response=False)

    def test_a_stranger_is_sent_to_the_login_and_back(self) -> None:
        for path in (f"{PAGE}?days=14", f"{DATA}?days=14", "/dashboard/overview/first-event/"):
            answer = Client().get(path)
            self.assertEqual(answer.status_code, 302, path)
            self.assertTrue(answer["Location"].startswith("/admin/login/?next=/dashboard/overview/"), path)

    def test_a_user_who_is_not_staff_sees_nothing(self) -> None:
        client = staff_client(alice())
        for path in (PAGE, DATA):
            self.assertEqual(client.get(path).status_code, 302)

    def test_a_fragment_after_logout_sends_the_browser_and_not_the_script_to_the_login(self) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/dashboard/overview/?days=14"}
        answer = Client().get(DATA, headers=headers)
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer["HX-Redirect"], "/admin/login/?next=/dashboard/overview/%3Fdays%3D14")

    def test_nothing_can_be_posted(self) -> None:
        self.assertEqual(staff_client().post(PAGE).status_code, 405)


class ShellTest(TestCase):
    """The page before its data."""

    def setUp(self) -> None:
        self.client = staff_client()

    def test_it_stands_without_reading_an_event(self) -> None:
        with mock.patch("analytics.dashboard.overview.overview_between", side_effect=AssertionError):
            answer = self.client.get(f"{PAGE}?days=14")
        self.assertContains(answer, f'hx-get="{DATA}?days=14"')
        self.assertContains(answer, 'href="?days=14" aria-current="true"')

    def test_it_asks_the_database_for_the_session_and_rights_only(self) -> None:
        with self.assertNumQueries(4):  # session, user, rights of the user, rights of its groups
            self.client.get(PAGE)

    def test_a_range_of_ones_own_is_in_its_form_and_in_the_address_of_the_data(self) -> None:
        answer = self.client.get(f"{PAGE}?from=2012-01-01&to=2012-03-31")
        self.assertContains(answer, f'hx-get="{DATA}?from=2012-01-01&amp;to=2012-03-31"')
        self.assertContains(answer, 'name="to" required min="1970-01-01"')
        self.assertContains(answer, 'value="2012-03-31"')

    def test_a_range_that_is_none_still_shows_the_shell(self) -> None:
        self.assertContains(self.client.get(f"{PAGE}?days=soon"), f"{DATA}?days=soon")

    def test_a_hostile_address_is_escaped(self) -> None:
        answer = self.client.get(PAGE, {"days": '"><script>alert(1)</script>'})
        self.assertNotContains(answer, "<script>alert")

    def test_its_policy_needs_no_inline_script_or_style_and_no_other_host(self) -> None:
        answer = self.client.get(PAGE)
        policy = answer["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        page = answer.content.decode()
        self.assertIsNone(re.search(r"<script(?![^>]* src=)", page))
        self.assertIsNone(re.search(r"<style|\sstyle=|\son[a-z]+=|https?://(?!testserver)", page))

    @override_settings(STATIC_URL="https://files.example.org/static/")
    def test_files_on_a_host_of_their_own_are_allowed_by_the_policy(self) -> None:
        policy = self.client.get(PAGE)["Content-Security-Policy"]
        self.assertIn("script-src 'self' https://files.example.org;", policy)

    def test_the_side_bar_shows_what_the_user_may_view(self) -> None:
        self.assertNotContains(self.client.get(PAGE), reverse("admin:analytics_userevent_changelist"))
        root = User.objects.create_superuser("root", password="root-password-1")
        self.assertContains(staff_client(root).get(PAGE), reverse("admin:analytics_userevent_changelist"))

    def test_it_is_never_kept_by_a_cache(self) -> None:
        self.assertEqual(self.client.get(PAGE)["Cache-Control"], "private, no-store")


class DataTest(TestCase):
    """The fragment with real events, sent as SDKs send them."""

    def setUp(self) -> None:
        make_key()
        self.client = staff_client()

    def read(self, query: str = "days=7", now: datetime = NOON) -> str:
        """The fragment at a moment."""
        with clock.frozen(now):
            answer = self.client.get(f"{DATA}?{query}")
        self.assertEqual(answer.status_code, 200)
        return answer.content.decode()

    def figure(self, page: str, key: str) -> str:
        """The value on a card."""
        found = re.search(rf'id="figure-{key}"[^>]*>([^<]*)<', page)
        assert found is not None
        return found[1]

    def test_figures_are_those_of_the_range(self) -> None:
        with clock.frozen(NOON):
            send_batch(
                at(
                    "2026-05-04T11:00",
                    "$pageview",
                    **{"$session_id": "s1", "$current_url": "https://a.b/home"},
                ),
                at("2026-05-04T11:10", "paid", revenue=1234.5, **{"$session_id": "s1"}),
                at("2026-05-04T11:30", "$pageview", "u2", **{"$session_id": "s2"}),
                at("2026-04-30T11:30", "$pageview", "u2", **{"$session_id": "s3"}),
                at("2026-04-20T11:30"),
            )
        page = self.read("days=7")
        values = {
            key: self.figure(page, key) for key in ("events", "people", "active", "conversion", "session")
        }
        self.assertEqual(
            values, {"events": "4", "people": "2", "active": "2", "conversion": "50.0%", "session": "3m 20s"}
        )
        self.assertEqual(self.figure(page, "revenue"), "1,235")
        self.assertIn("/home", page)
        self.assertIn("No events the period before", page)

    def test_a_range_of_ones_own_includes_both_its_days(self) -> None:
        with clock.frozen(NOON):
            send_batch(*(at(f"2012-03-{day}T23:59") for day in ("29", "30", "31")), at("2012-04-01T00:00"))
        page = self.read("from=2012-03-30&to=2012-03-31")
        self.assertEqual(self.figure(page, "events"), "2")
        self.assertIn("March 30, 2012 – March 31, 2012", page)  # noqa: RUF001 - the dash of ranges
        self.assertIn("compared with March 28, 2012 – March 29, 2012", page)  # noqa: RUF001 - the dash of ranges

    def test_this_morning_is_compared_with_yesterdays_morning(self) -> None:
        with clock.frozen(NOON):
            send_batch(
                at("2026-05-04T09:00"), at("2026-05-04T10:00"), at("2026-05-03T09:00"), at("2026-05-03T20:00")
            )
        page = self.read("days=1")
        self.assertEqual(self.figure(page, "events"), "2")
        self.assertRegex(page, r"100%</span>\s*<span class=\"against\">from 1</span>")

    def test_every_figure_opens_its_proof(self) -> None:
        with clock.frozen(NOON):
            send_batch(at("2026-05-04T11:00"))
        page = self.read()
        for key in ("events", "people", "active", "conversion", "session", "revenue"):
            self.assertIn(f'popovertarget="proof-{key}"', page)
        for word in ("overview/1", "Rows read", "Lake version", "Duration", "select"):
            self.assertIn(word, page)

    def test_hostile_names_are_text(self) -> None:
        with clock.frozen(NOON):
            send_batch(
                at("2026-05-04T11:00", HOSTILE),
                at("2026-05-04T11:01", "$pageview", **{"$current_url": f"https://a.b/{HOSTILE}"}),
            )
        AIInsight.objects.create(insight_type="trend", title=HOSTILE, confidence_score=0.5, priority="low")
        page = self.read()
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", page)
        self.assertNotRegex(page, r'<script(?! id="chart-(events|people)-data" type="application/json")')

    def test_the_chart_has_its_values_in_a_table(self) -> None:
        with clock.frozen(NOON):
            send_batch(at("2026-05-04T11:00"), at("2026-05-03T11:00"), at("2026-05-03T11:30", who="u2"))
        page = self.read("days=7")
        self.assertRegex(page, r'<th scope="row">May 3, 2026</th><td class="number">2</td>')
        self.assertIn("Highest: 2, May 3, 2026.", page)

    def test_alerts_and_insights_are_listed_with_their_level(self) -> None:
        AIInsight.objects.create(insight_type="anomaly", title="Odd", confidence_score=0.9, priority="high")
        shared = {
            "metric_type": "kri", "period_start": NOON, "period_end": NOON, "period_type": "day",
            "is_alert_triggered": True,
        }  # fmt: skip
        BusinessMetric.objects.create(
            metric_name="errors", value=9, warning_threshold=5, critical_threshold=8, **shared
        )
        BusinessMetric.objects.create(
            metric_name="sign_ups", value=3, warning_threshold=5, critical_threshold=2, **shared
        )
        with clock.frozen(NOON):
            send_batch(at("2026-05-04T11:00"))
        page = self.read()
        self.assertRegex(page, r'level critical">Critical</span><span class="what"><strong>errors')
        self.assertRegex(page, r'level high">Warning</span><span class="what"><strong>sign_ups')
        self.assertIn("Anomaly, 90% sure", page)

    def test_the_number_of_queries_does_not_grow_with_the_data(self) -> None:
        with clock.frozen(NOON):
            send_batch(at("2026-05-04T11:00"))
        with self.assertNumQueries(8):
            # session, user, any event, changes, merges, insights, alerts; COPY is not counted
            self.read()
        with clock.frozen(NOON):
            send_batch(*(at("2026-05-04T11:01", f"name {n}", f"u{n}") for n in range(40)))
        for n in range(4):
            AIInsight.objects.create(
                insight_type="trend", title=f"t{n}", confidence_score=0.5, priority="low"
            )
        with self.assertNumQueries(8):
            self.read()

    def test_numbers_and_dates_follow_the_language(self) -> None:
        with clock.frozen(NOON):
            send_batch(*(at("2026-05-04T11:00") for _ in range(3)))
        with translation.override("de"):
            page = self.read("days=7")
            self.assertEqual(wording.number(1234567.5, 1), "1.234.567,5")
        self.assertIn("28. April 2026", page)
        self.assertIn("0,0", self.figure(page, "conversion"))
