"""The overview counts what is hot, what is sealed, and each event once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.test import TestCase

from analytics import clock
from analytics.models import AIInsight, BusinessMetric, UserEvent
from analytics.reports.ingestion import receipt
from analytics.reports.overview import overview
from analytics.store.lake import lake
from analytics.store.sealing import seal_all
from analytics.store.upkeep import Upkeep, run_upkeep
from analytics.tasks import lake_upkeep
from analytics.tests.cast import LakeTestCase, alice, make_key, posthog_event, send_batch

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def an_hour_of_visits() -> list[dict[str, object]]:
    """Two persons, three sessions, one purchase, one event of yesterday."""
    return [
        posthog_event("$pageview", "u1", timestamp="2026-05-04T11:00:00Z", properties={"$session_id": "s1"}),
        posthog_event(
            "paid", "u1", timestamp="2026-05-04T11:10:00Z", properties={"$session_id": "s1", "revenue": 20}
        ),
        posthog_event("$pageview", "u2", timestamp="2026-05-04T11:30:00Z", properties={"$session_id": "s2"}),
        posthog_event("$pageview", "u2", timestamp="2026-05-03T11:30:00Z", properties={"$session_id": "s3"}),
    ]


class OverviewTest(TestCase):
    """Worked by hand, on hot rows inside an open transaction."""

    def setUp(self) -> None:
        make_key()

    def test_figures_of_two_persons(self) -> None:
        with clock.frozen(NOON):
            send_batch(*an_hour_of_visits())
            answer = overview(days=7).as_answer()
        expected = {
            "total_events": 4,
            "total_users": 2,
            "total_revenue": 20.0,
            "active_users_today": 2,
            "conversion_rate": 50.0,
            "avg_session_length": 200.0,
        }
        self.assertEqual({name: answer[name] for name in expected}, expected)
        self.assertIn("select", answer["proof"]["sql"].lower())

    def test_merged_ids_are_one_user(self) -> None:
        with clock.frozen(NOON):
            send_batch(
                *an_hour_of_visits(),
                posthog_event("$merge_dangerously", "u1", properties={"alias": "u2"}),
            )
            self.assertEqual(overview(days=7).as_answer()["total_users"], 1)

    def test_an_event_made_through_the_orm_counts_for_its_user(self) -> None:
        user = alice()
        UserEvent.objects.create(user=user, event_name="a", session_id="s")
        UserEvent.objects.create(user=user, event_name="b", session_id="s")
        answer = overview(days=1).as_answer()
        self.assertEqual((answer["total_events"], answer["total_users"]), (2, 1))

    def test_nothing_yet_is_zero_and_not_an_error(self) -> None:
        answer = overview(days=30).as_answer()
        self.assertEqual((answer["total_events"], answer["conversion_rate"]), (0, 0.0))

    def test_open_insights_and_alerts_are_listed(self) -> None:
        AIInsight.objects.create(insight_type="anomaly", title="Odd", confidence_score=0.9, priority="high")
        AIInsight.objects.create(insight_type="trend", title="Gone", confidence_score=1, status="rejected")
        BusinessMetric.objects.create(
            metric_type="kri",
            metric_name="error_rate",
            value=9,
            period_start=NOON,
            period_end=NOON + timedelta(days=1),
            period_type="day",
            is_alert_triggered=True,
        )
        answer = overview(days=1).as_answer()
        self.assertEqual([i["title"] for i in answer["top_insights"]], ["Odd"])
        self.assertEqual([a["metric_name"] for a in answer["alerts"]], ["error_rate"])


class SealingTest(LakeTestCase):
    """Hot, sealed and mixed give the same figures; sealing twice changes nothing."""

    def test_hot_sealed_and_mixed_agree(self) -> None:
        events = an_hour_of_visits()
        with clock.frozen(NOON):
            send_batch(*events)
            hot = overview(days=7).as_answer()
            self.assertEqual(seal_all(), 4)
            self.assertEqual(seal_all(), 0)
            sealed = overview(days=7).as_answer()
            send_batch(posthog_event("late", "u1", timestamp="2026-05-04T11:05:00Z"))
            mixed = overview(days=7).as_answer()
        for answer in (hot, sealed, mixed):
            proof = answer.pop("proof")
        self.assertGreaterEqual(proof["lake_version"], 1)
        self.assertEqual(hot, sealed)
        self.assertEqual(mixed["total_events"], 5)
        self.assertEqual(mixed["total_users"], 2)

    def test_upkeep_changes_how_an_answer_is_found_and_not_the_answer(self) -> None:
        with clock.frozen(NOON):
            for event in an_hour_of_visits():
                send_batch(event)
                seal_all()
        with clock.frozen(NOON + timedelta(days=2)):
            before = overview(days=7).as_answer()
            self.assertEqual(run_upkeep(), Upkeep(0, 0, compacted_days=2, built_rollups=1, deleted_files=0))
            after = overview(days=7).as_answer()
            self.assertEqual(run_upkeep(), Upkeep(0, 0, compacted_days=0, built_rollups=0, deleted_files=0))
        proof = after.pop("proof")
        self.assertNotIn("rollups", before.pop("proof")["sql"])
        self.assertIn("segments of rollups", proof["sql"])
        self.assertEqual(after, before)

    def test_the_present_day_is_not_rolled_up(self) -> None:
        with clock.frozen(NOON):
            send_batch(*an_hour_of_visits())
            seal_all()
            done = lake_upkeep()
        self.assertEqual((done["compacted_days"], done["built_rollups"]), (1, 1))
        yesterday = (NOON - timedelta(days=1)).date()
        self.assertEqual([segment.last_day for segment in lake().snapshot().segments], [yesterday])

    def test_a_receipt_tells_that_its_event_is_sealed(self) -> None:
        send_batch(posthog_event())
        event = UserEvent.objects.get()
        self.assertFalse(receipt(event.uuid).sealed)
        seal_all()
        self.assertTrue(receipt(event.uuid).sealed)

    def test_a_merge_after_sealing_joins_what_is_sealed(self) -> None:
        with clock.frozen(NOON):
            send_batch(*an_hour_of_visits())
            seal_all()
            send_batch(posthog_event("$merge_dangerously", "u1", properties={"alias": "u2"}))
            self.assertEqual(overview(days=7).as_answer()["total_users"], 1)
