"""The dashboard when there is nothing to show or something fails, its ranges, and its words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock

from django.db import DatabaseError
from django.test import SimpleTestCase, TestCase
from django.urls import reverse

from analytics import clock
from analytics.dashboard import first_hour, period, wording
from analytics.dashboard.figures import figures_of
from analytics.errors import BadInput, Unavailable
from analytics.models import IngestKey
from analytics.reports.overview import overview_between
from analytics.tests.cast import TOKEN, make_key, posthog_event, send, send_batch
from analytics.tests.test_dashboard import DATA, NOON, at, staff_client
from eventlake.errors import QueryFailedError, QueryTimeoutError


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
        self.assertEqual(page.count(TOKEN), 5)

    def test_without_a_key_it_leads_to_making_one(self) -> None:
        IngestKey.objects.all().delete()
        self.assertContains(self.client.get(DATA), reverse("admin:analytics_ingestkey_add"))

    def test_it_turns_green_when_the_first_event_arrives(self) -> None:
        make_key()
        self.assertEqual(self.client.get("/dashboard/overview/first-event/").status_code, 204)
        send_batch(posthog_event("first_event"))
        self.assertContains(
            self.client.get("/dashboard/overview/first-event/"), "<strong>first_event</strong>"
        )

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
            if snippet.key in ("python", "django", "segment-python"):
                compile(snippet.code, snippet.key, "exec")


class FailureTest(TestCase):
    """What fails is said in words, with the right status and a way on."""

    def setUp(self) -> None:
        make_key()
        send_batch(posthog_event())
        self.client = staff_client()

    def failing(self, error: Exception) -> Any:
        """The fragment while the lake cannot answer."""
        with mock.patch("analytics.reports.analyses.lake.source", side_effect=error):
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
            mock.patch("analytics.reports.analyses.lake.source", side_effect=QueryTimeoutError("slow")),
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
