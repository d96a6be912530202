"""Predictions about a population whose habits are known, and what is said where there is too little to know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.test import override_settings

from analytics import clock
from analytics.ai_services import PredictiveAnalyticsService
from analytics.ai_services.behaviour.profiles import profile_everybody
from analytics.ai_services.predictions import models
from analytics.ai_services.predictions.retraining import retrain, retrain_when_due
from analytics.ai_services.predictions.scoring import score_everybody, score_person
from analytics.ai_services.predictions.snapshots import CHURN, CONVERSION
from analytics.models import Person, PredictionModel, UserBehaviorProfile
from analytics.reports.insights import list_models
from analytics.store.sealing import seal_all
from analytics.tests.cast import LakeTestCase, alice
from analytics.tests.population import NOW, load, make_population, make_users, visit_of


class PopulationTest(LakeTestCase):
    def test_who_stays_and_who_buys_is_found_and_told_with_its_proof(self) -> None:
        users = make_population()
        with clock.frozen(NOW):
            status = retrain()
            self.assertEqual((status["churn"], status["conversion"]), ("ready", "ready"))
            self.assertEqual(status["attendance"], "not_enough_data")
            scored = score_everybody()
            profile_everybody()
            answer = PredictiveAnalyticsService().predict_churn(users[0])
        self.assertEqual(scored.basis[CHURN], "model")
        profiles = UserBehaviorProfile.objects.in_bulk(field_name="user_id")
        regulars = [profiles[user.pk] for user in users[0::3] if user.pk in profiles]
        self.assertGreater(len(regulars), 70)
        self.assertLess(sum(p.churn_risk_score for p in regulars) / len(regulars), 0.15)
        buyers = sum(p.conversion_probability for p in regulars) / len(regulars)
        others = [profiles[user.pk] for user in users[1::3] if user.pk in profiles]
        self.assertGreater(buyers, 0.7)
        self.assertLess(sum(p.conversion_probability for p in others) / len(others), 0.3)
        self.assertEqual((answer["basis"], answer["status"]), ("model", "ready"))
        self.assertTrue(answer["factors"] and answer["backtest"]["auc"] > 0.7)
        cards = {card["name"]: card for card in list_models()}
        backtest = cards["churn"]["card"]["backtest"]
        self.assertTrue(cards["churn"]["is_in_use"] and backtest["reliability"])
        self.assertGreater(backtest["ours"]["auc"], backtest["rule"]["auc"])
        self.assertFalse(cards["attendance"]["is_in_use"])

    def test_sealed_events_predict_like_hot_ones(self) -> None:
        make_population(90)
        with clock.frozen(NOW):
            hot = score_everybody()
            seal_all()
            cold = score_everybody()
        self.assertEqual(hot.persons.tolist(), cold.persons.tolist())
        self.assertEqual(hot.scores[CHURN].tolist(), cold.scores[CHURN].tolist())

    def test_one_person_scores_as_among_all(self) -> None:
        make_population(60)
        with clock.frozen(NOW):
            retrain()
            scored = score_everybody()
            for name in (CHURN, CONVERSION):
                alone = score_person(name, int(scored.persons[5]))
                self.assertAlmostEqual(alone["score"], float(scored.scores[name][5]), places=3)


class TooLittleTest(LakeTestCase):
    def test_no_events_are_not_enough_data(self) -> None:
        self.assertEqual(set(retrain().values()), {"not_enough_data"})
        self.assertEqual(len(score_everybody().persons), 0)
        self.assertIn("needs 50 labelled rows", list_models()[0]["card"]["reason"])

    def test_below_the_minimum_there_is_a_rule_and_no_probability(self) -> None:
        user = alice()
        load([visit_of(user, "page_viewed", NOW - timedelta(days=day)) for day in (1, 20, 40)])
        with clock.frozen(NOW):
            retrain()
            answer = PredictiveAnalyticsService().predict_churn(user)
        self.assertEqual((answer["status"], answer["basis"]), ("not_enough_data", "rule"))

    def test_models_are_made_once_a_day_and_tried_again_while_they_lack_data(self) -> None:
        with clock.frozen(NOW):
            self.assertEqual(set(retrain_when_due().values()), {"not_enough_data"})
            self.assertEqual(len(retrain_when_due()), 3)
            PredictionModel.objects.update(status="rule_is_better")
            models._loaded.cache_clear()
            self.assertEqual(retrain_when_due(), {})
        with clock.frozen(NOW + timedelta(days=1)):
            self.assertEqual(len(retrain_when_due()), 3)

    def test_only_the_newest_versions_are_kept(self) -> None:
        for _ in range(12):
            retrain()
        self.assertEqual(PredictionModel.objects.filter(name=CHURN).count(), 10)

    def test_parameters_that_cannot_be_read_are_not_used(self) -> None:
        PredictionModel.objects.create(
            name=CHURN, status="ready", parameters={"version": "other"}, horizon_days=7
        )
        with self.assertLogs("analytics.ai_services", "WARNING"):
            found = models.current(CHURN)
        self.assertFalse(models.is_ready(found))
        self.assertEqual(found.status, "unreadable")


class AttendanceTest(LakeTestCase):
    def about(self, user: User, name: str, subject: str, days_ago: float) -> dict[str, Any]:
        at = NOW - timedelta(days=days_ago)
        return visit_of(user, name, at, metadata=orjson.dumps({"event_id": subject}).decode())

    def history(self, user: User, came: int, missed: int) -> list[dict[str, Any]]:
        rows = []
        for number in range(came + missed):
            subject, ago = f"{user.pk}-{number}", 100 - 3 * number
            name = "meetup_attended" if number < came else "meetup_missed"
            rows += [
                self.about(user, "meetup_requested", subject, ago),
                self.about(user, name, subject, ago - 2),
            ]
        return rows

    def test_a_reliable_guest_is_likelier_to_come_and_the_history_says_why(self) -> None:
        reliable, flaky, new = make_users(3)
        load(self.history(reliable, 9, 0) + self.history(flaky, 1, 8))
        service = PredictiveAnalyticsService()
        with clock.frozen(NOW):
            found = [service.predict_event_attendance(user, 4711) for user in (reliable, flaky, new)]
        self.assertGreater(found[0]["probability"], 0.8)
        self.assertLess(found[1]["probability"], 0.3)
        self.assertLess(found[1]["probability"], found[2]["probability"])
        self.assertLess(found[2]["probability"], found[0]["probability"])
        self.assertLess(found[2]["confidence"], found[0]["confidence"])
        self.assertEqual(found[0]["history"], {"known": 9, "attended": 9})
        self.assertEqual(found[0]["factors"][0], {"factor": "past_attendance", "value": 1.0, "of": 9})
        self.assertEqual((found[0]["basis"], found[0]["status"]), ("rule", "not_trained"))

    def test_without_any_outcome_nothing_is_known(self) -> None:
        with clock.frozen(NOW):
            found = PredictiveAnalyticsService().predict_event_attendance(alice(), "x")
        self.assertEqual((found["status"], found["basis"], found["confidence"]), ("not_enough_data", "", 0))

    @override_settings(ANALYTICS_EVENT_NAMES={"meetup_requested": "asked", "meetup_attended": "came"})
    def test_a_host_may_call_its_events_otherwise(self) -> None:
        with override_settings(ANALYTICS_HOST=""):
            user = alice()
            load([self.about(user, "asked", "a", 9), self.about(user, "came", "a", 8)])
            with clock.frozen(NOW):
                found = PredictiveAnalyticsService().predict_event_attendance(user, "b")
        self.assertEqual(found["history"], {"known": 1, "attended": 1})


class PersonTest(LakeTestCase):
    def test_a_merged_person_is_scored_once(self) -> None:
        user = alice()
        load([visit_of(user, "page_viewed", NOW - timedelta(days=1))])
        with clock.frozen(NOW):
            self.assertEqual(len(score_everybody().persons), Person.objects.filter(merged_into=None).count())
