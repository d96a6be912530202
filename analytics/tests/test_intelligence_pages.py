"""The pages of sentiment, anomalies, personas and models, with the values of the services behind them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import numpy as np
from django.contrib.auth.models import User
from django.test import Client, SimpleTestCase, TestCase

from analytics import clock
from analytics.ai_services.anomalies.detection import judge_metric, simulate_metric
from analytics.ai_services.clustering.service import UserClusteringService
from analytics.dashboard.metrics.sparkline import sparkline_of
from analytics.dashboard.sentiment import comparing
from analytics.models import (
    AIInsight,
    BusinessMetric,
    Person,
    PredictionModel,
    UserBehaviorProfile,
    UserPersona,
)
from analytics.reports import intelligence
from analytics.reports import sentiment as sentiment_report
from analytics.tasks import enrich_new_events
from analytics.tests.cast import LakeTestCase, alice, posthog_event, sam_the_staff, send_batch
from analytics.tests.population import make_users
from analytics.tests.test_people_page import client_of, grant, person_of

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
PAGES = ("sentiment", "anomalies", "personas", "models")


def data_of(page: str, key: str) -> Any:
    """The JSON of a chart."""
    found = re.search(rf'<script id="{key}-data" type="application/json">(.*?)</script>', page)
    assert found is not None, key
    return json.loads(found[1])


class AccessTest(TestCase):
    def test_only_staff_come_in(self) -> None:
        paths = [f"/dashboard/{name}/{part}" for name in PAGES for part in ("", "data/")]
        paths += [
            "/dashboard/sentiment/texts/",
            "/dashboard/sentiment/outcomes/",
            "/dashboard/personas/1/members/",
        ]
        for client in (Client(), client_of(alice())):
            for path in paths:
                self.assertTrue(client.get(path)["Location"].startswith("/admin/login/"), path)
            for path in ("/dashboard/sentiment/try/", "/dashboard/personas/recompute/"):
                self.assertEqual(client.post(path, {"text": "good"}).status_code, 302, path)

    def test_every_page_stands_in_the_side_bar(self) -> None:
        page = client_of(sam_the_staff()).get("/dashboard/models/").content.decode()
        for name in ("metrics", "insights", *PAGES):
            self.assertIn(f'href="/dashboard/{name}/"', page)


class SentimentTest(LakeTestCase):
    path = "/dashboard/sentiment/"

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(self.settings(ANALYTICS_TIME_ZONE="UTC"))
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.client = client_of(self.root)

    def say(self, text: str, who: str = "ann", days_ago: float = 0.01, name: str = "feedback") -> None:
        at = (clock.now() - timedelta(days=days_ago)).isoformat()
        send_batch(posthog_event(name, who, timestamp=at, properties={"text": text}))

    def text(self, part: str = "data/", **query: Any) -> str:
        answer = self.client.get(self.path + part, query)
        self.assertEqual(answer.status_code, 200, answer.content[:500])
        return answer.content.decode()

    def test_figures_and_charts_are_those_of_the_lake(self) -> None:
        for text in (
            "It was wonderful, I loved it.",
            "Terrible, a waste of time.",
            "Es war wirklich sehr schön dort.",
        ):
            self.say(text)
        enrich_new_events()
        today = clock.now().date()
        found = sentiment_report.overview(today - timedelta(days=89), today, None)
        page = self.text()
        self.assertIn('id="texts">3<', page)
        self.assertIn("1 left alone", page)
        self.assertEqual(data_of(page, "scores")["values"], list(found.bins))
        sides = {one["name"]: sum(one["values"]) for one in data_of(page, "trend")["sides"]}
        self.assertEqual(sides, {"negative": 1, "neutral": 1, "positive": 1})

    def test_examples_are_text_with_score_and_confidence_and_lead_to_who_wrote_them(self) -> None:
        self.say(f"Terrible. {HOSTILE} I hated the long queue.")
        self.say("Es war wirklich sehr schön dort.", "bob")
        enrich_new_events()
        page = self.text("texts/")
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(1)", page)
        self.assertRegex(page, r"−0\.\d\d · \d+% sure")  # noqa: RUF001 - a minus
        self.assertIn(f"/dashboard/people/{person_of('ann').uuid}/", page)
        self.assertIn("1 in another language (de)", page)
        self.assertNotIn("wirklich", page)

    def test_a_name_with_markup_stays_text(self) -> None:
        self.say("I loved it, it was wonderful.", name=HOSTILE)
        enrich_new_events()
        for page in (
            self.text(),
            self.text(event=HOSTILE),
            self.text("", event=HOSTILE),
            self.text("texts/"),
        ):
            self.assertNotIn("<script>alert", page)
            self.assertNotIn("<img src=x", page)

    def test_one_event_is_looked_at_alone(self) -> None:
        self.say("I loved it, it was wonderful.")
        self.say("Terrible, a waste of time.", name="chat")
        enrich_new_events()
        page = self.text(event="chat")
        self.assertIn('id="texts">1<', page)
        self.assertIn("event=feedback", page)

    def test_what_goes_with_it_says_how_little_it_rests_on(self) -> None:
        self.say("I loved it, it was wonderful.", days_ago=10)
        self.say("Terrible, a waste of time.", "bob", days_ago=10)
        send_batch(posthog_event("came", "ann", timestamp=(clock.now() - timedelta(days=8)).isoformat()))
        enrich_new_events()
        page = self.text("outcomes/")
        self.assertIn("Too few people to say anything: 30 on each side are needed", page)
        self.assertIn("100.0%", page)
        self.assertIn("Nobody wrote a text", self.text("outcomes/", days=1))

    def test_without_a_text_it_says_what_one_is(self) -> None:
        self.assertIn("No text was read in this range", self.text())

    def test_a_text_is_tried_with_the_answer_of_the_api(self) -> None:
        text = "The food was wonderful and everybody was kind."
        found = intelligence.sentiment_of(text)
        page = self.client.post(f"{self.path}try/", {"text": text}).content.decode()
        self.assertIn('id="tried-label">Positive<', page)
        self.assertIn(f"+{found['score']:.2f}", page)
        german = self.client.post(
            f"{self.path}try/", {"text": "Das war wirklich sehr schön."}
        ).content.decode()
        self.assertIn("another language than English", german)
        for bad in ("", "  ", "x" * 10_001):
            self.assertEqual(self.client.post(f"{self.path}try/", {"text": bad}).status_code, 400)
        checked = client_of(self.root, checks_csrf=True)
        self.assertEqual(checked.post(f"{self.path}try/", {"text": text}).status_code, 403)
        self.assertEqual(self.client.get(f"{self.path}try/").status_code, 405)

    def test_hostile_parameters_never_break_it(self) -> None:
        for query in ("days=x", "days=-1", "days=367", "from=0001-01-01&to=9999-12-31", "from=2026-05-02&to=2026-05-01",
                      "event=%00", "event=" + "x" * 300, "from=1990-01-01&to=2026-01-01"):  # fmt: skip
            for part in ("data/", "texts/", "outcomes/"):
                self.assertEqual(
                    self.client.get(f"{self.path}{part}?{query}").status_code, 400, (part, query)
                )
            self.assertEqual(self.client.get(f"{self.path}?{query}").status_code, 200, query)


class ComparingTest(SimpleTestCase):
    def test_a_difference_is_named_only_beyond_chance(self) -> None:
        class Outcome:
            def __init__(self, persons: int, came_back: int, converted: int) -> None:
                self.persons, self.came_back, self.converted = persons, came_back, converted

        moods: Any = {"negative": Outcome(100, 20, 5), "positive": Outcome(100, 60, 6)}
        back, converted = comparing.sentences_of(moods)
        self.assertIn("20.0%", back)
        self.assertIn(": more of a difference than chance makes", back)
        self.assertIn("no more of a difference than chance makes", converted)

    def test_a_spark_of_one_value_is_none(self) -> None:
        self.assertIsNone(sparkline_of([(1.0, False)]))
        flat = sparkline_of([(1.0, False), (1.0, False), (1.0, True)])
        assert flat is not None
        self.assertNotEqual(flat.open_line, "")


def make_metric(name: str = "revenue", days: int = 100, spike_at: int = 20) -> None:
    """A calm metric with one day far beyond it, so many days ago."""
    rng = np.random.default_rng(3)
    start = NOW.replace(hour=0) - timedelta(days=days)
    BusinessMetric.objects.bulk_create(
        BusinessMetric(
            metric_name=name, metric_type="kpi", period_type="day",
            value=round(100 + float(rng.normal(0, 3)) + (400 if days - number == spike_at else 0), 2),
            period_start=start + timedelta(days=number), period_end=start + timedelta(days=number + 1),
        )
        for number in range(days)
    )  # fmt: skip


class AnomaliesTest(TestCase):
    path = "/dashboard/anomalies/"

    def setUp(self) -> None:
        self.client = client_of(sam_the_staff())
        self.enterContext(clock.frozen(NOW))
        self.enterContext(self.settings(ANALYTICS_TIME_ZONE="UTC"))
        make_metric()

    def text(self, part: str = "data/", **query: Any) -> str:
        answer = self.client.get(self.path + part, query)
        self.assertEqual(answer.status_code, 200, answer.content[:500])
        return answer.content.decode()

    def test_the_band_and_the_marks_are_those_of_the_detection(self) -> None:
        page = self.text(metric="revenue", days=60)
        data = data_of(page, "band")
        judged = judge_metric("revenue", 60)
        self.assertEqual(data["upper"], [one.upper for one in judged.judgements])
        self.assertEqual(data["lower"], [one.lower for one in judged.judgements])
        marked = [mark["index"] for mark in data["marks"]]
        self.assertEqual(marked, [n for n, one in enumerate(judged.judgements) if one.is_anomaly])
        self.assertIn("May 11, 2026", page)
        self.assertIn("/dashboard/metrics/?metric=revenue", page)

    def test_the_preview_counts_what_the_simulation_counts(self) -> None:
        for sensitivity, threshold in (("usual", None), ("sensitive", 2.6), ("calm", 4.0)):
            found = simulate_metric("revenue", 90, threshold=threshold)
            page = self.text(metric="revenue", sensitivity=sensitivity)
            self.assertRegex(page, rf'id="alarms">{found.count} alarm')
            self.assertIn(f"{found.per_month:.1f} a month", page)
        self.assertIn("A look, and no setting", page)

    def test_a_more_sensitive_band_is_narrower(self) -> None:
        usual, sensitive = (
            data_of(self.text(metric="revenue", sensitivity=name), "band") for name in ("usual", "sensitive")
        )
        self.assertLess(sensitive["upper"][-1], usual["upper"][-1])

    def test_too_little_history_is_said(self) -> None:
        make_metric("revenue_per_user", days=5)
        self.assertIn("There is too little to judge by", self.text(metric="revenue_per_user"))
        self.assertIn("There is too little to judge by", self.text())

    def test_rows_of_a_project_of_its_own_can_be_looked_at(self) -> None:
        make_metric(HOSTILE[:100])
        for part in ("", "data/"):
            page = self.text(part, metric=HOSTILE[:100])
            self.assertNotIn("<script>alert", page)

    def test_hostile_parameters_never_break_it(self) -> None:
        for query, status in (
            ("metric=nothing", 404), ("metric=%00", 404), ("metric=revenue&days=0", 400),
            ("metric=revenue&days=99999", 400), ("metric=revenue&days=٣", 400), ("metric=revenue&method=x", 400),
            ("metric=revenue&sensitivity=x", 400), (f"metric={'x' * 500}", 404),
        ):  # fmt: skip
            self.assertEqual(self.client.get(f"{self.path}data/?{query}").status_code, status, query)
            self.assertEqual(self.client.get(f"{self.path}?{query}").status_code, 200, query)

    def test_the_number_of_queries_does_not_grow_with_the_data(self) -> None:
        with self.assertNumQueries(4):  # session, user, the rows for the band, and for the preview
            self.text(metric="revenue")
        make_metric("daily_active_users", days=400)
        with self.assertNumQueries(4):
            self.text(metric="daily_active_users", days=365)


class PersonasTest(TestCase):
    path = "/dashboard/personas/"

    def setUp(self) -> None:
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.client = client_of(self.root)

    def make_personas(self, count: int = 150) -> dict[str, Any]:
        rng = np.random.default_rng(5)
        users = make_users(count)
        Person.objects.bulk_create(Person(user=user) for user in users)
        UserBehaviorProfile.objects.bulk_create(
            UserBehaviorProfile(
                user=user,
                engagement_score=float(np.clip(rng.normal((0.2, 0.8)[number % 2], 0.05), 0, 1)),
                churn_risk_score=float(np.clip(rng.normal((0.8, 0.1)[number % 2], 0.05), 0, 1)),
                conversion_probability=(0.05, 0.6)[number % 2],
                activity_frequency=("monthly", "daily")[number % 2],
                preferred_event_types=["a", "b"][: 1 + number % 2],
            )
            for number, user in enumerate(users)
        )
        return UserClusteringService().cluster_users(None)

    def text(self, part: str = "data/") -> str:
        answer = self.client.get(self.path + part)
        self.assertEqual(answer.status_code, 200, answer.content[:500])
        return answer.content.decode()

    def test_personas_are_those_of_the_service_with_their_sizes(self) -> None:
        found = self.make_personas()
        page = self.text()
        for cluster in found["clusters"].values():
            self.assertIn(cluster["name"], page)
            self.assertIn(f"{cluster['size']} people, 50%", page)
        self.assertIn(f"Stability {round(100 * found['stability'])}%", page)

    def test_the_map_shows_users_in_the_persona_they_belong_to_and_names_its_axes(self) -> None:
        self.make_personas()
        data = data_of(self.text(), "map")
        self.assertEqual([len(one["dots"]) for one in data["personas"]], [75, 75])
        left, right = sorted(one["middle"][0] for one in data["personas"])
        self.assertLess(left, 0)
        self.assertGreater(right, 0)
        self.assertRegex(data["x_label"], r"\(\d+% of the differences\)")
        by_side = {one["name"]: {x > 0 for x, _ in one["dots"]} for one in data["personas"]}
        self.assertEqual(sorted(map(len, by_side.values())), [1, 1])

    def test_members_lead_to_their_person(self) -> None:
        self.make_personas()
        persona = UserPersona.objects.order_by("pk").first()
        assert persona is not None
        page = self.text(f"{persona.pk}/members/")
        self.assertEqual(page.count("<tr><th"), 51)
        self.assertIn("/dashboard/people/", page)
        self.assertIn("The 50 most engaged", page)
        self.assertEqual(self.client.get(f"{self.path}99999/members/").status_code, 404)

    def test_too_few_users_have_no_personas(self) -> None:
        self.assertIn("once 100 active users have a behaviour profile", self.text())

    def test_a_persona_that_was_made_or_broken_by_hand_is_still_shown(self) -> None:
        UserPersona.objects.create(
            persona_name=HOSTILE[:100], persona_description=HOSTILE, user_count=3,
            characteristics=["none"], behavior_patterns={"means": {"engagement_score": HOSTILE}},
        )  # fmt: skip
        page = self.text()
        self.assertNotIn("<script>alert", page)
        self.assertIn("Made by hand", page)

    def test_finding_them_anew_needs_the_right_and_a_token(self) -> None:
        sam = sam_the_staff()
        path = f"{self.path}recompute/"
        with mock.patch("analytics.queueing._send") as sent, self.captureOnCommitCallbacks(execute=True):
            self.assertEqual(client_of(sam).post(path).status_code, 403)
            self.assertEqual(client_of(self.root, checks_csrf=True).post(path).status_code, 403)
        sent.assert_not_called()
        with mock.patch("analytics.queueing._send") as sent, self.captureOnCommitCallbacks(execute=True):
            able = client_of(grant(sam, "change_userpersona"))
            self.assertEqual(able.post(path).status_code, 303)
        self.assertIn(
            "analytics.tasks.perform_user_clustering", [call.args[0] for call in sent.call_args_list]
        )
        self.assertIn("being found anew", able.get(self.path).content.decode())

    def test_the_number_of_queries_does_not_grow_with_the_data(self) -> None:
        self.make_personas()
        with self.assertNumQueries(5):  # session, user, personas, profiles, who is which persona
            self.text()


class ModelsTest(TestCase):
    path = "/dashboard/models/"

    def setUp(self) -> None:
        self.client = client_of(sam_the_staff())

    def text(self) -> str:
        answer = self.client.get(f"{self.path}data/")
        self.assertEqual(answer.status_code, 200, answer.content[:500])
        return answer.content.decode()

    def section(self, name: str) -> str:
        found = re.search(rf'<section class="panel padded" id="{name}".*?</section>', self.text(), re.DOTALL)
        assert found is not None, name
        return found[0]

    def make_model(self, **card: Any) -> None:
        scores = {"auc": 0.861, "pr_auc": 0.8, "brier": 0.142, "ece": 0.021}
        PredictionModel.objects.create(
            name="churn", status="ready", horizon_days=9,
            card={
                "status": "ready", "reason": "AUC 0.861", "rows": 1000, "positives": 650, "cutoffs": [20_000, 20_050],
                "features": ["days_since_last", "events"], "parts": ["logistic regression"],
                "backtest": {
                    "rows": 400, "positives": 260, "ours": scores, "rule": {**scores, "auc": 0.7, "brier": 0.2},
                    "base_rate": {**scores, "auc": 0.5, "brier": 0.23},
                    "reliability": [
                        {"from": 0.1, "to": 0.2, "predicted": 0.15, "observed": 0.1, "count": 100},
                        {"from": 0.8, "to": 0.9, "predicted": 0.85, "observed": 0.9, "count": 300},
                    ],
                },
                **card,
            },
        )  # fmt: skip

    def test_each_prediction_has_a_card_trained_or_not(self) -> None:
        for name, title in (("churn", "Stays away"), ("conversion", "Converts"), ("attendance", "Comes")):
            self.assertIn(title, self.section(name))
            self.assertIn("Not trained yet", self.section(name))

    def test_a_model_in_use_shows_its_test_beside_rule_and_base_rate_and_its_curve(self) -> None:
        self.make_model()
        card = self.section("churn")
        for text in ("In use", "0.861", "0.700", "0.500", "0.142", "0.230", "1,000 rows, 650 with the outcome (65.0%)",
                     "Oct. 4, 2024 – Nov. 23, 2024", "9 days", "days since last", "80% to 90%"):  # fmt: skip  # noqa: RUF001
            self.assertIn(text, card)
        points = data_of(card, "curve-churn")["points"]
        self.assertEqual([(one["predicted"], one["observed"], one["count"]) for one in points],
                         [(0.15, 0.1, 100), (0.85, 0.9, 300)])  # fmt: skip

    def test_a_model_that_is_not_in_use_says_why(self) -> None:
        PredictionModel.objects.create(
            name="conversion", status="not_enough_data",
            card={"reason": "needs 50 labelled rows with 10 of each outcome; has 12 rows", "rows": 12},
        )  # fmt: skip
        card = self.section("conversion")
        self.assertIn("Not enough data", card)
        self.assertIn("Needs 50 labelled rows", card)
        self.assertNotIn("<canvas", card)

    def test_past_claims_are_counted_by_what_people_did(self) -> None:
        self.make_model()
        for number, outcome in enumerate(("right", "right", "wrong", "")):
            AIInsight.objects.create(
                insight_type="churn_risk", model_name="churn", title=str(number), confidence_score=0.8,
                output_data={"outcome": outcome} if outcome else {},
            )  # fmt: skip
        self.assertIn("2 of 3 of its claims whose time is over (67%)", self.section("churn"))

    def test_a_card_of_another_version_still_stands(self) -> None:
        self.make_model(cutoffs="long ago", features=None, backtest=None, reason=HOSTILE)
        card = self.section("churn")
        self.assertNotIn("<script>alert", card)
        PredictionModel.objects.update(card={}, status=HOSTILE[:30])
        self.assertNotIn("<script>alert", self.section("churn"))

    def test_the_number_of_queries_does_not_grow_with_the_data(self) -> None:
        with self.assertNumQueries(4):  # session, user, models, outcomes
            self.text()
        for _ in range(5):
            self.make_model()
        with self.assertNumQueries(4):
            self.text()
