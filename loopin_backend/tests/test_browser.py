"""The dashboard and the admin's login in a real Chromium: light and dark, wide and on a phone, by keyboard.

The browser's driver runs a loop of its own in this thread, in which Django refuses its database: rows are made before
`open_browser`, and the pages are asked afterwards.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from playwright.sync_api import Browser, Page, Route, expect

from analytics.tests.cast import TOKEN, make_key, posthog_event, send_batch
from loopin_backend.tests.browser import launch, need_chromium, quit_browser

PASSWORD = "root-password-1"
HOSTILE = "<script>document.title='taken over'</script><img src=x onerror=alert(1)>"
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
OVERVIEW = "/dashboard/overview/"
#: Whether a canvas has anything drawn on it, and whether the page is wider than its window.
IS_DRAWN = (
    "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(v => v)"
)
OVERFLOW_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.slow
class BrowserTest(StaticLiveServerTestCase):
    """Each test has a browser and visitors of its own."""

    def setUp(self) -> None:
        self.chromium = need_chromium()
        User.objects.create_superuser("root", password=PASSWORD)
        make_key()
        self.complaints: list[str] = []

    def open_browser(self) -> Browser:
        """Start Chromium; from here on the test may not touch the database."""
        driver, browser = launch(self.chromium)
        self.addCleanup(quit_browser, driver, browser)
        return browser

    def visit(
        self, browser: Browser, *, size: str = "wide", scheme: str = "light", language: str = "en-GB"
    ) -> Page:
        """A page of a new visitor, whose complaints and strange hosts end the test."""
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=language,
        )
        page = context.new_page()
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self._hear("error", str(error)))
        page.on("dialog", lambda dialog: self._hear("error", f"dialog: {dialog.message}"))
        context.on("request", lambda request: self._see(request.url))
        return page

    def log_in(self, page: Page, path: str = OVERVIEW) -> None:
        """Open a page by way of the login form."""
        page.goto(f"{self.live_server_url}{path}")
        page.fill("#id_username", "root")
        page.fill("#id_password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{path}")

    def assert_at_ease(self, page: Page) -> None:
        """No complaint so far, nothing asked elsewhere, nothing wider than the window."""
        self.assertEqual(self.complaints, [])
        self.assertLessEqual(page.evaluate(OVERFLOW_PX), 0)

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _see(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != self.live_server_url:
            self.complaints.append(f"asked another host: {url}")

    def on_every_screen(self) -> list[dict[str, str]]:
        """All sizes in all colours."""
        return [{"size": size, "scheme": scheme} for size in SIZES for scheme in SCHEMES]


class OverviewTest(BrowserTest):
    """The overview with events."""

    def setUp(self) -> None:
        super().setUp()
        send_batch(
            posthog_event(
                "$pageview", "u1", properties={"$current_url": "https://shop.example/" + "very-long/" * 40}
            ),
            posthog_event(HOSTILE, "u1"),
            posthog_event("paid", "u2", properties={"revenue": 20}),
        )

    def test_it_is_drawn_on_every_screen_without_complaint(self) -> None:
        browser = self.open_browser()
        for screen in self.on_every_screen():
            with self.subTest(**screen):
                page = self.visit(browser, **screen)
                self.log_in(page)
                expect(page.locator("#data")).to_have_attribute("aria-busy", "false")
                expect(page.locator("#figure-people")).to_have_text(
                    "3"
                )  # the one who logged in is a person too
                for key in ("events", "people"):
                    self.assertTrue(page.locator(f"#chart-{key}").evaluate(IS_DRAWN))
                is_dark = "dark" in (page.locator("html").get_attribute("class") or "")
                self.assertEqual(is_dark, screen["scheme"] == "dark")
                self.assertEqual(page.title(), "Overview | Loopin Analytics")
                self.assert_at_ease(page)
                page.context.close()

    def test_everything_open_still_fits_a_phone(self) -> None:
        page = self.visit(self.open_browser(), size="phone")
        self.log_in(page)
        page.locator("#figure-people").wait_for()
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        self.assert_at_ease(page)

    def test_the_range_changes_without_a_new_page_and_stays_in_the_address(self) -> None:
        page = self.visit(self.open_browser())
        self.log_in(page)
        page.locator("#figure-events").wait_for()
        page.evaluate("window.isTheSamePage = true")
        page.click("#range-30")
        page.wait_for_url("**?days=30")
        expect(page.locator("#range-30")).to_have_attribute("aria-current", "true")
        expect(page.locator(".range-line strong")).to_contain_text(" ")
        page.click("#range-custom")
        page.fill("#range-from", "2020-01-01")
        page.fill("#range-to", "2020-01-31")
        page.click("#range-show")
        page.wait_for_url("**?from=2020-01-01&to=2020-01-31")
        expect(page.locator("#data")).to_contain_text("No event in this range")
        self.assertTrue(page.evaluate("window.isTheSamePage"))
        page.go_back()
        page.wait_for_url("**?days=30")
        expect(page.locator("#range-30")).to_have_attribute("aria-current", "true")
        page.locator("#figure-events").wait_for()
        self.assert_at_ease(page)

    def test_it_works_by_keyboard(self) -> None:
        page = self.visit(self.open_browser())
        self.log_in(page)
        page.locator("#figure-events").wait_for()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        self.assertEqual(page.evaluate("document.activeElement.id"), "main")
        page.focus("[popovertarget=proof-events]")
        page.keyboard.press("Enter")
        expect(page.locator("#proof-events")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#proof-events")).to_be_hidden()
        page.keyboard.press("Enter")
        page.locator("#proof-events a[href='#proof']").press("Enter")
        expect(page.locator("#proof-sql")).to_be_visible()
        expect(page.locator("#proof summary")).to_be_focused()
        self.assert_at_ease(page)

    def test_the_menu_of_a_phone_opens_and_closes_with_its_focus(self) -> None:
        page = self.visit(self.open_browser(), size="phone")
        self.log_in(page)
        expect(page.locator("#sidebar")).to_be_hidden()
        page.click("#menu-button")
        expect(page.locator("#sidebar")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#sidebar")).to_be_hidden()
        expect(page.locator("#menu-button")).to_be_focused()
        self.assert_at_ease(page)

    def test_a_colour_chosen_here_goes_for_the_admin_too(self) -> None:
        page = self.visit(self.open_browser())
        self.log_in(page)
        page.click(".account summary")
        page.click("[data-theme=dark]")
        expect(page.locator("html")).to_have_class("dark")
        page.goto(f"{self.live_server_url}/admin/")
        expect(page.locator("html")).to_have_class("dark")
        self.assert_at_ease(page)

    def test_a_failure_is_a_panel_and_another_try_brings_the_figures(self) -> None:
        page = self.visit(self.open_browser())
        failures: list[Any] = [
            lambda route: route.fulfill(status=500, body="<h1>Traceback</h1>"),
            Route.abort,
        ]

        def fail_twice(route: Route) -> None:
            failures.pop(0)(route) if failures else route.continue_()

        page.route("**/overview/data/**", fail_twice)
        self.log_in(page)
        for left in (1, 0):
            expect(page.locator("#data [role=alert]")).to_contain_text("The server did not answer.")
            self.assertNotIn("Traceback", page.locator("#data").inner_text())
            self.assertEqual(len(failures), left)
            page.click("#data [data-again]")
            if left:
                expect(page.locator("#data")).to_have_attribute("aria-busy", "false")
        expect(page.locator("#figure-people")).to_be_visible()

    def test_the_chart_speaks_the_language_of_the_page_and_not_of_the_browser(self) -> None:
        page = self.visit(self.open_browser(), language="de-DE")
        self.log_in(page)
        expect(page.locator("#data")).to_have_attribute("aria-busy", "false")
        page.locator("#figure-events").wait_for()
        labels = page.evaluate("Chart.getChart('chart-events').data.labels")
        self.assertRegex(
            labels[0], r"^[A-Z][a-z]{2} \d+$"
        )  # the page speaks English, whatever the browser prefers


class FirstHourTest(BrowserTest):
    """An empty deployment."""

    def test_it_waits_and_turns_green_as_the_first_event_arrives(self) -> None:
        page = self.visit(self.open_browser())
        self.log_in(page)
        expect(page.locator("#arrival")).to_contain_text("Waiting for the first event")
        self.assertIn(TOKEN, page.locator("#snippet-curl").inner_text())
        event = {"api_key": TOKEN, "event": "hello", "distinct_id": "me"}
        self.assertEqual(page.request.post(f"{self.live_server_url}/capture/", data=event).status, 200)
        expect(page.locator("#arrival.done")).to_contain_text("hello arrived", timeout=15_000)
        page.click("#arrival [data-again]")
        expect(page.locator("#ranking-events")).to_be_visible()
        self.assert_at_ease(page)

    def test_it_fits_every_screen(self) -> None:
        browser = self.open_browser()
        for screen in self.on_every_screen():
            with self.subTest(**screen):
                page = self.visit(browser, **screen)
                self.log_in(page)
                page.locator("#arrival").wait_for()
                self.assert_at_ease(page)
                page.context.close()


class LoginTest(BrowserTest):
    """The admin's login, on the way to the dashboard."""

    def test_it_stands_on_every_screen_without_complaint(self) -> None:
        browser = self.open_browser()
        for screen in self.on_every_screen():
            with self.subTest(**screen):
                page = self.visit(browser, **screen)
                page.goto(f"{self.live_server_url}/dashboard/")
                expect(page.locator("#id_username")).to_be_visible()
                self.assertEqual(
                    "dark" in (page.locator("html").get_attribute("class") or ""), screen["scheme"] == "dark"
                )
                self.assert_at_ease(page)
                page.context.close()
