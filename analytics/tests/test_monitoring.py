"""What operators watch: who may see it, what it says, and that a fault of one figure hides no other."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

from celery import shared_task
from django.test import Client, TestCase, override_settings

from analytics import clock
from analytics.models import OutboxMessage
from analytics.monitoring import backlog, names, tasks, view
from analytics.monitoring.memory import get_memory_usage
from analytics.tests.cast import LakeTestCase, alice
from analytics.tests.population import NOW, load, visit_of


class WhoMaySeeTest(TestCase):
    def status(self, **headers: str) -> int:
        return Client().get("/metrics", **headers).status_code

    def test_this_machine_may_and_the_world_may_not(self) -> None:
        self.assertEqual(self.status(REMOTE_ADDR="127.0.0.1"), 200)
        self.assertEqual(self.status(REMOTE_ADDR="::1"), 200)
        self.assertEqual(self.status(REMOTE_ADDR="192.0.2.1"), 404)

    def test_a_proxy_on_this_machine_speaks_for_the_world(self) -> None:
        self.assertEqual(self.status(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.1"), 404)

    @override_settings(ANALYTICS_METRICS_TOKEN="a-long-token")
    def test_with_a_token_only_the_token_counts(self) -> None:
        self.assertEqual(self.status(REMOTE_ADDR="127.0.0.1"), 404)
        self.assertEqual(self.status(REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Bearer a-long-token"), 200)
        self.assertEqual(self.status(REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Bearer another"), 404)


class BacklogTest(LakeTestCase):
    def test_what_waits_is_counted_with_its_age(self) -> None:
        load([visit_of(alice(), "page_viewed", NOW, created_at=NOW)])
        OutboxMessage.objects.create(sink="posthog", kind="event", created_at=NOW - timedelta(seconds=30))
        OutboxMessage.objects.create(sink="posthog", kind="event", state="dead")
        with clock.frozen(NOW + timedelta(seconds=10)):
            text = view.render().decode()
        for line in (
            "analytics_unsealed_events 1.0",
            "analytics_sealing_lag_seconds 10.0",
            'analytics_outbox_pending{sink="posthog"} 1.0',
            'analytics_outbox_lag_seconds{sink="posthog"} 40.0',
            'analytics_outbox_dead{sink="posthog"} 1.0',
        ):
            self.assertIn(line, text)

    def test_a_figure_that_cannot_be_read_hides_no_other(self) -> None:
        with (
            mock.patch.object(backlog.lake, "lake", side_effect=OSError),
            self.assertLogs("analytics.monitoring", "ERROR"),
        ):
            text = view.render().decode()
        self.assertNotIn("analytics_unsealed_events", text)
        self.assertIn("analytics_pending_changes 0.0", text)


class TaskTest(TestCase):
    def test_a_task_leaves_its_duration_and_memory(self) -> None:
        tasks.connect()

        @shared_task(name="analytics.tests.counted")
        def counted() -> int:
            return 1

        counted.apply()
        text = view.render().decode()
        self.assertIn(
            'analytics_task_duration_seconds_count{outcome="success",task="analytics.tests.counted"} 1.0',
            text,
        )
        self.assertIn('analytics_task_memory_bytes{task="analytics.tests.counted"}', text)

    def test_a_task_that_fails_is_counted(self) -> None:
        tasks.connect()

        @shared_task(name="analytics.tests.failing")
        def failing() -> None:
            raise ValueError

        failing.apply()
        found = names.TASK_FAILURES.labels("analytics.tests.failing")._value.get()
        self.assertEqual(found, 1)

    def test_memory_is_told_in_megabytes(self) -> None:
        usage = get_memory_usage()
        self.assertTrue(10 < usage["rss"] < usage["vms"] and 0 < usage["percent"] < 100)
