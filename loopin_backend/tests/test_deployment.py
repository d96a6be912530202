"""Whole processes: what production boots with, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from unittest import TestCase

from loopin_backend import env
from loopin_backend.tests.test_env import ProductionTest


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = env.child_environment(DJANGO_SETTINGS_MODULE="loopin_backend.settings", **variables)
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=env.PROJECT_ROOT,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class DeploymentCheckTest(TestCase):
    def test_production_passes_djangos_deployment_check(self) -> None:
        done = manage("check", "--deploy", "--fail-level", "WARNING", **ProductionTest.GOOD)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no issues", done.stdout)
        self.assertIn("(0 silenced)", done.stdout)

    def test_production_with_debug_does_not_boot(self) -> None:
        done = manage("check", **{**ProductionTest.GOOD, "DEBUG": "1"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("DEBUG: is on", done.stderr)

    def test_no_capture_path_is_redirected_to_https(self) -> None:
        script = """
import django; django.setup()
paths = "/batch /batch/ /e/ /i/v0/e/ /i/v1/analytics/events /capture/ /v1/batch /v1/t /flags/ /livez /readyz /metrics"
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory
inner = SecurityMiddleware(lambda request: None)
for path in paths.split():
    request = RequestFactory().post(path, headers={"host": "stats.example.org"})
    answer = inner.process_request(request)
    assert answer is None, path
page = inner.process_request(RequestFactory().get("/dashboard/", headers={"host": "stats.example.org"}))
assert page.status_code == 301
print("all as promised")
"""
        variables = {**ProductionTest.GOOD, "DJANGO_SETTINGS_MODULE": "loopin_backend.settings"}
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=env.PROJECT_ROOT,
            env=env.child_environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.assertIn("all as promised", done.stdout, done.stderr)
