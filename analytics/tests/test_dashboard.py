"""The dashboard: who may see it, what the shell and its data say, and what happens when there is nothing or it fails."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.template.loader import get_template
from django.test import Client, SimpleTestCase, TestCase, override_settings
from django.urls import reverse
from django.utils import translation

from analytics import clock
from analytics.dashboard import first_hour, period, wording
from analytics.dashboard.figures import figures_of
from analytics.errors import BadInput, Unavailable
from analytics.models import AIInsight, BusinessMetric, IngestKey
from analytics.reports.overview import overview_between
from analytics.tests.cast import TOKEN, alice, make_key, posthog_event, sam_the_staff, send, send_batch
from eventlake.errors import QueryFailedError, QueryTimeoutError

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
        with mock.patch("analytics.dashboard.overview.overview", side_effect=AssertionError):
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
                at("2026-05-04T11:00", "$pageview", **{"$session_id": "s1", "$current_url": "https://a.b/home"}),
                at("2026-05-04T11:10", "paid", revenue=1234.5, **{"$session_id": "s1"}),
                at("2026-05-04T11:30", "$pageview", "u2", **{"$session_id": "s2"}),
                at("2026-04-30T11:30", "$pageview", "u2", **{"$session_id": "s3"}),
                at("2026-04-20T11:30"),
            )
        page = self.read("days=7")
        values = {key: self.figure(page, key) for key in ("events", "people", "active", "conversion", "session")}
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
        self.assertIn("March 30, 2012 – March 31, 2012", page)
        self.assertIn("compared with March 28, 2012 – March 29, 2012", page)

    def test_this_morning_is_compared_with_yesterdays_morning(self) -> None:
        with clock.frozen(NOON):
            send_batch(at("2026-05-04T09:00"), at("2026-05-04T10:00"), at("2026-05-03T09:00"), at("2026-05-03T20:00"))
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
        with self.assertNumQueries(6):  # session, user, any event, merges, insights, alerts; COPY is not counted
            self.read()
        with clock.frozen(NOON):
            send_batch(*(at("2026-05-04T11:01", f"name {n}", f"u{n}") for n in range(40)))
        for n in range(4):
            AIInsight.objects.create(insight_type="trend", title=f"t{n}", confidence_score=0.5, priority="low")
        with self.assertNumQueries(6):
            self.read()

    def test_numbers_and_dates_follow_the_language(self) -> None:
        with clock.frozen(NOON):
            send_batch(*(at("2026-05-04T11:00") for _ in range(3)))
        with translation.override("de"):
            page = self.read("days=7")
            self.assertEqual(wording.number(1234567.5, 1), "1.234.567,5")
        self.assertIn("28. April 2026", page)
        self.assertIn("0,0", self.figure(page, "conversion"))


class EmptyTest(TestCase):
    """Pages without figures say what to do next. The login of whoever looks is an event, and does not count."""

    def setUp(self) -> None:
        with clock.frozen(datetime(2012, 6, 1, tzinfo=UTC)):
            self.client = staff_client()

    def test_without_any_event_it_shows_lines_to_paste_with_the_real_key(self) -> None:
        make_key()
        page = self.client.get(DATA).content.decode()
        self.assertIn("Send your first event", page)
        for way in ("/capture/", "from posthog import Posthog", "from analytics import track", "posthog-js"):
            self.assertIn(way, page)
        self.assertEqual(page.count(TOKEN), 3)

    def test_without_a_key_it_leads_to_making_one(self) -> None:
        IngestKey.objects.all().delete()
        self.assertContains(self.client.get(DATA), reverse("admin:analytics_ingestkey_add"))

    def test_it_turns_green_when_the_first_event_arrives(self) -> None:
        make_key()
        self.assertEqual(self.client.get("/dashboard/overview/first-event/").status_code, 204)
        send_batch(posthog_event("first_event"))
        self.assertContains(self.client.get("/dashboard/overview/first-event/"), "<strong>first_event</strong>")

    def test_old_events_are_offered_where_the_range_has_none(self) -> None:
        make_key()
        with clock.frozen(NOON):
            send_batch(at("2012-01-05T11:00"), at("2012-12-24T11:00"))
            page = self.client.get(f"{DATA}?days=7").content.decode()
        self.assertIn("No event in this range", page)
        self.assertIn("?from=2012-09-26&amp;to=2012-12-24", page)
        self.assertIn("?from=2012-01-05&amp;to=2012-12-24", page)


class FirstHourTest(TestCase):
    """The pasted lines do what they promise."""

    def test_the_body_of_the_curl_line_is_stored(self) -> None:
        make_key()
        curl = first_hour.snippets("http://testserver", TOKEN)[0].code
        body = re.search(r"-d '(.*)'$", curl)
        assert body is not None
        self.assertEqual(send("/capture/", body[1].encode()).status_code, 200)
        self.assertContains(staff_client().get("/dashboard/overview/first-event/"), first_hour.EVENT_NAME)

    def test_the_python_lines_are_python(self) -> None:
        for snippet in first_hour.snippets("http://testserver", "lk_\"quoted'"):
            if snippet.key in ("python", "django"):
                compile(snippet.code, snippet.key, "exec")


class FailureTest(TestCase):
    """What fails is said in words, with the right status and a way on."""

    def setUp(self) -> None:
        make_key()
        send_batch(posthog_event())
        self.client = staff_client()

    def failing(self, error: Exception) -> Any:
        """The fragment while the lake cannot answer."""
        with mock.patch("analytics.reports.overview.lake.source", side_effect=error):
            return self.client.get(DATA)

    def test_a_range_that_cannot_be_asked_says_why(self) -> None:
        cases = {
            "days=0": "must lie between 1 and 366",
            "days=1e3": "must lie between 1 and 366",
            "from=2012-01-01": "needs both days",
            "from=2012-02-30&to=2012-03-01": "“2012-02-30” is not a day",
            "from=2012-03-02&to=2012-03-01": "The first day lies after the last one",
            "from=2012-03-02&to=2999-01-01": "The range ends after today",
            "from=1066-10-14&to=2012-03-01": "The range starts before 1970-01-01",
        }
        for query, words in cases.items():
            with self.subTest(query):
                answer = self.client.get(f"{DATA}?{query}")
                self.assertContains(answer, words, status_code=400)
                self.assertEqual(answer["X-Analytics-Panel"], "1")

    def test_a_lake_that_fails_shows_no_path_and_no_trace(self) -> None:
        with self.assertLogs("analytics.reports", "ERROR"):
            answer = self.failing(QueryFailedError("cannot open /srv/secret/lake"))
        self.assertContains(answer, "Try again", status_code=503)
        self.assertNotContains(answer, "secret", status_code=503)

    def test_a_question_that_takes_too_long_asks_for_a_shorter_range(self) -> None:
        answer = self.failing(QueryTimeoutError("the query took longer than 30 seconds"))
        self.assertContains(answer, "ask for a shorter range", status_code=503)

    def test_a_database_that_is_away_is_said_so(self) -> None:
        with self.assertLogs("analytics.dashboard", "ERROR"):
            answer = self.failing(DatabaseError("connection to server at 10.0.0.1 failed"))
        self.assertContains(answer, "The database cannot be reached now.", status_code=503)
        self.assertNotContains(answer, "10.0.0.1", status_code=503)


class RangeReportTest(TestCase):
    """`overview_between`, asked directly."""

    def test_long_ranges_have_fewer_and_longer_buckets(self) -> None:
        with clock.frozen(NOON):
            for first, interval, buckets in (
                (date(2026, 5, 3), "hour", 37),
                (date(2026, 4, 28), "day", 7),
                (date(2025, 5, 5), "week", 53),
                (date(2020, 1, 1), "month", 77),
            ):
                figures = overview_between(first, date(2026, 5, 4)).figures
                self.assertEqual((str(figures.interval), len(figures.buckets)), (interval, buckets))

    def test_the_lakes_errors_do_not_pass(self) -> None:
        with (
            mock.patch("analytics.reports.overview.lake.source", side_effect=QueryTimeoutError("slow")),
            self.assertRaises(Unavailable),
        ):
            overview_between(date(2026, 5, 1), date(2026, 5, 4))
        with self.assertRaises(BadInput):
            overview_between(date(2026, 5, 5), date(2026, 5, 4))


class WordingTest(SimpleTestCase):
    """Small words that would be wrong in small ways."""

    def test_numbers_that_would_not_fit_are_shortened(self) -> None:
        texts = [wording.short_number(value) for value in (0, 9_999_999, 10_000_000, 2_500_000_000)]
        self.assertEqual(texts, ["0", "9,999,999", "10.0M", "2.5B"])

    def test_lengths(self) -> None:
        self.assertEqual([wording.length(s) for s in (0.4, 59.6, 3600)], ["0s", "1m 00s", "1h 00m"])

    def test_changes_are_told_by_what_they_are_measured_against(self) -> None:
        def change(now: dict[str, Any], before: dict[str, Any], key: str) -> tuple[str, str, str]:
            shared = {
                "events": 1, "persons": 1, "revenue": 0, "conversion_percent": 0.0, "avg_session_s": 0.0,
            }  # fmt: skip
            answer = mock.Mock(active_persons_today=3, active_persons_yesterday=0)
            answer.totals, answer.previous = mock.Mock(**shared | now), mock.Mock(**shared | before)
            found = {figure.key: figure.change for figure in figures_of(answer, "UTC")}[key]
            return found.direction, found.amount, found.against

        self.assertEqual(change({"events": 12}, {"events": 10}, "events"), ("up", "20%", "from 10"))
        self.assertEqual(change({"events": 199}, {"events": 200}, "events"), ("down", "0.5%", "from 200"))
        self.assertEqual(change({"events": 9000}, {"events": 3}, "events"), ("up", "3,000 times", "from 3"))
        self.assertEqual(change({"revenue": 5}, {}, "revenue"), ("up", "", "from 0.00"))
        self.assertEqual(change({}, {}, "people"), ("same", "No change", ""))
        self.assertEqual(change({}, {"events": 0}, "people"), ("unknown", "", "No events the period before"))
        self.assertEqual(
            change({"conversion_percent": 3.0}, {"conversion_percent": 2.0}, "conversion"),
            ("up", "1.0 points", "from 2.0%"),
        )
        self.assertEqual(change({}, {}, "active"), ("unknown", "", "Nobody yesterday by this time"))

    def test_a_range_leads_back_to_itself(self) -> None:
        with clock.frozen(NOON):
            for query in ({"days": "30"}, {"from": "2012-01-01", "to": "2012-03-31"}):
                chosen = period.period_of(query)
                self.assertEqual(chosen.query, "&".join(f"{name}={value}" for name, value in query.items()))

    def test_every_template_compiles(self) -> None:
        get_template("analytics/dashboard/overview/page.html")
