"""A client generated from the description of the API, as docs/examples makes it, works against a live server."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import TestCase, skipUnless

import pytest

from loopin_backend import env
from loopin_backend.tests.live import LiveServer
from loopin_backend.tests.people import PASSWORD, call, make_person

EXAMPLE = env.PROJECT_ROOT / "docs" / "examples" / "figures.py"
QUESTION = "How many client_seen events today by colour?"


@pytest.mark.slow
@skipUnless(importlib.util.find_spec("openapi_python_client"), "openapi-python-client is not installed")
class GeneratedClientTest(TestCase):
    def test_the_example_shows_what_the_api_answers(self) -> None:
        server = self.enterContext(LiveServer())
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        token = make_person(server, "ann", is_analyst=True)
        self.send(server)
        self.generate(server, folder)

        shown = self.run_example(server, folder, QUESTION).splitlines()
        answer = call(server, "POST", "/api/analytics/ask", {"question": QUESTION}, token)
        lines = [f"{line['breakdown_value']}\t{line['total']}" for line in answer["answer"]["series"]]
        self.assertEqual(lines, ["red\t2", "blue\t1"])
        self.assertEqual(shown[0], f"trends: {answer['explanation']}")
        self.assertEqual(shown[1:-1], lines)
        self.assertIn("counted from", shown[-1])

        refused = self.run_example(server, folder, "What is the weather like?", code=1)
        self.assertIn("not_understood: ", refused)

    def send(self, server: LiveServer) -> None:
        batch = [
            {"event": "client_seen", "distinct_id": "u1", "properties": {"colour": colour}}
            for colour in ("red", "red", "blue")
        ]
        call(server, "POST", "/batch/", {"api_key": server.make_key("shop"), "batch": batch})

    def generate(self, server: LiveServer, folder: Path) -> None:
        description = folder / "openapi.json"
        description.write_text(json.dumps(call(server, "GET", "/api/openapi.json")), encoding="utf-8")
        command = [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", str(description),
            "--output-path", str(folder / "loopin_client"), "--meta", "none",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for operation in ("query/query_trends", "ask/ask", "persons/list_persons", "auth/log_in"):
            self.assertTrue((folder / "loopin_client" / "api" / f"{operation}.py").is_file(), operation)

    def run_example(self, server: LiveServer, folder: Path, question: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, str(EXAMPLE), server.url, "ann", question],
            cwd=folder, env=env.child_environment(PYTHONPATH=":".join([str(folder), *sys.path])),
            input=f"{PASSWORD}\n", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout or done.stderr
