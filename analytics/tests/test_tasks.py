"""Background tasks. The specification's own examples stand first, under their names."""

from __future__ import annotations

from unittest.mock import MagicMock, patch

from django.contrib.auth.models import User
from django.test import TestCase

from analytics import tasks
from analytics.models import UserBehaviorProfile, UserEvent
from analytics.tasks import generate_user_behavior_insights, process_user_events_batch
from analytics.tests.cast import LakeTestCase


class AnalyticsTasksTest(TestCase):
    def setUp(self) -> None:
        self.user = User.objects.create_user(username="testuser", email="test@example.com")

    @patch("analytics.tasks.SentimentAnalysisService")
    def test_process_user_events_batch(self, mock_sentiment_service: MagicMock) -> None:
        # Create test events
        event1 = UserEvent.objects.create(
            user=self.user, event_type="page_view", event_name="test_page", session_id="test_session"
        )

        # Mock sentiment service
        mock_service = MagicMock()
        mock_service.analyze_text_sentiment.return_value = {
            "sentiment": "positive",
            "score": 0.8,
            "confidence": 0.9,
        }
        mock_sentiment_service.return_value = mock_service

        # Run task
        result = process_user_events_batch([event1.id])

        self.assertEqual(result["processed"], 1)
        self.assertEqual(result["errors"], 0)

    def test_generate_user_behavior_insights(self) -> None:
        # Create test events
        UserEvent.objects.create(
            user=self.user, event_type="page_view", event_name="event_page", session_id="test_session"
        )

        # Run task
        result = generate_user_behavior_insights(self.user.id)

        self.assertEqual(result["user_id"], self.user.id)
        self.assertIn("insights_created", result)

    def test_texts_are_scored_by_the_service(self) -> None:
        event = UserEvent.objects.create(
            user=self.user, event_name="feedback_given", metadata={"message": "I love it!"}
        )
        process_user_events_batch([event.id])
        event.refresh_from_db()
        self.assertGreater(event.sentiment_score, 0)

    def test_a_user_who_is_gone_has_no_insights(self) -> None:
        self.assertEqual(generate_user_behavior_insights(4711), {"user_id": 4711, "insights_created": 0})


class AnythingTwiceTest(LakeTestCase):
    def test_every_task_can_run_on_an_empty_deployment_and_again(self) -> None:
        for task in (
            tasks.seal_events,
            tasks.lake_upkeep,
            tasks.cleanup_old_analytics_data,
            tasks.fold_ledger,
            tasks.continue_datasets,
            tasks.enrich_new_events,
            tasks.generate_predictive_insights,
            tasks.perform_user_clustering,
            tasks.retrain_models,
            tasks.detect_anomalies_batch,
        ):
            with self.subTest(task=task.name):
                first = task()
                self.assertEqual(task().keys(), first.keys())

    def test_profiles_follow_from_events(self) -> None:
        user = User.objects.create_user("someone")
        UserEvent.objects.create(user=user, event_name="page_viewed")
        self.assertEqual(tasks.generate_predictive_insights()["profiles"], 1)
        self.assertGreater(UserBehaviorProfile.objects.get(user=user).engagement_score, 0)
