"""Links for readers without a login: what they show and hide, how they end, and that they are counted."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from unittest import mock

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client, TransactionTestCase
from django.urls import reverse

from analytics import clock
from analytics.models import SavedReport, ShareLink
from analytics.reports import annotations as notes_report
from analytics.reports import boards, queries, shared_answers, sharing
from analytics.tests.cast import make_key, send_batch
from analytics.tests.test_boards import TRENDS, BoardsTestCase, tiles_of
from analytics.tests.test_dashboard import HOSTILE, NOON, at


class SharingTestCase(BoardsTestCase):
    """A report, a dashboard with it, and a reader without a login."""

    def setUp(self) -> None:
        super().setUp()
        self.stranger = Client()
        self.subject = self.report()
        cache.clear()

    def make(self, kind: str = "report", subject: Any = None, days: str = "30") -> str:
        """The path of a new link, as the page tells it once."""
        subject = subject or self.subject
        found = self.post("link_make", {"days": days}, kind=kind, subject=subject.uuid)
        page = self.client.get(found["Location"]).content.decode()
        told = re.findall(r'id="made-link">http://testserver(/shared/[^<]+)<', page)
        self.assertEqual(len(told), 1)
        return str(told[0])

    def read(self, path: str, status: int = 200) -> str:
        """What the stranger sees."""
        found = self.stranger.get(path)
        self.assertEqual(found.status_code, status, found.content.decode())
        return str(found.content.decode())


class ShowingTest(SharingTestCase):
    """What is behind a link."""

    def test_results_are_shown_without_a_login(self) -> None:
        path = self.make()
        self.assertIn("Views", self.read(path))
        answer = self.read(f"{path}0/")
        self.assertIn("chart-data-0", answer)
        self.assertIn("view", answer)

    def test_nothing_tells_how_they_were_made_or_leads_further(self) -> None:
        notes_report.annotate(self.reader, date(2026, 5, 2), "Secret plan")
        path = self.make()
        for text in (self.read(path), self.read(f"{path}0/")):
            lowered = text.lower()
            for word in (
                "select ",
                "proof",
                "/dashboard/",
                "/admin/",
                "secret plan",
                "sam",
                "csrf",
                "rows read",
            ):
                self.assertNotIn(word, lowered)

    def test_a_dashboard_has_its_tiles_and_no_others(self) -> None:
        board, other = self.board(self.subject), self.board(self.report("Hidden"))
        path = self.make("board", board)
        own, foreign = tiles_of(board).get().pk, tiles_of(other).get().pk
        self.read(f"{path}{own}/")
        self.assertNotIn("Hidden", self.read(f"{path}{foreign}/", 404))
        self.read(f"{path}0/", 404)

    def test_a_dashboard_is_shown_in_its_own_range(self) -> None:
        board = self.board(self.subject, days=14)
        self.assertIn("April 21", self.read(f"{self.make('board', board)}{tiles_of(board).get().pk}/"))

    def test_every_answer_is_kept_out_of_caches_searches_and_frames(self) -> None:
        path = self.make()
        for place in (path, f"{path}0/", "/shared/none/", "/unsubscribe/none/"):
            headers = self.stranger.get(place).headers
            self.assertEqual(headers["Cache-Control"], "private, no-store")
            self.assertEqual(headers["X-Robots-Tag"], "noindex, nofollow")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
        self.assertIn('name="robots" content="noindex', self.read(path))

    def test_hostile_names_are_text(self) -> None:
        question = {**TRENDS, "series": [{"event": HOSTILE, "label": HOSTILE}]}
        report = self.report(HOSTILE, question)
        SavedReport.objects.filter(pk=report.pk).update(description=HOSTILE)
        path = self.make(subject=report)
        for text in (self.read(path), self.read(f"{path}0/")):
            self.assertNotIn(HOSTILE, text)
            self.assertNotIn("<img", text)

    def test_a_question_that_no_longer_fits_says_so(self) -> None:
        path = self.make()
        SavedReport.objects.update(question={"days": 7, "serie": 1})
        self.assertIn("serie", self.read(f"{path}0/", 400))

    def test_nothing_can_be_posted(self) -> None:
        self.assertEqual(self.stranger.post(self.make()).status_code, 405)


class EndingTest(SharingTestCase):
    """How a link ends, and that one cannot be made up."""

    def test_a_revoked_link_leads_nowhere_with_all_its_answers(self) -> None:
        path = self.make()
        link = ShareLink.objects.get()
        self.post("link_revoke", link=link.uuid)
        self.assertNotIn("Views", self.read(path, 404))
        self.read(f"{path}0/", 404)
        self.assertNotIn("Revoke", self.get("report_data", report=self.subject.uuid))

    def test_a_link_runs_out(self) -> None:
        path = self.make(days="7")
        with clock.frozen(NOON + timedelta(days=7) - timedelta(seconds=1)):
            self.read(path)
        with clock.frozen(NOON + timedelta(days=7)):
            self.read(path, 404)

    def test_a_link_without_a_day_holds_until_it_is_revoked(self) -> None:
        path = self.make(days="")
        with clock.frozen(NOON + timedelta(days=4000)):
            self.read(path)

    def test_days_that_are_none_make_no_link(self) -> None:
        for days in ("0", "-1", "3651", "many"):
            self.post("link_make", {"days": days}, kind="report", subject=self.subject.uuid)
        self.assertFalse(ShareLink.objects.exists())

    def test_only_the_digest_is_kept_and_it_opens_nothing(self) -> None:
        path = self.make()
        token = path.split("/")[2]
        link = ShareLink.objects.get()
        self.assertGreaterEqual(len(token), 43)  # 32 bytes
        self.assertEqual(link.digest, sharing.digest_of(token))
        self.assertNotIn(token, str(list(ShareLink.objects.values())))
        self.read(f"/shared/{link.digest}/", 404)
        self.read(f"/shared/{token[:-1]}/", 404)

    def test_two_links_are_two(self) -> None:
        first, second = self.make(), self.make()
        self.assertNotEqual(first, second)
        self.post("link_revoke", link=ShareLink.objects.order_by("pk")[0].uuid)
        self.read(first, 404)
        self.read(second)

    def test_what_was_deleted_is_not_shown_any_more(self) -> None:
        path = self.make()
        self.post("report_delete", report=self.subject.uuid)
        self.read(path, 404)

    def test_the_last_use_is_known_to_the_minute(self) -> None:
        path = self.make()
        self.assertIsNone(ShareLink.objects.get().last_used_at)
        self.read(path)
        with clock.frozen(NOON + timedelta(seconds=30)):
            self.read(f"{path}0/")
        self.assertEqual(ShareLink.objects.get().last_used_at, NOON)
        later = NOON + timedelta(minutes=5)
        with clock.frozen(later):
            self.read(path)
        self.assertEqual(ShareLink.objects.get().last_used_at, later)

    def test_an_unknown_token_changes_nothing(self) -> None:
        self.make()
        for token in ("x", "é", "x" * 2000, "%00"):
            self.read(f"/shared/{token}/", 404)
        self.assertIsNone(ShareLink.objects.get().last_used_at)


class LimitTest(SharingTestCase):
    """Requests of an address."""

    def test_one_too_many_waits_and_another_address_does_not(self) -> None:
        path = self.make()
        with self.settings(ANALYTICS_RATE_LIMIT_PER_MINUTE=3):
            statuses = [self.stranger.get(path, REMOTE_ADDR="203.0.113.5").status_code for _ in range(4)]
            self.assertEqual(statuses, [200, 200, 200, 429])
            refused = self.stranger.get(path, REMOTE_ADDR="203.0.113.5")
            self.assertTrue(0 < int(refused["Retry-After"]) <= 60)
            self.assertEqual(self.stranger.get(path, REMOTE_ADDR="203.0.113.6").status_code, 200)

    def test_guessing_is_counted_too(self) -> None:
        with self.settings(ANALYTICS_RATE_LIMIT_PER_MINUTE=2):
            found = [self.stranger.get(f"/shared/guess-{n}/").status_code for n in range(3)]
        self.assertEqual(found, [404, 404, 429])


class StaffTest(SharingTestCase):
    """Who makes links."""

    def test_a_stranger_makes_and_revokes_none(self) -> None:
        path = self.make()
        make = reverse("analytics:link_make", kwargs={"kind": "report", "subject": self.subject.uuid})
        revoke = reverse("analytics:link_revoke", kwargs={"link": ShareLink.objects.get().uuid})
        for url in (make, revoke):
            self.assertEqual(self.stranger.post(url).status_code, 302)
        self.assertEqual(ShareLink.objects.count(), 1)
        self.read(path)

    def test_a_link_leads_to_exactly_one_subject(self) -> None:
        board = boards.create_board(self.reader, {"name": "b"})
        for fields in ({}, {"report": self.subject, "dashboard": board}):
            with self.assertRaises(IntegrityError), transaction.atomic():
                ShareLink.objects.create(digest="d", **fields)


class KeptAnswerTest(TransactionTestCase):
    """Answers of all readers together."""

    def test_a_new_event_is_seen_at_once_and_the_same_state_is_not_asked_twice(self) -> None:
        make_key()
        cache.clear()
        given = {
            "date_from": "2026-05-01", "date_to": "2026-05-06", "timezone": None, "filters": None, "event": None,
            "interval": "day",
        }  # fmt: skip
        with clock.frozen(NOON):
            send_batch(at("2026-05-01T08:00", "view", "u1"))
            with mock.patch.object(queries, "answer", wraps=queries.answer) as asked:
                first = shared_answers.get_analysis_cached("lifecycle", given)
                again = shared_answers.get_analysis_cached("lifecycle", given)
                self.assertEqual((first["new"], asked.call_count), (again["new"], 1))
                send_batch(at("2026-05-01T09:00", "view", "u2"))
                self.assertEqual(sum(shared_answers.get_analysis_cached("lifecycle", given)["new"]), 2)
