"""People, data health, live and settings in a real Chromium: every screen, axe-core, acts, a live event."""

from __future__ import annotations

import tempfile
import uuid
from datetime import timedelta
from unittest import mock
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships none
from django.test import override_settings
from playwright.sync_api import Page, expect

from analytics.ingestion import pipeline
from analytics.ingestion.event import Event, Reason, Rejected
from analytics.models import AlertTarget, PersonDistinctId
from analytics.store import forwarded
from analytics.store.sealing import seal_all
from analytics.tests.cast import TOKEN, posthog_event, send_batch
from loopin_backend.tests.test_browser import HOSTILE, BrowserTest

PEOPLE, HEALTH = "/dashboard/people/", "/dashboard/data-health/"
LIVE, SETTINGS = "/dashboard/live/", "/dashboard/settings/"
LEVEL_AA = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def _refuse(event: Event) -> None:
    raise Rejected(Reason.EVENT_TOO_LARGE, "a rule of this test")


class PagesCase(BrowserTest):
    """A person with a history, refused events, a sink with a fault and a target, all with hostile names."""

    def setUp(self) -> None:
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(override_settings(ANALYTICS_LAKE_URI=folder))
        url = "https://shop.example/" + "very-long/" * 40
        send_batch(
            *(
                posthog_event(f"viewed {number}", "ann", properties={"$current_url": url})
                for number in range(70)
            ),
            posthog_event(
                HOSTILE, "ann", properties={HOSTILE: HOSTILE, "$set": {"name": HOSTILE, "city": HOSTILE}}
            ),
            posthog_event("paid", "bob", properties={"revenue": 20}),
            posthog_event("$identify", "ann", properties={"$anon_distinct_id": f"visitor {HOSTILE}"}),
            posthog_event("", properties={HOSTILE: HOSTILE}),
        )
        seal_all()
        with mock.patch.object(pipeline, "PIPELINE", (*pipeline.PIPELINE, _refuse)):
            send_batch(posthog_event("mended", "cid"), posthog_event("mended", "cid"))
        forwarded.state_of("posthog")
        forwarded.note_fault("posthog", HOSTILE, timedelta(minutes=1))
        AlertTarget.objects.create(name=HOSTILE, kind="email", address="ops@example.org")
        self.person = f"{PEOPLE}{PersonDistinctId.objects.get(distinct_id='ann').person.root.uuid}/"

    def log_in(self, page: Page, path: str = PEOPLE) -> None:
        """Through the login, whose own address ends like the page's."""
        super().log_in(page, path)
        page.wait_for_url(lambda url: urlsplit(url).path == path)

    def open(self, page: Page, path: str) -> None:
        """Go there, and wait until all of it stands."""
        page.goto(f"{self.live_server_url}{path}")
        expect(page.locator("#data")).to_have_attribute("aria-busy", "false")
        expect(page.locator("#data .bones")).to_have_count(0)

    def assert_accessible(self, page: Page) -> None:
        found = Axe().run(page, options=LEVEL_AA)
        self.assertEqual(found.violations_count, 0, found.generate_report())


class ScreensTest(PagesCase):
    def test_every_page_stands_on_every_screen_without_complaint_and_is_accessible(self) -> None:
        browser = self.open_browser()
        for screen in self.on_every_screen():
            page = self.visit(browser, **screen)
            self.log_in(page, PEOPLE)
            for path in (PEOPLE, self.person, HEALTH, LIVE, SETTINGS):
                with self.subTest(path=path, **screen):
                    self.open(page, path)
                    page.evaluate(
                        "document.querySelectorAll('#data details').forEach(part => { part.open = true })"
                    )
                    self.assert_at_ease(page)
                    self.assert_accessible(page)
                    self.assertNotEqual(page.title(), "taken over")
            page.context.close()


class ActsTest(PagesCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = self.visit(self.open_browser())
        self.log_in(self.page, PEOPLE)

    def test_a_search_narrows_the_list_and_stays_in_the_address(self) -> None:
        self.page.fill("#people-search", "bob")
        expect(self.page.locator("table.rows tbody tr")).to_have_count(1)
        self.page.wait_for_url("**?search=bob")
        self.page.click("table.rows tbody a")
        expect(self.page.locator("#person-name")).to_have_text("bob")
        self.assert_at_ease(self.page)

    def test_the_timeline_goes_on_by_older(self) -> None:
        self.open(self.page, self.person)
        names = self.page.locator("#timeline .events .name")
        expect(names).to_have_count(50)
        self.page.click("#timeline .older button")
        expect(names).to_have_count(72)
        self.page.fill("#timeline-event", "viewed 3")
        expect(names).to_have_count(1)
        self.assert_at_ease(self.page)

    def test_people_are_joined_after_a_preview_and_parted_again(self) -> None:
        self.open(self.page, self.person)
        self.page.fill("#merge-other", "nobody at all")
        self.page.click(".merge-form button")
        expect(self.page.locator("#merge-preview [role=alert]")).to_contain_text("Nobody goes by")
        self.page.fill("#merge-other", "bob")
        self.page.click(".merge-form button")
        expect(self.page.locator("#merge-preview")).to_contain_text("73 events of 2 people")
        self.page.click("#merge-preview form button")
        expect(self.page.locator(".said")).to_contain_text("73 events of 2 people are joined")
        self.page.locator(".merges form button").first.click()
        expect(self.page.locator(".said")).to_contain_text("taken back")
        self.complaints.clear()  # Chromium tells of the 404 that was meant

    def test_an_erasure_asks_for_the_id_and_shows_the_certificate(self) -> None:
        self.open(self.page, self.person)
        self.page.click("#erase summary")
        button = self.page.locator("#erase button")
        expect(button).to_be_disabled()
        self.page.fill("#erase-confirmation", "an")
        expect(button).to_be_disabled()
        self.page.fill("#erase-confirmation", self.page.locator("#erase label code").inner_text())
        button.click()
        expect(self.page.locator("#certificate-title")).to_contain_text("erased")
        self.assert_accessible(self.page)
        self.assert_at_ease(self.page)

    def test_refused_events_are_replayed_one_and_all(self) -> None:
        self.open(self.page, HEALTH)
        row = self.page.locator(".refused li", has_text="a rule of this test").first
        row.locator("summary").click()
        row.locator("form button").click()
        expect(self.page.locator(".refused")).to_contain_text("Stored now.")
        self.page.click("button[aria-label='Replay all: Too large']")
        expect(self.page.locator("#replay")).to_contain_text("1 of 1 replayed")
        self.page.click("#replay [data-again]")
        expect(self.page.locator("#ledger-rejected")).to_have_text("1")
        self.assert_at_ease(self.page)

    def test_a_key_is_made_and_switched_off(self) -> None:
        self.open(self.page, SETTINGS)
        self.page.fill("#key-label", "kiosk")
        self.page.click(".make-key button")
        expect(self.page.locator(".said")).to_contain_text("The key “kiosk” is lk_")
        self.page.click("button[aria-label='Switch kiosk off']")
        expect(self.page.locator(".said")).to_contain_text("switched off")
        self.assert_at_ease(self.page)

    def test_a_part_that_fails_says_so_and_the_others_stand(self) -> None:
        self.page.route(
            "**/data-health/stages/**", lambda route: route.fulfill(status=500, body="<h1>Traceback</h1>")
        )
        self.page.goto(f"{self.live_server_url}{HEALTH}")
        expect(self.page.locator("#stages [role=alert]")).to_contain_text("The server did not answer.")
        expect(self.page.locator("#recent table")).to_be_visible()


class LiveTest(PagesCase):
    def send(self, page: Page, name: str) -> None:
        event = {"api_key": TOKEN, "event": name, "distinct_id": "me", "uuid": str(uuid.uuid4())}
        self.assertEqual(page.request.post(f"{self.live_server_url}/capture/", data=event).status, 200)

    def test_an_event_appears_and_none_while_it_pauses(self) -> None:
        page = self.visit(self.open_browser())
        self.log_in(page, LIVE)
        names = page.locator("#live-rows .name")
        expect(page.locator("#live-state")).to_contain_text("Live")
        self.send(page, "just now")
        expect(names.first).to_have_text("just now", timeout=15_000)
        expect(page.locator("#live-minute")).to_have_text("1")
        page.click("#live-pause")
        expect(page.locator("#live-state")).to_contain_text("Paused")
        self.send(page, "in the pause")
        page.click("#live-pause")
        expect(names.first).to_have_text("in the pause", timeout=15_000)
        page.fill("#live-event", "PAID")
        expect(names).to_have_count(1)
        expect(names.first).to_have_text("paid")
        self.assert_at_ease(page)
