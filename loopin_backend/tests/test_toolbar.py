"""The debug toolbar: for developers, on pages that allow it, and never anywhere else."""

from __future__ import annotations

import subprocess
import sys
from unittest import TestCase, mock

from django.test import RequestFactory, SimpleTestCase

from loopin_backend import env, toolbar
from loopin_backend.tests.test_env import ProductionTest

SCRIPT = """
import django; django.setup()
from django.conf import settings
from django.test import Client
print("APP", "debug_toolbar" in settings.INSTALLED_APPS)
client = Client(SERVER_NAME="localhost")
print("API", "djDebug" in client.get("/api/docs").content.decode())
print("ADMIN", "djDebug" in client.get("/admin/login/").content.decode())
"""


def ask(script: str, **variables: str) -> str:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=env.PROJECT_ROOT,
        env=env.child_environment(DJANGO_SETTINGS_MODULE="loopin_backend.settings", **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class LoadedTest(TestCase):
    APP = "import django; django.setup(); from django.conf import settings; print(*settings.INSTALLED_APPS)"

    def test_development_with_debug_has_it(self) -> None:
        self.assertIn("debug_toolbar", ask(self.APP, LOOPIN_ENV="development", DEBUG="true"))

    def test_development_without_debug_has_not(self) -> None:
        self.assertNotIn("debug_toolbar", ask(self.APP, LOOPIN_ENV="development", DEBUG="false"))

    def test_production_never_has(self) -> None:
        self.assertNotIn("debug_toolbar", ask(self.APP, **ProductionTest.GOOD))

    def test_where_it_is_not_installed_nothing_is_missed(self) -> None:
        with mock.patch.object(toolbar, "find_spec", return_value=None):
            self.assertFalse(toolbar.is_wanted(is_debug=True))

    def test_pages_of_the_host_and_the_admin_show_it_and_ours_with_a_strict_policy_do_not(self) -> None:
        said = ask(
            SCRIPT, LOOPIN_ENV="development", DEBUG="true", ANALYTICS_ENABLED="false", LOG_LEVEL="ERROR"
        )
        self.assertEqual(said.split(), ["APP", "True", "API", "False", "ADMIN", "True"])


class MayShowTest(SimpleTestCase):
    def test_only_this_machine_sees_it(self) -> None:
        for address, expected in (("127.0.0.1", True), ("::1", True), ("192.0.2.1", False)):
            request = RequestFactory().get("/meetups/", REMOTE_ADDR=address)
            self.assertEqual(toolbar.may_show(request), expected)

    def test_no_page_that_forbids_other_scripts_gets_one(self) -> None:
        for path in ("/dashboard/", "/dashboard/login/", "/api/docs", "/metrics"):
            self.assertFalse(toolbar.may_show(RequestFactory().get(path)))
