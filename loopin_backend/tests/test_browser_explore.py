"""The explorers in a real Chromium: every page on every screen, by keyboard, with the address and the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from analytics.models import Cohort
from analytics.tests.cast import posthog_event, send_batch
from loopin_backend.tests.test_browser import HOSTILE, IS_DRAWN, BrowserTest

#: What axe-core calls the success criteria of levels A and AA, up to WCAG 2.2.
LEVEL_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FUNNEL = "steps.1.event=view&steps.2.event=paid&steps.3.event=thanked&window_seconds=86400"
QUERIES = {
    "trends": "days=7&series.1.event=view&series.2.event=paid&series.2.measure=persons&compare=previous_period"
    "&filters.any.1.property=plan&filters.any.1.operator=in&filters.any.1.value=pro&filters.any.1.value=free"
    "&filters.any.2.not.all.1.property=plan&filters.any.2.not.all.1.operator=is_set",
    "funnel": f"days=7&{FUNNEL}&breakdown.property=plan&breakdown.limit=3&exclusions.1.event=lost"
    "&exclusions.1.from_step=1&exclusions.1.to_step=2&steps.1.filters.all.1.property=plan"
    "&steps.1.filters.all.1.operator=is_set",
    "retention": "days=14&start_event=view&interval=day&periods=5&kind=recurring",
    "paths": "days=7&within=person&max_steps=4",
    "lifecycle": "days=14&interval=day",
    "stickiness": "days=14&event=view&within=week",
}


#: In the order in which they happened.
STREAM = (
    ("view", "u1", "pro"), ("paid", "u1", "pro"), ("thanked", "u1", "pro"),
    ("view", "u2", "free"), ("paid", "u2", "free"), ("view", "u3", "pro"), ("lost", "u3", "pro"),
)  # fmt: skip


class ExploreTest(BrowserTest):
    """Three people today, one with hostile names."""

    def setUp(self) -> None:
        super().setUp()
        send_batch(
            *(posthog_event(name, who, properties={"plan": plan}) for name, who, plan in STREAM),
            posthog_event(HOSTILE, "u3", properties={HOSTILE: HOSTILE, "plan": HOSTILE}),
        )
        self.cohort = Cohort.objects.create(name="Payers", kind="static").pk

    def open(self, page: Page, name: str, query: str = "") -> None:
        """A page with its answer; the first one by way of the login."""
        path = f"/dashboard/{name}/"
        if page.url == "about:blank":
            self.log_in(page, path)
            self.settle(page)
        page.goto(f"{self.live_server_url}{path}?{query}")
        self.settle(page)

    def settle(self, page: Page) -> None:
        """Wait for the answer."""
        expect(page.locator("#data")).to_have_attribute("aria-busy", "false")

    def asked(self, page: Page) -> dict[str, str]:
        """The question in the address."""
        return dict(parse_qsl(urlsplit(page.url).query))

    def combobox(self, page: Page, label: str) -> Locator:
        """The first field of a name."""
        return page.get_by_role("combobox", name=label, exact=True).first

    def assert_accessible(self, page: Page) -> None:
        """No violation of level AA. Names of rules and places end up in the message."""
        found = (
            Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVEL_AA}}).response["violations"]
        )
        broken = [(rule["id"], [node["html"][:160] for node in rule["nodes"][:3]]) for rule in found]
        self.assertEqual(broken, [])

    def test_every_page_is_drawn_on_every_screen_without_complaint(self) -> None:
        browser = self.open_browser()
        for screen in self.on_every_screen():
            page = self.visit(browser, **screen)
            for name, query in QUERIES.items():
                with self.subTest(name, **screen):
                    self.open(page, name, query)
                    if name == "paths":
                        self.assertGreater(page.locator("#chart .nodes rect").count(), 3)
                    else:
                        self.assertTrue(page.locator("#chart").evaluate(IS_DRAWN))
                    is_dark = "dark" in (page.locator("html").get_attribute("class") or "")
                    self.assertEqual(is_dark, screen["scheme"] == "dark")
                    self.assert_at_ease(page)
                    self.assert_accessible(page)
            page.context.close()

    def test_everything_open_still_fits_and_is_accessible(self) -> None:
        browser = self.open_browser()
        for size in ("phone", "wide"):
            page = self.visit(browser, size=size)
            for name, query in QUERIES.items():
                with self.subTest(name, size=size):
                    self.open(page, name, query)
                    if size == "phone":
                        page.click("#question-toggle")
                    page.evaluate(
                        "document.querySelectorAll('details').forEach(part => { part.open = true })"
                    )
                    self.assert_at_ease(page)
                    page.evaluate(
                        "document.querySelectorAll('details.custom').forEach(part => { part.open = false })"
                    )
                    self.assert_accessible(page)
            page.context.close()

    def test_nothing_yet_and_nothing_found_are_accessible_too(self) -> None:
        page = self.visit(self.open_browser())
        for name, query, words in (
            ("funnel", "", "at least two steps"),
            ("lifecycle", "event=never", "Nothing matches this question"),
        ):
            self.open(page, name, query)
            expect(page.locator("#data")).to_contain_text(words)
            self.assert_at_ease(page)
            self.assert_accessible(page)

    def test_an_event_is_picked_by_keyboard_and_the_address_follows(self) -> None:
        page = self.visit(self.open_browser())
        self.open(page, "lifecycle", "days=7&interval=day")
        page.evaluate("window.isTheSamePage = true")
        field = self.combobox(page, "Event")
        field.focus()
        field.press("ArrowDown")
        expect(page.get_by_role("listbox")).to_be_visible()
        expect(field).to_have_attribute("aria-expanded", "true")
        field.press("Escape")
        expect(page.get_by_role("listbox")).to_have_count(0)
        field.press_sequentially("pai")
        expect(page.locator(".combobox-list").get_by_role("option", name="paid")).to_have_attribute(
            "aria-selected", "true"
        )
        marked = field.get_attribute("aria-activedescendant")
        self.assertEqual(page.locator(f"#{marked}").locator(".name").inner_text(), "paid")
        self.assert_accessible(page)
        field.press("Enter")
        page.wait_for_url("**event=paid**")
        self.settle(page)
        expect(field).to_have_value("paid")
        expect(field).to_be_focused()
        self.assertEqual(self.asked(page), {"days": "7", "event": "paid", "interval": "day"})
        self.assertTrue(page.evaluate("window.isTheSamePage"))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the button that clears it
        page.wait_for_url(lambda address: "event=" not in address)
        self.assert_at_ease(page)

    def test_a_name_that_is_not_in_the_list_can_be_taken_as_it_is(self) -> None:
        page = self.visit(self.open_browser())
        self.open(page, "stickiness")
        field = self.combobox(page, "Event")
        field.fill("tomorrow")
        expect(
            page.locator(".combobox-list").get_by_role("option", name="Use “tomorrow” as it is")
        ).to_be_visible()
        field.press("Enter")
        page.wait_for_url("**event=tomorrow**")
        expect(page.locator("#data")).to_contain_text("Nothing matches this question")
        field.fill("left behind")
        field.blur()
        expect(field).to_have_value("tomorrow")
        self.assert_at_ease(page)

    def test_the_back_button_leads_to_the_question_before(self) -> None:
        page = self.visit(self.open_browser())
        self.open(page, "lifecycle", "days=7&interval=day")
        page.locator("select[data-field=interval]").select_option("week")
        page.wait_for_url("**interval=week**")
        self.settle(page)
        page.check("#range-30", force=True)
        page.wait_for_url("**days=30**")
        self.settle(page)
        page.go_back()
        page.wait_for_url("**?days=7&interval=week")
        self.settle(page)
        expect(page.locator("#range-7")).to_be_checked()
        page.go_back()
        page.wait_for_url("**interval=day")
        self.settle(page)
        expect(page.locator("select[data-field=interval]")).to_have_value("day")
        self.assert_at_ease(page)

    def test_the_form_of_an_address_asks_the_question_of_the_address(self) -> None:
        page = self.visit(self.open_browser())
        for name, query in {
            **QUERIES,
            "paths": f"{QUERIES['paths']}&filters.all.1.not.cohort={self.cohort}",
        }.items():
            with self.subTest(name):
                self.open(page, name, query)
                given = set(parse_qsl(query))
                with page.expect_response(f"**/dashboard/{name}/data/**") as answered:
                    page.locator("button.ask").click()
                self.assertEqual(answered.value.status, 200)
                self.settle(page)
                asked = set(parse_qsl(urlsplit(page.url).query))
                self.assertLessEqual(given, asked)
                page.reload()
                self.settle(page)
                self.assertEqual(set(parse_qsl(urlsplit(page.url).query)), asked)
        self.assert_at_ease(page)

    def test_a_filter_is_built_from_what_exists(self) -> None:
        page = self.visit(self.open_browser())
        self.open(page, "trends", "days=7")
        page.locator(".line > [data-at=filters] [data-add=condition]").click()
        field = self.combobox(page, "Property")
        expect(field).to_be_focused()
        field.press_sequentially("plan")
        expect(page.locator(".combobox-list").get_by_role("option", name="plan")).to_have_attribute(
            "aria-selected", "true"
        )
        field.press("Enter")
        expect(page.locator("[data-lack]")).to_be_visible()
        page.locator("[data-operator]").first.select_option("in")
        value = self.combobox(page, "Value")
        value.click()
        page.locator(".combobox-list").get_by_role("option", name="pro").click()
        page.wait_for_url("**value=pro**")
        value.press_sequentially("fre")
        expect(page.locator(".combobox-list").get_by_role("option", name="free")).to_have_attribute(
            "aria-selected", "true"
        )
        value.press("Enter")
        page.wait_for_url("**value=free**")
        self.settle(page)
        expect(page.locator("[data-lack]")).to_be_hidden()
        expect(page.locator(".as-table").first).to_contain_text("7")
        value.press("Backspace")
        page.wait_for_url(lambda address: "free" not in address)
        page.locator("[data-operator]").first.select_option("is_not_set")
        page.wait_for_url("**operator=is_not_set**")
        page.get_by_role("button", name="Remove the filter").click()
        page.wait_for_url(lambda address: "filters" not in address)
        self.assert_at_ease(page)

    def test_lines_are_added_named_and_removed(self) -> None:
        page = self.visit(self.open_browser())
        self.open(page, "trends", "days=7&series.1.event=view")
        page.get_by_role("button", name="Line", exact=True).click()
        field = page.get_by_role("combobox", name="Event", exact=True).nth(1)
        expect(field).to_be_focused()
        field.press_sequentially("paid")
        expect(page.locator(".combobox-list").get_by_role("option", name="paid")).to_be_visible()
        field.press("Enter")
        page.wait_for_url("**series.2.event=paid**")
        page.fill("[data-field=formula]", "B / A * 100")
        page.keyboard.press("Enter")
        page.wait_for_url("**formula=**")
        expect(page.locator(".as-table").first).to_contain_text("66.67")
        page.fill("[data-field=formula]", "B / C")
        page.keyboard.press("Enter")
        expect(page.locator("#data [role=alert]")).to_contain_text("C")
        page.fill("[data-field=formula]", "")
        page.get_by_role("button", name="Remove the line").first.click()
        page.wait_for_url(lambda address: "series.1.event=paid" in address and "series.2" not in address)
        self.assert_at_ease_but(page, "400")

    def assert_at_ease_but(self, page: Page, status: str) -> None:
        """As `assert_at_ease`, where the browser itself has said of one answer that it is an error."""
        self.complaints = [text for text in self.complaints if f"status of {status}" not in text]
        self.assert_at_ease(page)

    def test_days_and_zone_of_ones_own(self) -> None:
        page = self.visit(self.open_browser())
        self.open(page, "paths", "within=person")
        page.click("#range-custom")
        page.fill("#range-from", "2020-01-01")
        page.fill("#range-to", "2020-01-31")
        zone = self.combobox(page, "Time zone")
        zone.press_sequentially("vienna")
        expect(page.locator(".combobox-list").get_by_role("option", name="Europe/Vienna")).to_have_attribute(
            "aria-selected", "true"
        )
        zone.press("Enter")
        page.click("#range-show")
        page.wait_for_url("**?from=2020-01-01&to=2020-01-31&timezone=Europe/Vienna&**")
        expect(page.locator("#data")).to_contain_text("Nothing matches this question")
        page.check("#range-7", force=True)
        page.wait_for_url("**?days=7&timezone=Europe/Vienna&**")
        expect(page.locator(".range-line")).to_contain_text("Europe/Vienna")
        self.assert_at_ease(page)

    def test_hostile_names_are_text_in_lists_and_pictures(self) -> None:
        page = self.visit(self.open_browser())
        self.open(
            page, "trends", f"days=7&series.1.event={quote(HOSTILE)}&breakdown.property={quote(HOSTILE)}"
        )
        expect(page.locator(".as-table").first).to_contain_text("<script>")
        field = self.combobox(page, "Event")
        field.fill("<scr")
        expect(page.locator(".combobox-list")).to_contain_text("<script>")
        field.press("Escape")
        page.locator(".line > [data-at=filters] [data-add=condition]").click()
        self.combobox(page, "Property").fill("<scr")
        expect(page.locator(".combobox-list")).to_contain_text("<script>")
        self.open(page, "paths", "days=7&within=person")
        expect(page.locator(".as-table")).to_contain_text("<script>")
        self.assertNotEqual(page.title(), "taken over")
        self.assert_at_ease(page)

    def test_the_answer_can_be_taken_away_as_a_file_and_as_a_picture(self) -> None:
        page = self.visit(self.open_browser())
        for name in ("trends", "paths"):
            self.open(page, name, QUERIES[name])
            with page.expect_download() as loaded:
                page.click("#csv")
            self.assertIn("view", Path(loaded.value.path()).read_text())
            with page.expect_download() as saved:
                page.click("[data-png]")
            self.assertTrue(saved.value.suggested_filename.startswith(f"{name}_"))
            picture = Path(saved.value.path()).read_bytes()
            self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
            self.assertGreater(len(picture), 4000)
        self.assert_at_ease(page)

    def test_a_failure_is_a_panel_and_another_try_asks_what_the_form_says(self) -> None:
        page = self.visit(self.open_browser())
        self.open(page, "lifecycle", "days=7&interval=day")
        failures: list[Any] = [lambda route: route.fulfill(status=500, body="<h1>Traceback</h1>")]
        page.route(
            "**/lifecycle/data/**", lambda route: failures.pop()(route) if failures else route.continue_()
        )
        page.locator("select[data-field=interval]").select_option("week")
        expect(page.locator("#data [role=alert]")).to_contain_text("The server did not answer.")
        page.click("#data [data-again]")
        expect(page.locator("#chart")).to_be_visible()
        self.assertEqual(self.asked(page)["interval"], "week")
