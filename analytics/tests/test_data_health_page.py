"""The page of data health: its figures are the API's, refused events are text, and replay is an act with a right."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client

from analytics import clock, conf
from analytics.models import LedgerEntry, OutboxMessage, RejectedEvent, UserEvent
from analytics.models.choices import OutboxState
from analytics.reports import ingestion, recent_receipts
from analytics.store import forwarded
from analytics.store.sealing import seal_all
from analytics.tests.cast import LakeTestCase, posthog_event, sam_the_staff, send_batch
from analytics.tests.test_people_page import HOSTILE, client_of, grant
from analytics.tests.test_replay import a_strict_rule

PAGE = "/dashboard/data-health/"
HTMX = {"HX-Request": "true"}


class HealthCase(LakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.client = client_of(User.objects.create_superuser("root", password="root-password-1"))

    def text(self, part: str = "data/", **query: Any) -> str:
        answer = self.client.get(f"{PAGE}{part}", query)
        self.assertEqual(answer.status_code, 200, part)
        return answer.content.decode()


class LedgerTest(HealthCase):
    def test_its_figures_are_those_of_the_api_and_add_up(self) -> None:
        known = posthog_event()
        send_batch(known, known, posthog_event(""), posthog_event("x", ""))
        LedgerEntry.objects.create(hour=clock.now() - timedelta(days=40), outcome="stored", count=1000)
        page = self.text(days=7)
        shown = {
            name: int(value.replace(",", ""))
            for name, value in re.findall(r'id="ledger-(\w+)">([\d,]+)<', page)
        }
        today = clock.today(conf.get().zone)
        told = ingestion.ledger(today - timedelta(days=6), today + timedelta(days=1))
        self.assertEqual(
            shown,
            {
                "received": told.received,
                "stored": told.stored,
                "duplicate": told.duplicate,
                "quarantined": told.quarantined,
                "rejected": sum(told.rejected.values()),
            },
        )
        self.assertEqual(
            shown["received"], shown["stored"] + shown["duplicate"] + shown["quarantined"] + shown["rejected"]
        )
        self.assertEqual(shown["rejected"], 2)

    def test_an_empty_deployment_says_what_to_do(self) -> None:
        self.assertIn("Send a first event", self.text())

    def test_ranges_that_are_none_are_told_off(self) -> None:
        for query in (
            "days=x",
            "days=0",
            "from=2020-02-01&to=2020-01-01",
            "from=0001-01-01&to=9999-12-31",
            "from=2020-01-01",
            "from=9999-12-30&to=9999-12-31",
        ):
            self.assertIn(self.client.get(f"{PAGE}data/?{query}").status_code, (200, 400), query)
            self.assertEqual(self.client.get(f"{PAGE}?{query}").status_code, 200, query)

    def test_only_staff_come_in(self) -> None:
        for part in ("", "data/", "stages/", "refused/", "recent/", "receipt/"):
            self.assertTrue(Client().get(f"{PAGE}{part}")["Location"].startswith("/admin/login/"), part)


class RefusedTest(HealthCase):
    def test_bodies_are_shown_as_text_to_those_who_may(self) -> None:
        send_batch(posthog_event("", properties={HOSTILE: HOSTILE}))
        page = self.text("refused/")
        self.assertIn("&lt;script&gt;alert(1)", page)
        self.assertNotIn("<script>alert", page)
        plain = client_of(sam_the_staff()).get(f"{PAGE}refused/").content.decode()
        self.assertNotIn("alert(1)", plain)
        self.assertNotIn("/replay/", plain)

    def test_pages_and_reasons(self) -> None:
        send_batch(*(posthog_event("") for _ in range(25)), posthog_event("x", ""))
        first = self.text("refused/", reason="missing_event_name")
        self.assertEqual(first.count('id="refused-'), 20)
        more = re.search(r'hx-get="([^"]+before=[^"]+)"', first)
        assert more is not None
        self.assertEqual(
            self.client.get(more[1].replace("&amp;", "&")).content.decode().count('id="refused-'), 5
        )

    def test_hostile_parameters_never_break_it(self) -> None:
        for query in (
            "before=x",
            "before=99999999999999999999999",
            "before=-1",
            "before=²",
            "reason=%00",
            "reason=" + HOSTILE,
        ):
            answer = self.client.get(f"{PAGE}refused/?{query}")
            self.assertIn(answer.status_code, (200, 400), query)
            self.assertNotIn("<script>alert", answer.content.decode())
        self.assertIn(self.client.post(f"{PAGE}replay/{10**30}/").status_code, (303, 404))
        self.assertEqual(self.client.post(f"{PAGE}replay/", {"reason": "\0", "after": "x"}).status_code, 200)


class ReplayActTest(HealthCase):
    def setUp(self) -> None:
        super().setUp()
        with a_strict_rule():
            send_batch(*(posthog_event("bought", f"u{number}") for number in range(3)))
        self.row = RejectedEvent.objects.earliest("pk")

    def test_one_row_shows_what_became_of_it(self) -> None:
        answer = self.client.post(f"{PAGE}replay/{self.row.pk}/", headers=HTMX)
        self.assertContains(answer, "Stored now.")
        self.assertContains(answer, f'id="refused-{self.row.pk}"')
        again = self.client.post(f"{PAGE}replay/{self.row.pk}/", headers=HTMX)
        self.assertContains(again, "replayed already")
        self.assertEqual(UserEvent.objects.count(), 1)
        self.assertEqual(ingestion.ledger().received, 3)

    def test_without_script_it_ends_on_the_page_with_a_message(self) -> None:
        self.assertContains(self.client.post(f"{PAGE}replay/{self.row.pk}/", follow=True), "Stored now.")

    def test_all_of_a_reason_show_their_progress_to_the_end(self) -> None:
        with (
            mock.patch("analytics.ingestion.replay.TURN_S", 0),
            mock.patch("analytics.ingestion.replay._AT_ONCE", 2),
        ):
            first = self.client.post(f"{PAGE}replay/", {"reason": "event_too_large"})
            self.assertContains(first, "2 of 3 replayed")
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', first.content.decode()))
            last = self.client.post(f"{PAGE}replay/", fields)
        self.assertContains(last, "3 of 3 replayed")
        self.assertContains(last, "3 stored")
        self.assertEqual((UserEvent.objects.count(), ingestion.ledger().received), (3, 3))

    def test_it_needs_the_right_and_the_token_of_the_form(self) -> None:
        sam = sam_the_staff()
        for path in (f"{PAGE}replay/{self.row.pk}/", f"{PAGE}replay/"):
            for headers in ({}, HTMX):
                self.assertEqual(
                    client_of(sam).post(path, {"reason": "event_too_large"}, headers=headers).status_code, 403
                )
            checked = client_of(User.objects.get(username="root"), checks_csrf=True)
            self.assertEqual(checked.post(path, {"reason": "event_too_large"}).status_code, 403)
        self.assertEqual(UserEvent.objects.count(), 0)
        allowed = client_of(grant(sam, "change_rejectedevent"))
        self.assertEqual(allowed.post(f"{PAGE}replay/{self.row.pk}/", headers=HTMX).status_code, 200)
        self.assertEqual(UserEvent.objects.count(), 1)


class StagesTest(HealthCase):
    def test_sealing_and_lake_are_as_they_are(self) -> None:
        send_batch(posthog_event(), posthog_event())
        self.assertIn("2 events wait", self.text("stages/"))
        seal_all()
        page = self.text("stages/")
        self.assertIn("Up to date", page)
        self.assertRegex(page, r"Rows</dt><dd>2<")

    def test_events_that_wait_long_are_a_warning(self) -> None:
        send_batch(posthog_event())
        with clock.frozen(clock.now() + timedelta(minutes=5)):
            page = self.text("stages/")
        self.assertIn("Stands still", page)
        self.assertIn("are the worker and beat running?", page)

    def test_a_sink_and_its_fault_and_the_outbox(self) -> None:
        forwarded.state_of("posthog")
        send_batch(posthog_event())
        forwarded.note_fault("posthog", HOSTILE, timedelta(minutes=1))
        OutboxMessage.objects.create(sink="target:7", kind="alert", state=OutboxState.DEAD)
        page = self.text("stages/")
        self.assertIn("1 fault in a row", page)
        self.assertIn("&lt;script&gt;", page)
        self.assertRegex(page, r"Events waiting</dt><dd>1,")
        self.assertIn("target:7", page)


class RecentTest(HealthCase):
    def test_each_line_says_what_the_receipt_says(self) -> None:
        known = posthog_event("seen")
        forwarded.state_of("posthog")
        send_batch(known)
        seal_all()
        send_batch(known, posthog_event(HOSTILE), posthog_event(""))
        for line in recent_receipts.recent():
            if line.outcome == "duplicate":
                continue
            told = ingestion.receipt(line.uuid)
            self.assertEqual(
                (line.outcome, line.reason or None, line.stored_at, line.is_sealed, line.forwarded_at),
                (told.outcome, told.reason, told.stored_at, told.sealed, told.forwarded_at),
            )
        self.assertEqual(
            sorted(line.outcome for line in recent_receipts.recent()),
            ["duplicate", "rejected", "stored", "stored"],
        )
        page = self.text("recent/")
        self.assertNotIn("<script>alert", page)
        self.assertIn(str(known["uuid"]), page)

    def test_one_event_is_found_by_its_uuid(self) -> None:
        known = posthog_event()
        send_batch(known)
        self.assertIn("Stored", self.text("receipt/", uuid=known["uuid"]))
        self.assertEqual(self.client.get(f"{PAGE}receipt/", {"uuid": str(uuid4())}).status_code, 404)
        for text in ("", "x", "\0", HOSTILE):
            answer = self.client.get(f"{PAGE}receipt/", {"uuid": text})
            self.assertEqual(answer.status_code, 400)
            self.assertNotIn("<script>alert", answer.content.decode())
