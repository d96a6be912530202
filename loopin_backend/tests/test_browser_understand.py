"""Metrics, insights and the other pages of understanding, and dashboards, in a real Chromium."""

from __future__ import annotations

import random
import tempfile
from datetime import timedelta
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships none
from django.test import override_settings
from playwright.sync_api import Page, expect

from analytics import clock
from analytics.metrics import MetricsProcessor
from analytics.models import AIInsight, BusinessMetric
from analytics.tests.cast import posthog_event, send_batch
from loopin_backend.tests.test_browser import HOSTILE, BrowserTest
from loopin_backend.tests.test_browser_people import LEVEL_AA

METRICS, INSIGHTS = "/dashboard/metrics/", "/dashboard/insights/"
PAGES = (
    METRICS, f"{METRICS}?metric=daily_active_users", INSIGHTS, "/dashboard/anomalies/", "/dashboard/sentiment/",
    "/dashboard/personas/", "/dashboard/models/", "/dashboard/boards/",
)  # fmt: skip


class UnderstandCase(BrowserTest):
    """Events, four months of a metric, an alert, an insight with hostile words."""

    def setUp(self) -> None:
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(override_settings(ANALYTICS_LAKE_URI=folder))
        send_batch(
            *(
                posthog_event("view", f"p{n}", properties={"message": "What a lovely evening!"})
                for n in range(8)
            ),
            posthog_event(HOSTILE, "p1", properties={"message": HOSTILE}),
        )
        MetricsProcessor.process_daily_metrics()
        self._keep_history()
        MetricsProcessor.check_alert_thresholds()
        AIInsight.objects.create(
            insight_type="trend", title=HOSTILE, description=HOSTILE, confidence_score=0.8, priority="high",
            suggested_actions=["look"], evidence={"analysis": "trends", "parameters": {"event": HOSTILE}},
        )  # fmt: skip

    def _keep_history(self) -> None:
        dice, now = random.Random(3), clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        rows = [
            BusinessMetric(
                metric_type="kpi", metric_name=name, metric_category="engagement", value=value, period_type="day",
                period_start=now - timedelta(days=days), period_end=now - timedelta(days=days - 1),
                context={"sample": 500},
            )
            for name, usual in (("daily_active_users", 400), ("payment_failure_rate", 40))
            for days in range(1, 120)
            for value in [usual + dice.randrange(30)]
        ]  # fmt: skip
        BusinessMetric.objects.bulk_create(rows)

    def open(self, page: Page, path: str) -> None:
        """Go there, and wait until all of it stands."""
        page.goto(f"{self.live_server_url}{path}")
        expect(page.locator("#data")).to_have_attribute("aria-busy", "false")
        expect(page.locator("#data .bones")).to_have_count(0)

    def assert_accessible(self, page: Page) -> None:
        found = Axe().run(page, options=LEVEL_AA)
        self.assertEqual(found.violations_count, 0, found.generate_report())

    def enter(self, page: Page, path: str) -> None:
        """Through the login."""
        self.log_in(page, path)
        page.wait_for_url(lambda url: urlsplit(url).path == path)


class ScreensTest(UnderstandCase):
    def test_every_page_stands_on_every_screen_without_complaint_and_is_accessible(self) -> None:
        browser = self.open_browser()
        for screen in self.on_every_screen():
            page = self.visit(browser, **screen)
            self.enter(page, METRICS)
            for path in PAGES:
                with self.subTest(path=path, **screen):
                    self.open(page, path)
                    page.evaluate(
                        "document.querySelectorAll('#data details').forEach(part => { part.open = true })"
                    )
                    self.assert_at_ease(page)
                    self.assert_accessible(page)
                    self.assertNotEqual(page.title(), "taken over")
            page.context.close()


class ActsTest(UnderstandCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = self.visit(self.open_browser())
        self.enter(self.page, METRICS)

    def test_a_threshold_is_set(self) -> None:
        self.open(self.page, f"{METRICS}?metric=daily_active_users")
        self.page.fill("[name=warning_threshold]", "50")
        self.page.locator("form:has([name=warning_threshold]) button").last.click()
        expect(self.page.locator(".said")).to_contain_text("kept")
        expect(self.page.locator("[name=warning_threshold]")).to_have_value("50")
        self.assert_at_ease(self.page)

    def test_a_verdict_is_given_in_place(self) -> None:
        self.open(self.page, INSIGHTS)
        self.page.locator("form.verdict button[value=validated]").first.click()
        expect(self.page.locator(".insight [data-status]").first).to_be_visible()
        self.page.reload()
        expect(self.page.locator(".insight [data-status]").first).to_be_visible()
        self.assert_at_ease(self.page)

    def test_a_first_dashboard_is_made_and_shown(self) -> None:
        self.open(self.page, "/dashboard/boards/")
        self.page.locator("form[action$='/starter/'] button").click()
        self.page.wait_for_url(lambda url: len(urlsplit(url).path) > len("/dashboard/boards/"))
        expect(self.page.locator("canvas").first).to_be_visible()
        self.assert_at_ease(self.page)
        self.assert_accessible(self.page)
