"""Insights: one a claim however often it is made, judged by people and by what happened, muted when mostly wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import TestCase

from analytics import clock
from analytics.ai_services.insights.claims import Claim, expire, put_claims
from analytics.ai_services.insights.moods import claims_about_sentiment
from analytics.ai_services.insights.people import claims_about_people, judge_outcomes
from analytics.ai_services.insights.scoreboard import muted_types, scoreboard
from analytics.ai_services.insights.unusual import claims_about_anomalies
from analytics.models import AIInsight, BusinessMetric, PredictionModel, UserBehaviorProfile, UserEvent
from analytics.models.choices import InsightStatus, InsightType
from analytics.tests.cast import LakeTestCase
from analytics.tests.population import NOW, load, make_users, visit_of


def claim(target: str = "7", **changes: Any) -> Claim:
    values: dict[str, Any] = {
        "insight_type": InsightType.CHURN_RISK,
        "target_type": "user",
        "target_id": target,
        "title": "High Churn Risk Detected",
        "description": "",
        "confidence": 0.8,
        "window_start": NOW,
        "window_end": NOW + timedelta(days=14),
        "evidence": {"analysis": "predictions/churn"},
        "expires_at": NOW + timedelta(days=14),
    }
    return Claim(**{**values, **changes})


class WritingTest(TestCase):
    def test_a_claim_made_again_is_the_same_insight_with_newer_figures(self) -> None:
        self.assertEqual(put_claims([claim(), claim("8")]), 2)
        self.assertEqual(put_claims([claim(confidence=0.9)]), 0)
        self.assertEqual(AIInsight.objects.get(target_id="7").confidence_score, 0.9)
        self.assertEqual(put_claims([claim(window_start=NOW + timedelta(days=14))]), 1)

    def test_a_verdict_outlives_every_later_run(self) -> None:
        put_claims([claim()])
        AIInsight.objects.update(status=InsightStatus.REJECTED, validation_notes="No.", title="As it was")
        put_claims([claim()])
        insight = AIInsight.objects.get()
        self.assertEqual(
            (insight.status, insight.validation_notes, insight.title), ("rejected", "No.", "As it was")
        )

    def test_what_nobody_judged_expires(self) -> None:
        put_claims([claim(), claim("8")])
        AIInsight.objects.filter(target_id="8").update(status=InsightStatus.VALIDATED)
        with clock.frozen(NOW + timedelta(days=14)):
            self.assertEqual(expire(), 1)
        self.assertEqual(AIInsight.objects.get(target_id="7").status, InsightStatus.EXPIRED)

    def test_an_insight_with_actions_is_actionable(self) -> None:
        put_claims([claim(suggested_actions=("send_retention_email",)), claim("8")])
        self.assertEqual(
            dict(AIInsight.objects.values_list("target_id", "is_actionable")), {"7": True, "8": False}
        )


class ScoreboardTest(TestCase):
    def judged(self, right: int, wrong: int, open_: int = 0) -> None:
        put_claims([claim(str(number)) for number in range(right + wrong + open_)])
        ids = list(AIInsight.objects.order_by("pk").values_list("pk", flat=True))
        AIInsight.objects.filter(pk__in=ids[:right]).update(status=InsightStatus.ACTED_ON)
        AIInsight.objects.filter(pk__in=ids[right : right + wrong]).update(status=InsightStatus.REJECTED)

    def test_precision_is_what_was_right_of_what_was_judged(self) -> None:
        self.judged(6, 2, 4)
        score = scoreboard()[0]
        self.assertEqual((score.insights, score.right, score.wrong, score.precision), (12, 6, 2, 0.75))
        self.assertFalse(score.is_muted)

    def test_what_happened_counts_where_nobody_judged(self) -> None:
        self.judged(0, 1, 2)
        AIInsight.objects.exclude(status="rejected").update(output_data={"outcome": "right"})
        self.assertEqual((scoreboard()[0].right, scoreboard()[0].wrong), (2, 1))

    def test_a_type_that_is_mostly_wrong_mutes_itself(self) -> None:
        self.judged(2, 7)
        self.assertEqual(muted_types(), frozenset())
        self.judged(2, 8)
        self.assertEqual(muted_types(), {"churn_risk"})
        self.assertEqual(put_claims([claim("new"), claim("new", insight_type=InsightType.ANOMALY)]), 1)


class PeopleTest(LakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.users = make_users(3)
        scores = ((0.95, "model"), (0.71, "model"), (0.99, "rule"))
        for user, (score, basis) in zip(self.users, scores, strict=True):
            UserBehaviorProfile.objects.create(user=user, churn_risk_score=score, churn_risk_basis=basis)

    def use_model(self, positives: int) -> None:
        from analytics.ai_services.learning.linear import Linear
        from analytics.ai_services.learning.model import Model

        rows = [[float(number % 7), float(number % 3)] for number in range(60)]
        labels = [number % 2 == 0 for number in range(60)]
        model = _any_model(Linear, Model, rows, labels)
        PredictionModel.objects.create(
            name="churn",
            status="ready",
            horizon_days=10,
            parameters=model.to_json(),
            card={"rows": 100, "positives": positives, "backtest": {"ours": {"auc": 0.8}}},
            trained_at=NOW,
        )

    def test_only_a_model_makes_claims_and_only_about_who_stands_out(self) -> None:
        with clock.frozen(NOW):
            self.assertEqual(claims_about_people(), [])
            self.use_model(positives=30)
            claims = claims_about_people()
        self.assertEqual([c.target_id for c in claims], [str(self.users[0].pk), str(self.users[1].pk)])
        self.assertEqual((claims[0].confidence, claims[0].evidence["backtest"]), (0.95, {"auc": 0.8}))

    def test_where_most_leave_a_claim_needs_more(self) -> None:
        with clock.frozen(NOW):
            self.use_model(positives=74)
            self.assertEqual([c.target_id for c in claims_about_people()], [str(self.users[0].pk)])

    def test_a_claim_is_judged_by_what_happened(self) -> None:
        came, stayed_away = self.users[:2]
        load([visit_of(user, "page_viewed", NOW - timedelta(days=5)) for user in (came, stayed_away)])
        with clock.frozen(NOW):
            put_claims([claim(str(user.pk), window_start=NOW) for user in (came, stayed_away)])
            AIInsight.objects.update(created_at=NOW)
        load([visit_of(came, "page_viewed", NOW + timedelta(days=3))])
        with clock.frozen(NOW + timedelta(days=13)):
            self.assertEqual(judge_outcomes(), 0)
        with clock.frozen(NOW + timedelta(days=14)):
            self.assertEqual(judge_outcomes(), 2)
            self.assertEqual(judge_outcomes(), 0)
        outcomes = dict(AIInsight.objects.values_list("target_id", "output_data__outcome"))
        self.assertEqual(outcomes, {str(came.pk): "wrong", str(stayed_away.pk): "right"})

    def test_a_claim_made_late_in_its_window_is_judged_over_its_whole_horizon(self) -> None:
        user = self.users[0]
        load([visit_of(user, "page_viewed", NOW - timedelta(days=5))])
        with clock.frozen(NOW + timedelta(days=12)):
            put_claims([claim(str(user.pk), window_start=NOW)])
            AIInsight.objects.update(created_at=clock.now())
        load([visit_of(user, "page_viewed", NOW + timedelta(days=20))])
        with clock.frozen(NOW + timedelta(days=25)):
            self.assertEqual(judge_outcomes(), 0)
        with clock.frozen(NOW + timedelta(days=26)):
            self.assertEqual(judge_outcomes(), 1)
        self.assertEqual(AIInsight.objects.get().output_data["outcome"], "wrong")


def _any_model(linear: Any, model: Any, rows: list[list[float]], labels: list[bool]) -> Any:
    import numpy as np

    from analytics.ai_services.learning.examples import Examples
    from analytics.ai_services.learning.fitting import Fitting, fit_model

    features = np.array(rows)
    examples = Examples(
        features, ("one", "other"), np.array(labels), np.arange(len(rows)), features[:, 0] / 10
    )
    return fit_model(examples, Fitting())


class MoodTest(LakeTestCase):
    def score(self, name: str, days_ago: float, score: float, count: int) -> None:
        user = make_users(1)[0] if not UserEvent.objects.exists() else UserEvent.objects.first().user
        at = NOW - timedelta(days=days_ago)
        spread = (-0.1, 0.0, 0.1)
        load(
            [visit_of(user, name, at, sentiment_score=score + spread[number % 3]) for number in range(count)]
        )

    def test_a_clear_change_of_mood_is_claimed_with_both_means(self) -> None:
        self.score("feedback_given", 20, 0.5, 40)
        self.score("feedback_given", 3, -0.2, 30)
        self.score("review_posted", 20, 0.5, 40)
        self.score("review_posted", 3, 0.5, 30)
        with clock.frozen(NOW):
            claims = claims_about_sentiment()
        self.assertEqual([c.target_id for c in claims], ["feedback_given"])
        self.assertEqual((claims[0].priority, claims[0].evidence["actual"]["texts"]), ("high", 30))
        self.assertGreater(claims[0].confidence, 0.99)

    def test_few_texts_are_an_accident(self) -> None:
        self.score("feedback_given", 20, 0.5, 40)
        self.score("feedback_given", 3, -0.9, 19)
        with clock.frozen(NOW):
            self.assertEqual(claims_about_sentiment(), [])


class AnomalyClaimTest(TestCase):
    def test_an_anomaly_becomes_a_claim_about_its_metric_and_day(self) -> None:
        metric = BusinessMetric.objects.create(
            metric_type="kpi", metric_name="revenue", value=3, period_type="day",
            period_start=NOW, period_end=NOW + timedelta(days=1),
        )  # fmt: skip
        found = {
            "metric": metric, "actual_value": 3.0, "expected_value": 100.0, "lower": 60.0, "upper": 150.0,
            "z_score": -5.0, "severity": "high", "method": "seasonal",
        }  # fmt: skip
        made = claims_about_anomalies([found])[0]
        self.assertEqual((made.title, made.target_id), ("revenue is unusually low", "revenue"))
        self.assertEqual(made.evidence["expected"], {"value": 100.0, "lower": 60.0, "upper": 150.0})
        self.assertEqual(put_claims([made]), 1)
        self.assertEqual(put_claims(claims_about_anomalies([found])), 0)
