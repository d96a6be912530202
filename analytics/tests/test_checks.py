"""System checks: each number, what brings it up, and that a sound project has none."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import SimpleTestCase, TestCase, override_settings
from django.urls import path

from analytics import queueing
from analytics.checks import check_settings
from analytics.dashboard.finders import LibraryFilesFinder
from analytics.management.commands import analytics_worker
from analytics.schedule import SCHEDULE

urlpatterns = [path("nothing/", lambda request: HttpResponse())]

OURS = "analytics.middleware.AnalyticsMiddleware"


class Halfway:
    """A host adapter that forgot most of it."""

    def distinct_id(self, user: Any) -> str:
        """An id."""
        return "x"


class ChecksTest(SimpleTestCase):
    """`analytics.checks`."""

    def ids(self, **changed: Any) -> set[str]:
        """The numbers that come up with these settings; every message names a fix."""
        with override_settings(**changed):
            messages = check_settings(None)
        for message in messages:
            self.assertTrue(message.hint, message)
        return {message.id.removeprefix("analytics.") for message in messages}

    def without(self, *names: str) -> set[str]:
        """The numbers that come up in a project that has not installed these apps."""
        known = apps.is_installed
        with mock.patch.object(apps, "is_installed", lambda name: name not in names and known(name)):
            return self.ids()

    def test_a_sound_project_has_none(self) -> None:
        self.assertEqual(self.ids(), set())

    def test_a_host_adapter_that_cannot_be_used(self) -> None:
        self.assertEqual(self.ids(ANALYTICS_HOST="shop.nowhere.Host"), {"E001"})
        self.assertEqual(self.ids(ANALYTICS_HOST=f"{__name__}.Halfway"), {"E001"})

    def test_a_lake_that_cannot_be_written(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            self.assertEqual(self.ids(ANALYTICS_LAKE_URI=f"{file.name}/lake"), {"E002"})
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.ids(ANALYTICS_LAKE_URI=f"{folder}/not/yet/there"), set())
        self.assertEqual(self.ids(ANALYTICS_LAKE_URI="s3://bucket/lake"), set())

    def test_the_middleware_before_the_login(self) -> None:
        others = [name for name in settings.MIDDLEWARE if name != OURS]
        self.assertEqual(self.ids(MIDDLEWARE=[OURS, *others]), {"E003"})
        self.assertEqual(self.ids(MIDDLEWARE=others), set())

    def test_metrics_that_are_declared_wrongly(self) -> None:
        self.assertEqual(self.ids(ANALYTICS_METRICS=("shop.nowhere",)), {"E004"})

    def test_a_consent_hook_that_cannot_be_called(self) -> None:
        self.assertEqual(self.ids(ANALYTICS_CONSENT="shop.nowhere"), {"E005"})
        self.assertEqual(self.ids(ANALYTICS_CONSENT=f"{__name__}.OURS"), {"E005"})

    def test_values_that_make_no_sense(self) -> None:
        self.assertEqual(self.ids(ANALYTICS_IP_MODE="some"), {"E006"})
        self.assertEqual(self.ids(ANALYTICS_DENIED_PROPERTIES="card"), {"E006"})
        self.assertEqual(self.ids(USE_TZ=False), {"E007"})

    def test_a_database_that_is_not_meant(self) -> None:
        with mock.patch.object(connection, "vendor", "mysql"):
            self.assertEqual(self.ids(), {"E008"})
        with mock.patch.object(connection, "vendor", "sqlite"):
            self.assertEqual(self.ids(), {"W101"})
            given = {"OPTIONS": {"transaction_mode": "IMMEDIATE"}}
            with mock.patch.dict(connection.settings_dict, given):
                self.assertEqual(self.ids(), set())

    def test_apps_that_are_not_installed(self) -> None:
        self.assertEqual(self.without("django.contrib.admin"), {"E009"})
        self.assertEqual(self.without("rest_framework_simplejwt.token_blacklist", "axes"), {"W103", "W104"})

    def test_files_that_nobody_finds(self) -> None:
        with mock.patch.object(finders, "find", return_value=None):
            self.assertEqual(self.ids(), {"W102"})

    def test_a_project_without_our_pages_needs_none_of_that(self) -> None:
        with override_settings(ROOT_URLCONF=__name__):
            self.assertEqual(self.without("django.contrib.admin", "axes"), set())

    def test_celery_without_a_schedule(self) -> None:
        app = mock.Mock()
        app.conf.beat_schedule, app.conf.broker_url = {}, "redis://"
        with mock.patch("celery.current_app", app):
            self.assertEqual(self.ids(), {"W105"})
            app.conf.broker_url = None
            self.assertEqual(self.ids(), set())

    def test_keys_without_their_packages(self) -> None:
        with mock.patch("analytics.checks.find_spec", return_value=None):
            self.assertEqual(self.ids(OPENAI_API_KEY="k", POSTHOG_API_KEY="k"), {"W106", "W107"})


class FinderTest(SimpleTestCase):
    """Static files of libraries, for projects that do not install them as apps."""

    def test_it_finds_and_lists_them(self) -> None:
        finder = LibraryFilesFinder()
        self.assertTrue(Path(finder.find("unfold/js/chart/chart.js")).is_file())
        self.assertEqual(finder.find("unfold/js/nothing.js"), [])
        self.assertEqual(finder.find("admin/js/core.js", find_all=True), [])
        listed = {f"{storage.prefix}/{name}" for name, storage in finder.list(["*.map"])}
        self.assertTrue(
            {"unfold/js/htmx/htmx.js", "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"} <= listed
        )


class WorkerTest(TestCase):
    """`manage.py analytics_worker`: background work without Celery."""

    def test_once_runs_every_task_and_names_those_that_fail(self) -> None:
        ran: list[str] = []

        def run(path: str) -> bool:
            ran.append(path)
            return not path.endswith("fold_ledger")

        out = io.StringIO()
        with mock.patch.object(analytics_worker, "_run", run):
            call_command("analytics_worker", "--once", stdout=out)
        self.assertEqual(ran, [entry["task"] for entry in SCHEDULE.values()])
        self.assertIn("failed: fold-ledger", out.getvalue())

    def test_a_task_that_fails_is_logged_and_the_next_one_runs(self) -> None:
        with (
            mock.patch("analytics.tasks.fold_ledger", side_effect=RuntimeError),
            mock.patch.object(analytics_worker, "close_old_connections"),
            self.assertLogs("analytics.worker", "ERROR"),
        ):
            self.assertFalse(analytics_worker._run("analytics.tasks.fold_ledger"))
            self.assertTrue(analytics_worker._run("analytics.tasks.tidy_deliveries"))

    def test_a_task_runs_when_it_is_due_and_not_before(self) -> None:
        from datetime import timedelta

        from analytics import clock

        last = {"seal-events": clock.now()}
        with mock.patch.object(analytics_worker, "_run") as run:
            self.assertGreater(analytics_worker._run_if_due("seal-events", last), 5)
            run.assert_not_called()
            last["seal-events"] -= timedelta(seconds=30)
            analytics_worker._run_if_due("seal-events", last)
            run.assert_called_once_with("analytics.tasks.seal_events")

    def test_without_a_broker_nobody_is_asked(self) -> None:
        app = mock.Mock()
        app.conf.broker_url = None
        with mock.patch.object(queueing, "current_app", app):
            queueing._send("analytics.tasks.seal_events", {})
            app.send_task.assert_not_called()
            app.conf.broker_url = "redis://"
            queueing._send("analytics.tasks.seal_events", {})
            app.send_task.assert_called_once()
