"""Sentiment, behaviour, predictions, anomalies, personas and insights through both servers."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import TestCase
from rest_framework import status
from rest_framework.test import APIClient

from analytics.ai_services.insights.claims import put_claims
from analytics.models import AIInsight, UserEvent
from analytics.tests.test_api import BothServersCase
from analytics.tests.test_insights import claim

_API = "/api/analytics"


class AnalyticsAPITest(TestCase):
    """The specification's own examples."""

    def setUp(self) -> None:
        self.user = User.objects.create_user(
            username="testuser", email="test@example.com", password="testpass123"
        )
        self.client = APIClient()
        self.client.force_authenticate(user=self.user)

    def test_sentiment_analysis(self) -> None:
        data = {"text": "I love this event!"}
        response = self.client.post("/api/analytics/sentiment", data)

        self.assertEqual(response.status_code, status.HTTP_200_OK)
        self.assertEqual(response.data["sentiment"], "positive")
        self.assertGreater(response.data["score"], 0)

    def test_user_behavior_analysis(self) -> None:
        data = {"user_id": self.user.id, "days": 30}
        response = self.client.post("/api/analytics/user-behavior", data)

        self.assertEqual(response.status_code, status.HTTP_200_OK)
        self.assertIn("engagement_score", response.data)
        self.assertIn("activity_patterns", response.data)


class IntelligenceTest(BothServersCase):
    def test_a_text_has_a_sentiment_and_too_long_a_text_an_error(self) -> None:
        for call in self.servers():
            token = self.log_in(call, "alice")["access"]
            found = call("POST", f"{_API}/sentiment", {"text": "This event was terrible!"}, token)
            self.assertEqual((found.status, found.body["sentiment"]), (200, "negative"))
            self.assertTrue({"textblob", "vader"} <= set(found.body["details"]))
            for text in ("", "x" * 10_001):
                self.assertEqual(call("POST", f"{_API}/sentiment", {"text": text}, token).status, 422)
            self.assertEqual(call("POST", f"{_API}/sentiment", {"text": "x"}).status, 401)

    def test_a_user_may_ask_about_themself_alone(self) -> None:
        UserEvent.objects.create(user=self.alice, event_name="page_viewed")
        paths = {"user-behavior": {}, "predictions/churn": {}, "predictions/attendance": {"event_id": 5}}
        for call in self.servers():
            mine, staff = (self.log_in(call, name)["access"] for name in ("alice", "sam"))
            for path, more in paths.items():
                body = {"user_id": self.alice.pk, **more}
                self.assertEqual(call("POST", f"{_API}/{path}", body, mine).status, 200, path)
                self.assertEqual(call("POST", f"{_API}/{path}", body, staff).status, 200, path)
                for other in (self.sam.pk, 987654):
                    found = call("POST", f"{_API}/{path}", {"user_id": other, **more}, mine)
                    self.assertEqual((found.status, found.body["code"]), (404, "not_found"), path)

    def test_insights_are_listed_filtered_and_judged(self) -> None:
        put_claims([claim(str(self.alice.pk)), claim("999"), claim("998", confidence=0.9)])
        uuid = str(AIInsight.objects.get(target_id="999").uuid)
        for call in self.servers():
            mine, staff = (self.log_in(call, name)["access"] for name in ("alice", "sam"))
            found = call("POST", f"{_API}/insights", {"insight_types": ["churn_risk"], "limit": 2}, staff)
            self.assertEqual((found.status, found.body["total_count"]), (200, 3))
            self.assertEqual(found.body["pagination"], {"limit": 2, "offset": 0, "has_more": True})
            self.assertEqual(found.body["insights"][0]["evidence"], {"analysis": "predictions/churn"})
            own = call("GET", f"{_API}/insights?priority=medium", token=mine)
            self.assertEqual([i["target_id"] for i in own.body["insights"]], [str(self.alice.pk)])
            self.assertEqual(call("GET", f"{_API}/insights?priority=loud", token=staff).status, 422)
            verdict = {"status": "validated", "validation_notes": "True."}
            self.assertEqual(call("PATCH", f"{_API}/insights/{uuid}", verdict, mine).status, 403)
            judged = call("PATCH", f"{_API}/insights/{uuid}", verdict, staff)
            self.assertEqual((judged.status, judged.body["status"]), (200, "validated"))
            self.assertIsNotNone(judged.body["validated_at"])
            gone = call("PATCH", f"{_API}/insights/00000000-0000-4000-8000-000000000000", verdict, staff)
            self.assertEqual(gone.status, 404)
            self.assertEqual(
                call("GET", f"{_API}/insights", token=staff).body["scoreboard"][0]["precision"], 1.0
            )

    def test_staff_make_insights_and_personas(self) -> None:
        for call in self.servers():
            mine, staff = (self.log_in(call, name)["access"] for name in ("alice", "sam"))
            for path, body in (("insights/generate", {}), ("clustering", {"n_clusters": 3})):
                self.assertEqual(call("POST", f"{_API}/{path}", body, mine).status, 403)
                self.assertEqual(call("POST", f"{_API}/{path}", body, staff).status, 200)
            found = call("POST", f"{_API}/clustering", {"n_clusters": 3}, staff)
            self.assertEqual((found.body["status"], found.body["clusters"]), ("not_enough_data", {}))
            self.assertEqual(call("POST", f"{_API}/clustering", {"n_clusters": 1}, staff).status, 422)

    def test_models_tell_how_good_they_are(self) -> None:
        from analytics.ai_services.predictions.retraining import retrain

        retrain()
        for call in self.servers():
            found = call("GET", f"{_API}/models", token=self.log_in(call, "sam")["access"])
            self.assertEqual([m["name"] for m in found.body["models"]], ["attendance", "churn", "conversion"])
            self.assertEqual({m["status"] for m in found.body["models"]}, {"not_enough_data"})

    def test_a_metric_without_a_value_has_no_anomalies_but_an_error(self) -> None:
        for call in self.servers():
            token = self.log_in(call, "sam")["access"]
            found = call("POST", f"{_API}/anomalies", {"metric_name": "nothing"}, token)
            self.assertEqual((found.status, found.body["code"]), (404, "unknown_metric"))
