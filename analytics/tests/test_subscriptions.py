"""Letters about reports and dashboards: when they are due, what they say, once for each period, and how to leave."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

from django.core import mail
from django.db import connections
from django.test import Client, TransactionTestCase, override_settings
from django.urls import reverse

from analytics import clock
from analytics.api import questions
from analytics.dashboard.boards.letters import write
from analytics.dashboard.boards.main_figures import main_figures
from analytics.delivery import letter, subscribers
from analytics.delivery.relay import deliver_due
from analytics.errors import Unavailable
from analytics.models import OutboxMessage, SavedReport, Subscription
from analytics.models.choices import OutboxState
from analytics.reports import subscriptions
from analytics.reports.subscriptions import Plan, Sent, due_day, send_due, subscribe
from analytics.tasks import send_subscriptions
from analytics.tests.cast import alice, posthog_event, send_batch
from analytics.tests.test_boards import TRENDS, BoardsTestCase
from analytics.tests.test_dashboard import HOSTILE, NOON, at

ADA, GRACE = "ada@example.org", "grace@example.org"
MORNING = datetime(2026, 5, 5, 7, 0, tzinfo=UTC)  # a Tuesday
FUNNEL = {"days": 7, "steps": [{"event": "view"}, {"event": "paid"}], "window_seconds": 86_400}
SET_UP = {
    "ANALYTICS_PUBLIC_URL": "https://stats.example.org",
    "ANALYTICS_TIME_ZONE": "UTC",
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
}


@override_settings(**SET_UP)
class SubscriptionsTestCase(BoardsTestCase):
    """A report of views, and ways to subscribe to it."""

    def subscribed(self, subject: Any = None, **plan: Any) -> Subscription:
        """Ada's subscription, by default to views every day at seven."""
        given = {"addresses": [ADA], "frequency": "daily", **plan}
        return subscribe(self.sam, subject or self.report(), Plan(**given))

    def run_at(self, now: datetime) -> Sent:
        """One run of the task."""
        with clock.frozen(now):
            return send_due(write)

    def deliver(self, now: datetime = MORNING) -> list[Any]:
        """The letters that went out."""
        with clock.frozen(now):
            deliver_due()
        return list(mail.outbox)


class DueTest(SubscriptionsTestCase):
    """When a letter goes out."""

    def test_a_daily_one_is_due_from_its_hour_on_and_the_first_is_the_next(self) -> None:
        self.subscribed()  # at noon: today's hour has passed
        for now, queued in (
            (NOON, 0), (MORNING - timedelta(seconds=1), 0), (MORNING, 1), (MORNING + timedelta(hours=1), 0),
            (MORNING + timedelta(days=1), 1),
        ):  # fmt: skip
            self.assertEqual(self.run_at(now).queued, queued, now)

    def test_a_weekly_one_is_due_on_its_weekday(self) -> None:
        self.subscribed(frequency="weekly", weekday=2)
        for days, queued in ((0, 0), (1, 1), (2, 0), (7, 0), (8, 1)):
            self.assertEqual(self.run_at(MORNING + timedelta(days=days)).queued, queued, days)

    def test_what_was_missed_is_sent_later_but_only_the_newest(self) -> None:
        self.subscribed()
        self.assertEqual(self.run_at(MORNING + timedelta(days=3, hours=9)).queued, 1)
        self.assertEqual(OutboxMessage.objects.count(), 1)

    def test_the_hour_is_the_deployments(self) -> None:
        one = Subscription(frequency="daily", hour=7)
        with self.settings(ANALYTICS_TIME_ZONE="America/New_York"):
            self.assertEqual(due_day(one, datetime(2026, 5, 5, 10, 59, tzinfo=UTC)), date(2026, 5, 4))
            self.assertEqual(due_day(one, datetime(2026, 5, 5, 11, 0, tzinfo=UTC)), date(2026, 5, 5))

    def test_an_hour_that_a_day_does_not_have_is_the_next_one(self) -> None:
        one = Subscription(frequency="daily", hour=2)
        with self.settings(ANALYTICS_TIME_ZONE="Europe/Vienna"):  # on 29 March 2026 two o'clock is left out
            self.assertEqual(due_day(one, datetime(2026, 3, 29, 0, 59, tzinfo=UTC)), date(2026, 3, 28))
            self.assertEqual(due_day(one, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)), date(2026, 3, 29))

    def test_a_letter_tells_of_whole_days_before_its_own(self) -> None:
        day = date(2026, 5, 5)
        daily, weekly = Subscription(frequency="daily"), Subscription(frequency="weekly")
        self.assertEqual(subscriptions.days_of(daily, day), (date(2026, 5, 4), date(2026, 5, 4)))
        self.assertEqual(subscriptions.days_of(weekly, day), (date(2026, 4, 28), date(2026, 5, 4)))

    def test_the_task_says_what_it_did(self) -> None:
        self.subscribed()
        with clock.frozen(MORNING):
            self.assertEqual(send_subscriptions(), {"queued": 1, "postponed": 0})

    def test_figures_that_cannot_be_read_now_keep_it_due(self) -> None:
        self.subscribed()
        with mock.patch("analytics.dashboard.boards.letters.main_figures", side_effect=Unavailable("away")):
            self.assertEqual(self.run_at(MORNING), Sent(0, 1))
        self.assertEqual(self.run_at(MORNING), Sent(1, 0))

    def test_one_that_waits_holds_up_no_other(self) -> None:
        self.subscribed(self.report("first"))
        self.subscribed(self.report("second"))

        def write_second(one: Subscription, first: date, last: date) -> dict[str, Any]:
            if one.report is not None and one.report.name == "first":
                raise Unavailable("away")
            return write(one, first, last)

        with clock.frozen(MORNING):
            self.assertEqual(send_due(write_second), Sent(1, 1))


class PlanTest(SubscriptionsTestCase):
    """The form."""

    def subscribe(self, **fields: Any) -> str:
        given = {
            "addresses": f"{ADA}, {GRACE}",
            "frequency": "weekly",
            "weekday": "4",
            "hour": "18",
            **fields,
        }
        found = self.post("subscribe", given, kind="report", subject=self.subject.uuid)
        return str(self.client.get(found["Location"]).content.decode())

    def setUp(self) -> None:
        super().setUp()
        self.subject = self.report()

    def test_it_is_kept_and_shown(self) -> None:
        page = self.subscribe(addresses=f" {ADA};{GRACE}\n{ADA} ")
        kept = Subscription.objects.get()
        self.assertEqual((kept.addresses, kept.weekday, kept.hour), ([ADA, GRACE], 4, 18))
        self.assertIn("every Friday at 18:00", page)
        self.assertIn(f"{ADA}, {GRACE}", self.get("report_data", report=self.subject.uuid))

    def test_what_is_wrong_is_named_and_nothing_is_kept(self) -> None:
        for fields, words in (
            ({"addresses": ""}, "1 to 20"),
            ({"addresses": "nobody"}, "nobody"),
            ({"addresses": f"{ADA}\r\nBcc: x@example.org"}, "Bcc:"),
            ({"addresses": " ".join(f"a{n}@example.org" for n in range(21))}, "1 to 20"),
            ({"frequency": "hourly"}, "Every day or every week"),
            ({"hour": "24"}, "hour from 0 to 23"),
            ({"weekday": "-1"}, "whole number"),
        ):
            with self.subTest(fields):
                self.assertIn(words, self.subscribe(**fields))
                self.assertFalse(Subscription.objects.exists())

    def test_without_an_address_of_its_own_the_deployment_sends_none(self) -> None:
        with self.settings(ANALYTICS_PUBLIC_URL=""):
            self.assertIn("ANALYTICS_PUBLIC_URL", self.subscribe())
            self.assertIn("ANALYTICS_PUBLIC_URL", self.get("report_data", report=self.subject.uuid))
        self.assertFalse(Subscription.objects.exists())

    def test_it_ends_for_all(self) -> None:
        self.subscribe()
        self.post("subscription_end", subscription=Subscription.objects.get().uuid)
        self.assertFalse(Subscription.objects.exists())

    def test_others_than_staff_subscribe_nobody(self) -> None:
        client = Client()
        client.force_login(alice())
        url = reverse("analytics:subscribe", kwargs={"kind": "report", "subject": self.subject.uuid})
        self.assertEqual(client.post(url, {"addresses": ADA, "frequency": "daily"}).status_code, 302)
        self.assertFalse(Subscription.objects.exists())


class LetterTest(SubscriptionsTestCase):
    """What a letter says."""

    def letter(self, subject: Any = None, **plan: Any) -> Any:
        """The first letter, delivered."""
        self.subscribed(subject, **plan)
        self.run_at(MORNING)
        return self.deliver()[0]

    def test_it_compares_with_the_period_before_as_text_and_html(self) -> None:
        send_batch(*(at(f"2026-05-0{day}T08:00", "view", f"u{n}") for day in (3, 4) for n in range(day - 1)))
        sent = self.letter()  # on the 3rd two and one of the stream, on the 4th three
        self.assertEqual(sent.subject, "Views: May 4, 2026")
        self.assertRegex(sent.body, r"view +3 +3 +0.0%")
        [(markup, kind)] = sent.alternatives
        self.assertEqual(kind, "text/html")
        self.assertIn(">view</th>", markup)
        self.assertIn("https://stats.example.org/dashboard/reports/", sent.body)

    def test_a_week_of_a_dashboard_has_a_table_for_each_report(self) -> None:
        board = self.board(self.report("Views"), self.report("Way", FUNNEL, "funnel"))
        sent = self.letter(board, frequency="weekly", weekday=1)
        self.assertIn("Mornings: April 28, 2026", sent.subject)
        self.assertRegex(sent.body, r"view +5 +0 +–")  # noqa: RUF001 (the dash of tables)
        self.assertRegex(sent.body, r"Conversion +66.7%")
        self.assertRegex(sent.body, r"2\. paid +2 +0")

    def test_every_analysis_has_main_figures(self) -> None:
        span = {"date_from": "2026-05-01", "date_to": "2026-05-05"}
        for name, given, label in (
            ("trends", {"series": [{"measure": "count"}]}, "All events"),
            ("funnel", {key: FUNNEL[key] for key in ("steps", "window_seconds")}, "Conversion"),
            ("retention", {"interval": "day", "periods": 3}, "People who started"),
            ("paths", {"within": "person"}, "1. view → paid"),
            ("lifecycle", {"interval": "day"}, "New"),
            ("stickiness", {}, "People"),
        ):
            with self.subTest(name):
                figures = {one.label: one for one in main_figures(questions.fit(name, {**span, **given}))}
                self.assertTrue(figures[label].now)
                quiet = {"date_from": "2025-05-01", "date_to": "2025-05-02"}
                self.assertEqual(main_figures(questions.fit(name, {**quiet, **given})), [])

    def test_a_day_without_anything_says_so(self) -> None:
        self.assertIn("Nothing happened.", self.letter().body)

    def test_a_question_that_no_longer_fits_says_so_and_the_others_go_on(self) -> None:
        send_batch(at("2026-05-04T08:00", "view", "u1"))
        lost = self.report("Lost")
        SavedReport.objects.filter(pk=lost.pk).update(question={"days": 7, "serie": 1})
        sent = self.letter(self.board(lost, self.report("Views")))
        self.assertIn("cannot be asked any more", sent.body)
        self.assertRegex(sent.body, r"view +1")

    def test_hostile_names_are_text_and_make_no_header(self) -> None:
        send_batch(posthog_event(HOSTILE, "u1", timestamp="2026-05-04T08:00:00Z"))
        question = {**TRENDS, "series": [{"event": HOSTILE}]}
        report = self.report(f"{HOSTILE}\r\nBcc: x@example.org", question)
        sent = self.letter(report)
        self.assertNotIn("\n", sent.subject)
        self.assertEqual(sent.bcc, [])
        self.assertNotIn(HOSTILE, sent.alternatives[0][0])
        self.assertIn("&lt;script&gt;", sent.alternatives[0][0])

    def test_tables_of_any_payload_do_no_harm(self) -> None:
        payloads: tuple[Any, ...] = (
            None,
            "x",
            [None],
            [{}],
            [{"columns": 3, "rows": [5]}],
            [{"columns": ["a"], "rows": [["b", "c"]]}],
        )
        for tables in payloads:
            made = letter.compose("report", {"title": "t", "tables": tables})
            self.assertIn("t", made.as_text())
            self.assertIn("t", made.as_html())


class OnceTest(SubscriptionsTestCase):
    """A period is sent once."""

    def test_however_often_the_task_runs(self) -> None:
        self.subscribed(addresses=[ADA, GRACE])
        self.assertEqual([self.run_at(MORNING).queued for _ in range(4)], [2, 0, 0, 0])
        self.assertEqual(sorted(one.to[0] for one in self.deliver()), [ADA, GRACE])

    def test_a_worker_that_dies_before_the_commit_has_sent_nothing(self) -> None:
        self.subscribed()
        with (
            mock.patch.object(Subscription, "save", side_effect=RuntimeError("killed")),
            self.assertRaises(RuntimeError),
        ):
            self.run_at(MORNING)
        self.assertFalse(OutboxMessage.objects.exists())
        self.assertEqual(self.run_at(MORNING).queued, 1)


@override_settings(**SET_UP)
class TogetherTest(TransactionTestCase):
    """Workers at the same time."""

    def test_several_workers_send_one_letter(self) -> None:
        with clock.frozen(NOON):
            user = alice()
            report = SavedReport.objects.create(name="Views", analysis="trends", question=TRENDS, owner=user)
            subscribe(user, report, Plan([ADA], "daily"))
        together = threading.Barrier(4)
        queued: list[int] = []

        def write_together(*_: Any) -> dict[str, Any]:
            together.wait(timeout=20)
            return {"title": "Views"}

        def run() -> None:
            queued.append(send_due(write_together).queued)
            connections.close_all()

        with clock.frozen(MORNING):
            threads = [threading.Thread(target=run) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(sorted(queued), [0, 0, 0, 1])
        self.assertEqual(OutboxMessage.objects.count(), 1)


class LeavingTest(SubscriptionsTestCase):
    """The link in a letter."""

    def setUp(self) -> None:
        super().setUp()
        self.made = self.subscribed(addresses=[ADA, GRACE])
        link = subscribers.unsubscribe_link(self.made.pk, ADA)
        self.path = link.removeprefix("https://stats.example.org")
        self.reader_at_home = Client(enforce_csrf_checks=True)

    def test_letters_carry_it_in_headers_and_text(self) -> None:
        self.run_at(MORNING)
        sent = next(one for one in self.deliver() if one.to == [ADA])
        link = f"https://stats.example.org{self.path}"
        self.assertEqual(sent.extra_headers["List-Unsubscribe"], f"<{link}>")
        self.assertEqual(sent.extra_headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.assertIn(f"Unsubscribe: {link}", sent.body)
        self.assertIn(f'href="{link}"', sent.alternatives[0][0])

    def test_looking_at_it_ends_nothing_and_offers_a_button(self) -> None:
        page = self.reader_at_home.get(self.path)
        self.assertContains(page, "<button")
        self.made.refresh_from_db()
        self.assertEqual(self.made.addresses, [ADA, GRACE])

    def test_a_mailbox_ends_it_with_one_post_and_no_cookie(self) -> None:
        body = {"List-Unsubscribe": "One-Click"}
        for _ in range(2):
            self.assertEqual(self.reader_at_home.post(self.path, body).status_code, 200)
        self.made.refresh_from_db()
        self.assertEqual((self.made.addresses, self.made.is_enabled), ([GRACE], True))
        self.assertNotContains(self.reader_at_home.get(self.path), "<button")

    def test_the_last_who_leaves_ends_it(self) -> None:
        subscribers.leave(self.path.split("/")[2])
        subscribers.leave(subscribers.unsubscribe_link(self.made.pk, GRACE).split("/")[4])
        self.made.refresh_from_db()
        self.assertFalse(self.made.is_enabled)
        self.assertEqual(self.run_at(MORNING), Sent())

    def test_a_letter_that_waits_is_not_sent_to_whoever_has_left(self) -> None:
        self.run_at(MORNING)
        subscribers.leave(self.path.split("/")[2])
        self.assertEqual([one.to for one in self.deliver()], [[GRACE]])
        dead = OutboxMessage.objects.get(state=OutboxState.DEAD)
        self.assertIn("not subscribed any more", dead.last_error)

    def test_a_link_cannot_be_made_up_or_changed(self) -> None:
        signed = self.path.split("/")[2]
        for forged in ("x", signed[:-2], f"x{signed}", subscribers.PATH):
            self.assertEqual(self.reader_at_home.post(f"/unsubscribe/{forged}/").status_code, 404)
        self.made.refresh_from_db()
        self.assertEqual(self.made.addresses, [ADA, GRACE])

    def test_a_link_of_a_past_subscription_leads_nowhere(self) -> None:
        self.made.delete()
        self.assertEqual(self.reader_at_home.get(self.path).status_code, 404)
