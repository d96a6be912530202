"""The doctor: what it finds well, each hop that it finds broken with its fix, and that it leaves nothing behind."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from unittest import mock

from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from analytics import clock
from analytics.ingestion.keys import ring
from analytics.management.doctor import checks, following, servers
from analytics.management.doctor.checks import MIDDLEWARE
from analytics.management.doctor.examination import Wanted, examine
from analytics.management.doctor.finding import Finding, State
from analytics.management.doctor.ways import (
    EVENT_NAME,
    Patient,
    send_native,
    send_posthog,
    send_request,
    try_way,
)
from analytics.models import IngestKey, Person, PersonDistinctId, UserEvent
from analytics.reports import health, queries
from analytics.store import lake
from analytics.tests.cast import LABEL, TOKEN, LakeTestCase


def without_middleware() -> list[str]:
    return [name for name in settings.MIDDLEWARE if name != MIDDLEWARE]


class DoctorTestCase(LakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        # No worker runs beside tests; those about queues say what they want.
        self.let_tasks_be_eager(True)
        health.forget()  # what was found a moment ago, in another test
        self.enterContext(mock.patch.object(following, "_STORED_WITHIN_S", 0.0))

    def let_tasks_be_eager(self, value: bool) -> None:
        self.addCleanup(setattr, current_app.conf, "task_always_eager", current_app.conf.task_always_eager)
        current_app.conf.task_always_eager = value

    def findings(self, **wanted: str | float) -> list[Finding]:
        return list(examine(Wanted(**wanted)))

    def failures(self, **wanted: str | float) -> dict[str, Finding]:
        return {found.hop: found for found in self.findings(**wanted) if found.state is State.FAIL}

    def only_failure(self, hop: str) -> Finding:
        failures = self.failures()
        self.assertEqual(list(failures), [hop], failures)
        return failures[hop]


class WellTest(DoctorTestCase):
    def test_an_event_by_each_way_gets_to_an_analysis(self) -> None:
        found = {finding.hop: finding for finding in self.findings()}
        self.assertFalse([finding for finding in found.values() if finding.state is State.FAIL], found)
        for way in ("native API", "PostHog v0", "Segment", "track()", "middleware"):
            self.assertEqual(found[way].state, State.OK)
            self.assertIn(way, found["stored"].detail)
        self.assertEqual(found["analysis"].detail, "shows all 5 events")

    def test_no_event_and_no_person_of_it_is_left_and_no_figure_shows_one(self) -> None:
        self.findings()
        self.assertFalse(UserEvent.objects.exists())
        self.assertFalse(Person.objects.exists() or PersonDistinctId.objects.exists())
        today = clock.now().date()
        series = {
            "event": EVENT_NAME, "measure": "count", "property": None, "scope": "event", "label": None, "filters": None,
        }  # fmt: skip
        given = {
            "date_from": str(today - timedelta(days=1)), "date_to": str(today + timedelta(days=2)), "timezone": None,
            "series": [series], "interval": "day", "breakdown": None, "compare": None, "formula": None, "filters": None,
        }  # fmt: skip
        self.assertEqual(queries.answer("trends", given)["series"][0]["total"], 0)
        self.assertEqual(lake.lake().snapshot().rows, 5, "the upkeep has not taken them out of the files yet")

    def test_the_command_says_so_and_ends_well(self) -> None:
        out = io.StringIO()
        call_command("doctor", "--in-process", stdout=out)
        self.assertIn("an event gets from every door to an analysis", out.getvalue())

    def test_a_redirect_to_https_is_what_a_proxy_does_not_see(self) -> None:
        with override_settings(SECURE_SSL_REDIRECT=True):
            self.assertEqual(self.failures(), {})


class BrokenTest(DoctorTestCase):
    def test_the_exit_code_is_1_and_the_fix_is_printed(self) -> None:
        IngestKey.objects.all().delete()
        out = io.StringIO()
        with self.assertRaises(CommandError) as caught:
            call_command("doctor", "--in-process", stdout=out)
        self.assertEqual((caught.exception.returncode, str(caught.exception)), (1, "1 hop fails"))
        self.assertIn("fix: run manage.py create_ingest_key LABEL", out.getvalue())

    def test_a_key_that_is_switched_off_since(self) -> None:
        IngestKey.objects.filter(label=LABEL).update(is_active=False)
        ring.forget()
        failures = self.failures(token=TOKEN)
        self.assertIn("the server does not know the key", failures["PostHog v0"].fix)
        self.assertEqual(set(failures), {"keys", "native API", "PostHog v0", "Segment"})

    def test_capturing_that_is_switched_off(self) -> None:
        with override_settings(ANALYTICS_ENABLED=False):
            failures = self.failures()
        self.assertIn("ANALYTICS_ENABLED is off", failures["settings"].detail)
        self.assertIn("acknowledged and is not in this database", failures["stored"].detail)

    def test_a_middleware_that_is_not_there_is_noted_and_not_tried(self) -> None:
        with override_settings(MIDDLEWARE=without_middleware()):
            found = self.findings()
        self.assertIn(f"add {MIDDLEWARE!r} to MIDDLEWARE", [finding.fix for finding in found])
        self.assertNotIn("middleware", [finding.hop for finding in found])

    def test_a_middleware_that_stores_nothing(self) -> None:
        with mock.patch("analytics.middleware._is_wanted", return_value=False):
            self.assertIn("no event of it was stored", self.only_failure("middleware").detail)

    def test_a_database_that_is_away_ends_the_examination(self) -> None:
        with mock.patch.object(
            checks.condition, "takes_writes", side_effect=DatabaseError("no route to host")
        ):
            found = self.findings()
        self.assertEqual((found[-1].hop, found[-1].state), ("database", State.FAIL))
        self.assertIn("no route to host", found[-1].detail)

    def test_migrations_that_wait(self) -> None:
        executor = mock.Mock()
        executor.return_value.migration_plan.return_value = [("analytics.0009_more", False)]
        with mock.patch.object(checks, "MigrationExecutor", executor):
            self.assertEqual(self.failures()["database"].fix, "run manage.py migrate")

    def test_clocks_that_disagree(self) -> None:
        with clock.frozen(clock.now() + timedelta(minutes=3)):
            self.assertIn("180", next(checks.check_clock()).detail.replace("179.9", "180.0"))

    def test_a_cache_that_is_away(self) -> None:
        with mock.patch.object(checks.cache, "set", side_effect=OSError):
            self.assertEqual(self.only_failure("redis").fix, "start Redis, or set REDIS_URL")

    def test_a_lake_folder_that_cannot_be_written(self) -> None:
        denied = PermissionError(13, "Permission denied")
        with mock.patch.object(checks.tempfile, "NamedTemporaryFile", side_effect=denied):
            failure = self.only_failure("lake")
        self.assertIn("cannot be written: Permission denied", failure.detail)

    def test_a_full_disk(self) -> None:
        with mock.patch.object(checks.shutil, "disk_usage", return_value=mock.Mock(free=5 * 2**20)):
            failures = self.failures()
        self.assertEqual(sorted(failures), ["disk", "server"])  # which is not ready then
        self.assertEqual(failures["disk"].detail, "5 MB are free for the lake")

    def test_a_project_that_cannot_be_loaded(self) -> None:
        with mock.patch.object(checks.django_checks, "run_checks", side_effect=ImportError("no module shop")):
            self.assertIn("no module shop", self.only_failure("settings").detail)


class QueueTest(DoctorTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.let_tasks_be_eager(False)
        self.enterContext(mock.patch.object(checks, "_ANSWER_WITHIN_S", 0.2))

    def test_without_a_worker_the_line_that_starts_one_is_named(self) -> None:
        failure = {found.hop: found for found in checks.check_queues()}["queues"]
        self.assertIn("ai_processing, analytics, anomaly_detection, metrics", failure.detail)
        self.assertIn("celery -A loopin_backend worker --queues=", failure.fix)

    def test_a_queue_that_nobody_serves_is_named(self) -> None:
        serves = {"celery@one": [{"name": "analytics"}, {"name": "metrics"}, {"name": "ai_processing"}]}
        with mock.patch("celery.app.control.Inspect.active_queues", return_value=serves):
            failure = {found.hop: found for found in checks.check_queues()}["queues"]
        self.assertEqual(failure.detail, "no worker takes from anomaly_detection")

    def test_a_broker_that_is_away(self) -> None:
        with mock.patch.object(current_app, "connection_for_read", side_effect=OSError):
            self.assertEqual(next(checks.check_queues()).fix, "start Redis, or correct CELERY_BROKER_URL")


class SealingTest(DoctorTestCase):
    """The schedule is somebody else's: `url` is given, and the server is this process all the same."""

    def setUp(self) -> None:
        super().setUp()
        patch = "analytics.management.doctor.examination.HttpServer"
        self.enterContext(mock.patch(patch, lambda _: servers.ThisProcess()))

    def test_when_nobody_seals_beat_and_worker_are_to_blame(self) -> None:
        failure = self.failures(url="http://here", wait_s=0.0)["sealed"]
        self.assertIn("at once by hand", failure.detail)
        self.assertIn("celery -A loopin_backend beat", failure.fix)

    def test_an_open_transaction_is_found_out(self) -> None:
        with open_transaction():
            failure = self.failures(url="http://here", wait_s=0.0)["sealed"]
        self.assertIn("older transaction", failure.detail)
        self.assertIn("pg_stat_activity", failure.fix)


class open_transaction:  # noqa: N801 - it reads like a statement
    """A transaction of another connection that has written and does not end."""

    def __enter__(self) -> None:
        self._is_open, self._may_end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)
        self._thread.start()
        self._is_open.wait(10)

    def __exit__(self, *_: object) -> None:
        self._may_end.set()
        self._thread.join()

    def _hold(self) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
                self._is_open.set()
                self._may_end.wait(30)
        finally:
            connection.close()


class ServerTest(DoctorTestCase):
    def test_a_server_that_is_not_there_is_named_once(self) -> None:
        found = self.findings(url="http://127.0.0.1:9")
        failures = [finding for finding in found if finding.state is State.FAIL]
        self.assertEqual([finding.hop for finding in failures], ["server"])
        self.assertIn("--in-process", failures[0].fix)

    def test_each_refusal_has_its_fix(self) -> None:
        for status, way, words in (
            (401, send_native, "may use another database"),
            (404, send_posthog, "include analytics.urls"),
            (413, send_posthog, "body limit of the proxy"),
            (503, send_native, "away or busy"),
            (301, send_request, "https://"),
            (400, send_request, "ALLOWED_HOSTS"),
        ):
            server = mock.Mock(call=mock.Mock(return_value=servers.Reply(status, "<html>")))
            sent = try_way(way, server, Patient(TOKEN))
            self.assertIn(words, sent.fix)
            self.assertIn(str(status), sent.wrong)
            self.assertNotIn("<html>", sent.wrong)
