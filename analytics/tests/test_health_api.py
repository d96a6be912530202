"""Health and debug pages through both servers: real probes, codes only in public, and no part that can hold them up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from celery import current_app
from django.db import OperationalError, connection, transaction
from django.test import SimpleTestCase, override_settings

from analytics import clock
from analytics.models import SinkState
from analytics.reports import debugging, health
from analytics.reports.probing import Kept, NoAnswer, Probe
from analytics.store import condition
from analytics.tests.cast import posthog_event, send_batch
from analytics.tests.servers import API, ServersTestCase

SECRET = "connection to server at 10.1.2.3 failed for user loopin"


@contextmanager
def database_down() -> Iterator[None]:
    with mock.patch.object(condition, "takes_writes", side_effect=OperationalError(SECRET)):
        yield


class HealthTest(ServersTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.forget()
        self.addCleanup(self.forget)

    @staticmethod
    def forget() -> None:
        health.forget()
        debugging.forget()

    def test_anybody_learns_whether_events_can_be_stored(self) -> None:
        send_batch(*(posthog_event() for _ in range(3)))
        for call in self.servers():
            self.forget()
            found = call("GET", f"{API}/health")
            self.assertEqual((found.status, found.body["status"]), (200, "healthy"))
            self.assertEqual(
                found.body["components"],
                {"database": "healthy", "ai_services": "degraded", "posthog": "disabled", "recent_events": 3},
            )
            self.assertEqual(found.headers["cache-control"], "no-store")
            self.assertTrue(datetime.fromisoformat(found.body["timestamp"]))

    def test_the_public_count_ends_at_a_hundred_and_at_an_hour(self) -> None:
        send_batch(*(posthog_event() for _ in range(120)))
        for call in self.servers():
            self.forget()
            self.assertEqual(call("GET", f"{API}/health").body["components"]["recent_events"], 100)
            self.forget()
            with clock.frozen(clock.now() + timedelta(hours=2)):
                self.assertEqual(call("GET", f"{API}/health").body["components"]["recent_events"], 0)

    def test_a_database_that_is_away_is_503_and_a_code(self) -> None:
        for call in self.servers():
            self.forget()
            with database_down(), self.assertLogs("analytics.health", "WARNING"):
                found = call("GET", f"{API}/health")
            self.assertEqual((found.status, found.body["status"]), (503, "unhealthy"))
            self.assertEqual(found.body["components"]["database"], "down")
            self.assertIsNone(found.body["components"]["recent_events"])
            self.assertNotIn(SECRET, found.content.decode())

    def test_a_database_that_hangs_holds_nobody_up(self) -> None:
        released = threading.Event()
        self.addCleanup(released.set)
        for call in self.servers():
            self.forget()
            with mock.patch.object(condition, "takes_writes", side_effect=lambda: released.wait(20)):
                started_s = time.perf_counter()
                found = call("GET", f"{API}/health")
                self.assertLess(time.perf_counter() - started_s, 2.0)
            self.assertEqual((found.status, found.body["components"]["database"]), (503, "timeout"))

    def test_however_often_asked_the_parts_are_asked_once(self) -> None:
        with mock.patch.object(condition, "takes_writes", wraps=condition.takes_writes) as asked:
            for call in self.servers():
                for _ in range(5):
                    call("GET", f"{API}/health")
        self.assertEqual(asked.call_count, 1)

    def test_staff_see_every_part(self) -> None:
        for call in self.servers():
            self.forget()
            found = call("GET", f"{API}/health/detailed", user=self.sam)
            self.assertEqual((found.status, found.body["status"]), (200, "healthy"), found.body)
            self.assertEqual(
                found.body["components"],
                {
                    "database": "healthy",
                    "redis": "healthy",
                    "ai_services": "degraded",
                    "lake": "healthy",
                    "disk": "healthy",
                    "posthog": "disabled",
                },
            )
            self.assertLess(found.body["durations_ms"]["database"], 250)
            self.check_refused(call, "GET", f"{API}/health/detailed", 403, "staff_only", user=self.alice)
            self.check_refused(call, "GET", f"{API}/health/detailed", 401, "not_authenticated")

    def test_a_cache_that_is_away_is_seen_by_staff(self) -> None:
        for call in self.servers():
            self.forget()
            with (
                mock.patch.object(health._cache, "_ask", side_effect=ConnectionError(SECRET)),
                self.assertLogs("analytics.health", "WARNING"),
            ):
                found = call("GET", f"{API}/health/detailed", user=self.sam)
            self.assertEqual((found.status, found.body["components"]["redis"]), (503, "down"))
            self.assertNotIn(SECRET, found.content.decode())

    @override_settings(POSTHOG_API_KEY="phc_a_real_one")
    def test_faults_since_the_last_delivery_make_posthog_unhealthy(self) -> None:
        at = datetime(2026, 5, 8, 12, tzinfo=UTC)
        state = SinkState.objects.create(sink="posthog", last_delivered_at=at)
        for call in self.servers():
            self.forget()
            found = call("GET", f"{API}/health/detailed", user=self.sam).body
            self.assertEqual((found["components"]["posthog"], found["failed_deliveries"]), ("healthy", 0))
            self.assertEqual(found["last_delivery_at"], "2026-05-08T12:00:00Z")
        state.faults_in_a_row = 3
        state.save()
        for call in self.servers():
            self.forget()
            found = call("GET", f"{API}/health/detailed", user=self.sam)
            self.assertEqual((found.status, found.body["components"]["posthog"]), (503, "unhealthy"))

    def _ready(self) -> list[tuple[int, str, str]]:
        found = []
        for call in self.servers():
            self.forget()
            answer = call("GET", "/readyz")
            found.append((answer.status, answer.body["database"], answer.body["disk"]))
        return found

    def test_ready_means_that_the_database_commits_and_there_is_room(self) -> None:
        self.assertEqual(self._ready(), [(200, "up", "ok")] * 2)

    def test_a_database_that_is_away_or_a_standby_is_not_ready(self) -> None:
        with database_down(), self.assertLogs("analytics.health", "WARNING"):
            self.assertEqual(self._ready(), [(503, "down", "ok")] * 2)
        with mock.patch.object(condition, "takes_writes", return_value=False):
            self.assertEqual(self._ready(), [(503, "standby", "ok")] * 2)

    def test_a_full_disk_is_not_ready(self) -> None:
        with mock.patch("analytics.reports.health.shutil.disk_usage", return_value=mock.Mock(free=1024)):
            self.assertEqual(self._ready(), [(503, "up", "full")] * 2)

    def test_a_server_that_takes_no_writes_says_so(self) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            self.assertFalse(condition.takes_writes())

    @override_settings(AI_SERVICES_ENABLED=False)
    def test_ai_that_is_switched_off_is_disabled(self) -> None:
        self.assertEqual(health.public().components["ai_services"], "disabled")

    @override_settings(OPENAI_API_KEY="sk-a-real-one", OPENAI_BASE_URL="http://127.0.0.1:1/v1")
    def test_a_key_of_an_outside_model_makes_ai_healthy_without_asking_it(self) -> None:
        self.assertEqual(health.public().components["ai_services"], "healthy")

    def test_staff_read_versions_sizes_and_queues(self) -> None:
        send_batch(posthog_event(), posthog_event())
        with current_app.connection_for_write() as broker:
            broker.default_channel.queue_purge("metrics")
            queue = broker.SimpleQueue("metrics")
            queue.put({"nobody": "reads this"})
            queue.close()
        self.addCleanup(self.purge)
        with mock.patch.object(debugging._workers, "_ask", return_value=0):
            for call in self.servers():
                self.forget()
                found = call("GET", f"{API}/debug/info", user=self.sam)
                self.assertEqual(found.status, 200, found.body)
                self.assertEqual(found.body["database_stats"]["user_events"], 2)
                self.assertEqual(found.body["celery_stats"]["queue_lengths"]["metrics"], 1)
                self.assertTrue(found.body["ai_services"]["nltk_available"])
                self.assertEqual(
                    set(found.body["system_info"]), {"python_version", "django_version", "analytics_version"}
                )
                self.check_refused(call, "GET", f"{API}/debug/info", 403, "staff_only", user=self.alice)

    @staticmethod
    def purge() -> None:
        with current_app.connection_for_write() as broker:
            broker.default_channel.queue_purge("metrics")

    def test_debug_info_says_nothing_where_nobody_answers(self) -> None:
        failing = mock.Mock(side_effect=ConnectionError(SECRET))
        names = ("_database", "_workers", "_queues", "_cache", "_lake")
        for name in names:
            self.enterContext(mock.patch.object(getattr(debugging, name), "_ask", failing))
        for call in self.servers():
            self.forget()
            with self.assertLogs("analytics.health", "WARNING"):
                found = call("GET", f"{API}/debug/info", user=self.sam)
            self.assertEqual(found.status, 200)
            self.assertEqual(set(found.body["database_stats"].values()), {None})
            self.assertEqual(found.body["celery_stats"], {"active_tasks": None, "queue_lengths": None})
            self.assertEqual(found.body["cache_stats"], {"redis_available": False, "cache_hits": None})
            self.assertNotIn(SECRET, json.dumps(found.body))

    def test_a_large_table_is_estimated(self) -> None:
        from analytics.models import UserEvent

        class Cursor:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None: ...

            def execute(self, *_: object) -> None: ...

            def fetchone(self) -> tuple[int]:
                return (7_000_000,)

        with mock.patch.object(connection, "cursor", Cursor), self.assertNumQueries(0):
            self.assertEqual(condition.estimate_rows(UserEvent), 7_000_000)


class ProbeTest(SimpleTestCase):
    def test_while_one_asking_hangs_nobody_is_sent_after_it(self) -> None:
        released, asked = threading.Event(), mock.Mock()

        def hang() -> None:
            asked()
            released.wait(20)

        probe = Probe("a part", 0.01, hang)
        self.addCleanup(released.set)
        for _ in range(5):
            with self.assertRaises(NoAnswer) as caught:
                probe.ask()
            self.assertEqual(caught.exception.code, "timeout")
        self.assertEqual(asked.call_count, 1)

    def test_an_answer_is_kept_for_its_time(self) -> None:
        made = mock.Mock(side_effect=[1, 2, 3])
        kept = Kept(made, 3600)
        self.assertEqual([kept.get(), kept.get()], [1, 1])
        kept.forget()
        self.assertEqual(kept.get(), 2)
        self.assertEqual(Kept(made, -1).get(), 3)
