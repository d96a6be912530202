"""Celery's command line as the specification writes it, and flower, which asks who is there."""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import TestCase
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from loopin_backend import embedded, env
from loopin_backend.health_check import find_fault
from loopin_backend.tests.live import find_free_port
from loopin_backend.tests.waiting import eventually

NAME_AND_PASSWORD = "loopin:a-password-of-flowers"


class CommandLineTest(TestCase):
    def test_each_command_of_the_specification_is_there(self) -> None:
        for command in ("worker", "beat", "flower"):
            with self.subTest(command=command):
                done = subprocess.run(
                    [sys.executable, "-m", "celery", "-A", "loopin_backend", command, "--help"],
                    cwd=env.PROJECT_ROOT,
                    env=env.child_environment(LOOPIN_ENV="test"),
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("Usage", done.stdout)


@pytest.mark.slow
class FlowerTest(TestCase):
    def setUp(self) -> None:
        self.port = find_free_port()
        self.log = Path(self.enterContext(tempfile.TemporaryDirectory())) / "flower.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "loopin_backend", "flower"),
                    *("--address=127.0.0.1", f"--port={self.port}"),
                ],
                cwd=env.PROJECT_ROOT,
                env=env.child_environment(
                    LOOPIN_ENV="test",
                    DJANGO_SETTINGS_MODULE="loopin_backend.settings.test",
                    REDIS_URL=env.load().redis_url.get_secret_value() or embedded.ensure_valkey(),
                    FLOWER_BASIC_AUTH=NAME_AND_PASSWORD,
                ),
                stdout=log,
                stderr=log,
            )
        self.addCleanup(self.stop)
        eventually(self.is_up, "flower answers", within_s=40)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        return find_fault("flower", self.port) == ""

    def ask(self, path: str, credentials: str = "") -> int:
        headers = {}
        if credentials:
            headers["Authorization"] = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        try:
            with urlopen(
                Request(f"http://127.0.0.1:{self.port}{path}", headers=headers), timeout=10
            ) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except URLError as error:
            raise AssertionError(str(error)) from error

    def test_nobody_sees_or_does_anything_without_the_password(self) -> None:
        for path in ("/", "/workers", "/tasks", "/broker", "/api/workers", "/api/tasks"):
            with self.subTest(path=path):
                self.assertEqual(self.ask(path), 401)
                self.assertEqual(self.ask(path, "loopin:guess"), 401)

    def test_with_it_the_pages_are_there(self) -> None:
        for path in ("/workers", "/tasks"):
            self.assertEqual(self.ask(path, NAME_AND_PASSWORD), 200)
