"""Metrics, insights, sentiment, anomalies, personas and models in a real Chromium: every screen, axe-core, and acts."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from urllib.parse import urlsplit

import numpy as np
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships none
from django.contrib.auth.models import User
from django.test import override_settings
from playwright.sync_api import Page, expect

from analytics import clock, conf
from analytics.ai_services.clustering.service import UserClusteringService
from analytics.models import (
    AIInsight,
    Alert,
    BusinessMetric,
    Person,
    PredictionModel,
    UserBehaviorProfile,
    UserPersona,
)
from analytics.tasks import enrich_new_events
from analytics.tests.cast import posthog_event, send_batch
from analytics.tests.population import make_users
from eventlake.periods import day_start
from loopin_backend.tests.test_browser import HOSTILE, IS_DRAWN, BrowserTest
from loopin_backend.tests.test_browser_people import LEVEL_AA

METRICS, INSIGHTS = "/dashboard/metrics/", "/dashboard/insights/"
SENTIMENT, ANOMALIES = "/dashboard/sentiment/", "/dashboard/anomalies/"
PERSONAS, MODELS = "/dashboard/personas/", "/dashboard/models/"
#: A metric with thresholds, an alert and a driver tree's worth of history.
ONE = f"{METRICS}?metric=error_rate"
TREE = f"{METRICS}?metric=daily_active_users&by=device_type"


class IntelCase(BrowserTest):
    """Sixty days of two metrics, insights, texts, personas and a model; whatever people can name is hostile."""

    def setUp(self) -> None:
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(override_settings(ANALYTICS_LAKE_URI=folder))
        self.make_metrics()
        self.make_texts()
        self.make_personas()
        self.make_insights()
        self.make_model()

    def make_metrics(self) -> None:
        rng, zone = np.random.default_rng(3), conf.get().zone
        today = clock.today(zone)
        for name, kind, level in (("daily_active_users", "kpi", 900.0), ("error_rate", "kri", 4.0)):
            for dimensions in ({}, {"device_type": HOSTILE}):
                BusinessMetric.objects.bulk_create(
                    BusinessMetric(
                        metric_name=name, metric_type=kind, period_type="day", dimensions=dimensions,
                        value=round(level * float(rng.normal(1, 0.05)) * (4 if ago == 9 else 1), 3),
                        period_start=day_start(today - timedelta(days=ago), zone),
                        period_end=day_start(today - timedelta(days=ago - 1), zone),
                        context={"sample": 500},
                    )
                    for ago in range(60)
                )  # fmt: skip
        yesterday = day_start(today - timedelta(days=1), zone)
        self.alert = Alert.objects.create(
            metric_name="error_rate", level="critical", value=22, threshold=15, period_start=yesterday,
            opened_at=clock.now(), last_seen_at=clock.now(),
        )  # fmt: skip

    def make_texts(self) -> None:
        texts = (
            f"Terrible {HOSTILE} I hated it.",
            "I loved it, it was wonderful.",
            "Es war wirklich schön dort.",
        )
        send_batch(
            *(
                posthog_event(HOSTILE, f"u{number}", properties={"text": text})
                for number, text in enumerate(texts)
            )
        )
        enrich_new_events()

    def make_personas(self) -> None:
        rng = np.random.default_rng(5)
        users = make_users(120)
        User.objects.filter(pk=users[1].pk).update(username=HOSTILE)
        Person.objects.bulk_create(Person(user=user) for user in users)
        UserBehaviorProfile.objects.bulk_create(
            UserBehaviorProfile(
                user=user,
                engagement_score=float(np.clip(rng.normal((0.2, 0.8)[number % 2], 0.05), 0, 1)),
                churn_risk_score=float(np.clip(rng.normal((0.8, 0.1)[number % 2], 0.05), 0, 1)),
                activity_frequency=("monthly", "daily")[number % 2],
            )
            for number, user in enumerate(users)
        )
        UserClusteringService().cluster_users(2)
        UserPersona.objects.filter(pk=UserPersona.objects.values("pk")[:1]).update(persona_name=HOSTILE)
        self.user = users[0]

    def make_insights(self) -> None:
        for number, priority in enumerate(("critical", "high", "medium", "low")):
            AIInsight.objects.create(
                insight_type=("anomaly", "churn_risk")[number % 2], title=f"{HOSTILE} {number}",
                description=HOSTILE * 3, confidence_score=0.8, priority=priority,
                target_type="user", target_id=str(self.user.pk), suggested_actions=["send_offer", HOSTILE],
                evidence={"analysis": "anomalies", "parameters": {"metric_name": "error_rate"}, HOSTILE: HOSTILE},
            )  # fmt: skip

    def make_model(self) -> None:
        scores = {"auc": 0.86, "pr_auc": 0.8, "brier": 0.14, "ece": 0.02}
        bins = [
            {"from": low, "to": low + 0.1, "predicted": low + 0.05, "observed": low + 0.04, "count": 50}
            for low in (0.0, 0.1, 0.2, 0.5, 0.8, 0.9)
        ]  # fmt: skip
        PredictionModel.objects.create(
            name="churn", status="ready", horizon_days=9,
            card={
                "reason": HOSTILE, "rows": 1000, "positives": 650, "cutoffs": [20_000, 20_050], "features": [HOSTILE],
                "backtest": {"rows": 500, "positives": 300, "ours": scores, "rule": scores, "reliability": bins},
            },
        )  # fmt: skip

    def log_in(self, page: Page, path: str = METRICS) -> None:
        """Through the login, whose own address ends like the page's."""
        super().log_in(page, path)
        page.wait_for_url(lambda url: urlsplit(url).path == path)

    def open(self, page: Page, path: str) -> None:
        """Go there, and wait until all of it stands."""
        page.goto(f"{self.live_server_url}{path}")
        expect(page.locator("#data")).to_have_attribute("aria-busy", "false")
        expect(page.locator("#data .bones:visible")).to_have_count(0)


class ScreensTest(IntelCase):
    def test_every_page_stands_on_every_screen_without_complaint_and_is_accessible(self) -> None:
        browser = self.open_browser()
        for screen in self.on_every_screen():
            page = self.visit(browser, **screen)
            self.log_in(page, METRICS)
            for path in (METRICS, ONE, TREE, INSIGHTS, SENTIMENT, ANOMALIES, PERSONAS, MODELS):
                with self.subTest(path=path, **screen):
                    self.open(page, path)
                    page.evaluate(
                        "document.querySelectorAll('#data details').forEach(part => { part.open = true })"
                    )
                    for canvas in page.locator("canvas").all():
                        self.assertTrue(canvas.evaluate(IS_DRAWN), path)
                    self.assert_at_ease(page)
                    found = Axe().run(page, options=LEVEL_AA)
                    self.assertEqual(found.violations_count, 0, found.generate_report())
                    self.assertNotEqual(page.title(), "taken over")
            page.context.close()


class ActsTest(IntelCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = self.visit(self.open_browser())
        self.log_in(self.page, METRICS)

    def test_a_card_opens_its_metric_and_a_threshold_is_set_on_it(self) -> None:
        page = self.page
        self.open(page, METRICS)
        page.click("#metric-error_rate .card-link")
        expect(page.locator("#history")).to_be_visible()
        page.fill("#field-warning_threshold", "6.5")
        page.fill("#field-critical_threshold", "2")
        page.click("#decide")
        expect(page.locator(".said .error")).to_contain_text("is to lie above the warning")
        page.fill("#field-warning_threshold", "6.5")
        page.click("#decide")
        expect(page.locator(".said .success")).to_contain_text("kept")
        expect(page.locator("#field-warning_threshold")).to_have_value("6.5")
        expect(page.locator(".thresholds")).to_contain_text("Warning 6.5%")
        self.assert_at_ease(page)

    def test_an_alert_is_acknowledged_and_muted(self) -> None:
        page = self.page
        self.open(page, METRICS)
        page.click("button[value=acknowledge]")
        expect(page.locator(".alert-row .tag")).to_have_text("acknowledged")
        page.click("button[value=mute]")
        expect(page.locator(".alert-row .tags")).to_contain_text("muted until")
        self.assert_at_ease(page)

    def test_the_range_and_the_dimension_stay_in_the_address(self) -> None:
        page = self.page
        self.open(page, ONE)
        page.click("#range-30")
        page.wait_for_url("**?metric=error_rate&days=30")
        expect(page.locator("#range-30")).to_have_attribute("aria-current", "true")
        expect(page.locator("#history")).to_be_visible()
        self.open(page, f"{METRICS}?metric=daily_active_users")
        page.click("#by-device_type")
        page.wait_for_url("**by=device_type")
        expect(page.locator("#parts")).to_be_visible()
        self.assert_at_ease(page)

    def test_a_verdict_is_given_without_leaving_the_page_and_taken_back(self) -> None:
        page = self.page
        self.open(page, INSIGHTS)
        page.evaluate("window.isTheSamePage = true")
        first = page.locator("article").first
        first.locator("summary").click()
        expect(first.locator(".evidence dl")).to_be_visible()
        first.locator("input[name=notes]").fill("It was a holiday.")
        first.get_by_role("button", name="Wrong").click()
        expect(page.locator("article").first.locator("[data-status]")).to_have_text("Rejected")
        expect(page.locator("article").first).to_contain_text("It was a holiday.")
        expect(page.locator("#scoreboard")).to_contain_text("0 of 1 right")
        page.locator("article").first.get_by_role("button", name="Take back").click()
        expect(page.locator("article").first.locator("[data-status]")).to_have_count(0)
        page.select_option("#filter-priority", "high")
        page.wait_for_url("**?priority=high")
        expect(page.locator("article")).to_have_count(1)
        self.assertTrue(page.evaluate("window.isTheSamePage"))
        self.assert_at_ease(page)

    def test_a_text_is_tried(self) -> None:
        page = self.page
        self.open(page, SENTIMENT)
        page.fill("#try-text", "The food was wonderful and everybody was kind.")
        page.click("#try")
        expect(page.locator("#tried-label")).to_have_text("Positive")
        self.assert_at_ease(page)

    def test_another_metric_and_sensitivity_are_looked_at_in_place(self) -> None:
        page = self.page
        self.open(page, ANOMALIES)
        page.select_option("#look-metric", "error_rate")
        expect(page.locator("#data h2").first).to_have_text("Error rate")
        page.select_option("#look-sensitivity", "sensitive")
        page.wait_for_url("**sensitivity=sensitive**")
        expect(page.locator("#data")).to_contain_text("A look, and no setting")
        self.assert_at_ease(page)

    def test_the_members_of_a_persona_are_brought_when_asked_for(self) -> None:
        page = self.page
        self.open(page, PERSONAS)
        page.locator(".members summary").first.click()
        expect(page.locator(".members table tbody tr").first).to_be_visible()
        self.assert_at_ease(page)
