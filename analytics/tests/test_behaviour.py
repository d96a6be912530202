"""Behaviour of one user and of all: the specification's example first, under its name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.test import SimpleTestCase, TestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import clock
from analytics.ai_services import UserBehaviorAnalysisService
from analytics.ai_services.behaviour.engagement import Presence, Trend, engagement, trend
from analytics.ai_services.behaviour.profiles import profile_everybody, profile_user
from analytics.ai_services.behaviour.risks import risk_factors
from analytics.ingestion import merges
from analytics.models import Person, PersonDistinctId, UserBehaviorProfile, UserEvent
from analytics.tests.cast import LakeTestCase, alice
from analytics.tests.population import NOW, load, make_users, visit_of

_ROW: dict[str, Any] = {
    "events": 40, "late_events": 20, "active_days": 10, "errors": 0, "avg_response_ms": 100.0,
}  # fmt: skip


class UserBehaviorAnalysisServiceTest(TestCase):
    def setUp(self) -> None:
        self.user = User.objects.create_user(username="testuser", email="test@example.com")
        self.service = UserBehaviorAnalysisService()

    def test_behavior_analysis(self) -> None:
        # Create some test events
        UserEvent.objects.create(
            user=self.user, event_type="page_view", event_name="event_page", session_id="test_session"
        )

        analysis = self.service.analyze_user_behavior(self.user)

        self.assertIn("engagement_score", analysis)
        self.assertIn("activity_patterns", analysis)
        self.assertIn("preferences", analysis)
        self.assertIn("risk_factors", analysis)
        self.assertIn("predictions", analysis)


def _score(recency: float, active: float, events: float, names: float, days: float = 30) -> float:
    columns = [np.array([value]) for value in (recency, active, events, names)]
    return float(engagement(Presence(*columns), days)[0])


class EngagementTest(SimpleTestCase):
    @settings(max_examples=200, deadline=None)
    @given(st.floats(0, 60), st.integers(1, 30), st.integers(1, 60), st.integers(1, 30), st.data())
    def test_it_grows_with_recency_frequency_depth_and_breadth(
        self, recency: float, active: int, a_day: int, names: int, data: st.DataObject
    ) -> None:
        score = _score(recency, active, active * a_day, names)
        self.assertTrue(0 <= score <= 1)
        self.assertLessEqual(
            _score(recency + data.draw(st.floats(0, 30)), active, active * a_day, names), score
        )
        more = active + data.draw(st.integers(0, 10))
        self.assertGreaterEqual(_score(recency, more, more * a_day, names), score)
        deeper = a_day + data.draw(st.integers(0, 50))
        self.assertGreaterEqual(_score(recency, active, active * deeper, names), score)
        self.assertGreaterEqual(
            _score(recency, active, active * a_day, names + data.draw(st.integers(0, 9))), score
        )

    def test_nobody_has_none_and_who_does_everything_every_day_has_all(self) -> None:
        self.assertEqual(_score(0, 0, 0, 0), 0)
        self.assertAlmostEqual(_score(0, 30, 1500, 20), 1)

    def test_a_trend_needs_events_and_more_than_chance(self) -> None:
        self.assertEqual(trend(11, 11), Trend.UNKNOWN)
        self.assertEqual(trend(100, 59), Trend.STEADY)
        self.assertEqual((trend(100, 61), trend(100, 39)), (Trend.RISING, Trend.FALLING))


class RiskTest(SimpleTestCase):
    def found(self, silent_days: float = 0.0, **changes: Any) -> list[str]:
        return risk_factors({**_ROW, **changes}, silent_days=silent_days, days=30)

    def test_a_user_without_a_risk_has_none(self) -> None:
        self.assertEqual(self.found(), [])

    def test_silence_is_a_risk_when_it_is_long_for_this_user(self) -> None:
        self.assertEqual(self.found(10), ["Not seen for 10 days"])
        self.assertEqual(self.found(10, active_days=5), [])

    def test_decline_errors_slowness_and_single_visits_are_named_with_their_figures(self) -> None:
        self.assertEqual(
            self.found(late_events=4), ["Activity fell by 89 % against the first half of the period"]
        )
        self.assertEqual(self.found(errors=8), ["8 of 40 events were errors"])
        self.assertEqual(self.found(avg_response_ms=1500.0), ["Pages took 1.5 s on average"])
        self.assertEqual(self.found(active_days=1), ["Came on a single day"])


class OneUserTest(LakeTestCase):
    def analysis_of(self, user: User) -> dict[str, Any]:
        with clock.frozen(NOW):
            return UserBehaviorAnalysisService().analyze_user_behavior(user)

    def test_habits_are_told_by_the_clock_of_the_person(self) -> None:
        user = alice()
        load([visit_of(user, "page_viewed", NOW - timedelta(days=day, hours=4)) for day in range(1, 8)])
        Person.objects.filter(user=user).update(properties={"$timezone": "Asia/Kolkata"})
        found = self.analysis_of(user)
        self.assertEqual(found["activity_patterns"]["peak_hours"], [13])  # 08:00 UTC
        self.assertEqual(found["preferences"]["times"], ["afternoon"])
        self.assertEqual(found["preferences"]["event_names"], ["page_viewed"])
        self.assertEqual(found["activity_patterns"]["frequency"], "weekly")

    def test_what_somebody_did_before_they_were_known_counts(self) -> None:
        user = alice()
        load([visit_of(user, "page_viewed", NOW - timedelta(hours=3))])
        visitor = {
            **visit_of(user, "page_viewed", NOW - timedelta(hours=4)),
            "distinct_id": "visitor",
            "user_id": None,
        }
        load([visitor])
        known, unknown = (
            PersonDistinctId.objects.get(distinct_id=name).person for name in (str(user.pk), "visitor")
        )
        merges.merge(known.uuid, [unknown.uuid], dry_run=False)
        self.assertEqual(self.analysis_of(user)["activity_patterns"]["events"], 2)

    def test_a_user_without_events_is_told_so(self) -> None:
        found = self.analysis_of(alice())
        self.assertEqual(found["engagement_score"], 0)
        self.assertEqual(found["risk_factors"], ["No activity in the last 30 days"])
        self.assertEqual(found["predictions"]["churn"]["status"], "no_recent_activity")

    def test_without_a_model_the_score_is_a_rule_and_says_so(self) -> None:
        user = alice()
        load([visit_of(user, "page_viewed", NOW - timedelta(days=3))])
        predictions = self.analysis_of(user)["predictions"]
        self.assertEqual(
            (predictions["churn"]["basis"], predictions["churn"]["status"]), ("rule", "not_trained")
        )
        self.assertTrue(0 < predictions["churn_risk"] < 1)


class EverybodyTest(LakeTestCase):
    def test_all_at_once_is_the_same_as_one_by_one(self) -> None:
        users = make_users(4)
        for number, user in enumerate(users[:3]):
            times = [
                NOW - timedelta(days=day, hours=number) for day in range(0, 5 * (number + 1), number + 1)
            ]
            load(
                [visit_of(user, name, at) for at in times for name in ("page_viewed", "search")[: number + 1]]
            )
        with clock.frozen(NOW):
            self.assertEqual(profile_everybody(), 3)
            together = _profiles()
            for user in users[:3]:
                profile_user(user.pk, UserBehaviorAnalysisService().analyze_user_behavior(user))
            self.assertEqual(_profiles(), together)
            self.assertEqual(profile_everybody(), 3)
        self.assertEqual(_profiles(), together)
        self.assertGreater(together[users[0].pk]["engagement_score"], 0.2)

    def test_who_was_not_there_is_put_to_rest(self) -> None:
        user = alice()
        load([visit_of(user, "page_viewed", NOW - timedelta(days=1))])
        with clock.frozen(NOW):
            profile_everybody()
        with clock.frozen(NOW + timedelta(days=200)):
            profile_everybody()
        profile = UserBehaviorProfile.objects.get(user=user)
        self.assertEqual((profile.engagement_score, profile.activity_frequency), (0, "inactive"))

    def test_a_user_who_is_gone_gets_no_profile(self) -> None:
        user = alice()
        load([visit_of(user, "page_viewed", NOW - timedelta(days=1))])
        User.objects.filter(pk=user.pk).delete()
        with clock.frozen(NOW):
            self.assertEqual(profile_everybody(), 0)


def _profiles() -> dict[int, dict[str, Any]]:
    left_out = ("id", "uuid", "created_at", "updated_at")
    rows = UserBehaviorProfile.objects.values()
    return {row["user_id"]: {key: value for key, value in row.items() if key not in left_out} for row in rows}
