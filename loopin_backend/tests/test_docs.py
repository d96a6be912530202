"""The documentation does what it says: its code runs, its commands exist, its data parses, its references are fresh.

A block of Python runs as it stands, with the names of `WORLD` at hand and the server's address and key in place of the
example's. One that cannot (it needs a service that is not here) says so in a comment before it:
`<!-- not run: reason -->`.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from django.contrib.auth.models import User
from django.core.management import get_commands, load_command_class
from django.db import transaction
from django.test import RequestFactory, SimpleTestCase, TransactionTestCase, override_settings

from analytics import clock
from analytics.models import UserEvent
from loopin_backend import env, reference
from loopin_backend.tests.live import LiveServer
from loopin_backend.tests.waiting import eventually

ROOT = env.PROJECT_ROOT
_BLOCK = re.compile(r"^```(?P<kind>[a-z]*)[^\n]*\n(?P<code>.*?)^```[ ]*$", re.M | re.S)
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^>]{10,}) -->\s*\Z")
_KEY, _ADDRESS = "lk_your_key", "http://127.0.0.1:8000"
_SHELLS = ("", "sh", "bash")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page. `reason`: why it is not run, where it says so."""

    page: str
    line: int
    kind: str
    code: str
    reason: str = ""

    @property
    def place(self) -> str:
        """For a message."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page that people read."""
    docs = [path for path in (ROOT / "docs").rglob("*.md") if "examples" not in path.parts]
    return sorted([*docs, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"))])


def blocks(*kinds: str) -> Iterator[Block]:
    """All blocks of these kinds."""
    for path in pages():
        text = path.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            if found["kind"] in kinds:
                before = text[: found.start()]
                why = _NOT_RUN.search(before)
                line = before.count("\n") + 1
                page = str(path.relative_to(ROOT))
                yield Block(page, line, found["kind"], found["code"], why["reason"] if why else "")


class ParsedTest(SimpleTestCase):
    """What is data parses, what is a command exists."""

    def test_data_parses(self) -> None:
        readers: dict[str, Callable[[str], object]] = {
            "json": _json,
            "toml": tomllib.loads,
            "yaml": yaml.safe_load,
        }
        for block in blocks(*readers):
            with self.subTest(block.place):
                readers[block.kind](re.sub(r"…", "", block.code))

    def test_python_is_python(self) -> None:
        for block in blocks("python"):
            with self.subTest(block.place):
                ast.parse(block.code)

    def test_shell_is_shell(self) -> None:
        for block in blocks("sh", "bash"):
            with self.subTest(block.place):
                found = subprocess.run(
                    ["/bin/sh", "-n"], input=block.code, text=True, capture_output=True, check=False
                )
                self.assertEqual(found.returncode, 0, found.stderr)

    def test_every_management_command_and_its_options_exist(self) -> None:
        known = get_commands()
        for block in blocks(*_SHELLS):
            for name, words in _commands(block.code):
                with self.subTest(block.place, command=name):
                    self.assertIn(name, known)
                    parser = load_command_class(known[name], name).create_parser("manage.py", name)
                    options = set(parser._option_string_actions)
                    given = {word.split("=")[0] for word in words if word.startswith("--")}
                    self.assertLessEqual(given, options)

    def test_every_make_target_exists(self) -> None:
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
        for block in blocks(*_SHELLS):
            for target in re.findall(r"^make ([a-z-]+)", block.code, re.M):
                with self.subTest(block.place, target=target):
                    self.assertIn(target, targets)

    def test_every_module_that_is_run_exists(self) -> None:
        for block in blocks(*_SHELLS):
            for module in re.findall(r"python -m ((?:bench|loopin_backend)[\w.]*)", block.code):
                with self.subTest(block.place, module=module):
                    path = ROOT / Path(*module.split("."))
                    self.assertTrue(path.with_suffix(".py").exists() or (path / "__main__.py").exists())


class ReferenceTest(SimpleTestCase):
    """Pages that are written from code."""

    def test_they_are_as_the_code_says(self) -> None:
        for name, text in reference.pages().items():
            with self.subTest(name):
                committed = (reference.FOLDER / name).read_text(encoding="utf-8")
                self.assertEqual(committed, text, "run python -m loopin_backend.reference")


class RunTest(TransactionTestCase):
    """Blocks of Python run; events that they send arrive."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = LiveServer()
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.key = cls.server.make_key("docs")

    def setUp(self) -> None:
        self.user = User.objects.create_user("docs")

    def world(self) -> dict[str, Any]:
        """What an example may take for granted."""
        request = RequestFactory().get("/")
        request.user = self.user
        order = mock.Mock(user=self.user, total=12)
        return {
            "order": order,
            "request": request,
            "transaction": transaction,
            "clock": clock,
            "__name__": "docs",
        }

    def test_every_block_runs(self) -> None:
        for block in blocks("python"):
            if block.reason:
                continue
            code = block.code.replace(_KEY, self.key).replace(_ADDRESS, self.server.url)
            with self.subTest(block.place), override_settings(ANALYTICS_METRICS=()):
                exec(compile(code, block.place, "exec"), self.world())  # noqa: S102 (our own pages)

    def test_what_the_quick_start_sends_is_stored(self) -> None:
        before = self.server.count_stored("docs")
        sending = [b for b in blocks("python") if b.page == "docs/quick-start.md" and _KEY in b.code]
        for block in sending:
            code = block.code.replace(_KEY, self.key).replace(_ADDRESS, self.server.url)
            exec(compile(code, block.place, "exec"), self.world())  # noqa: S102 (our own pages)
        self.assertEqual(len(sending), 2)
        eventually(
            lambda: self.server.count_stored("docs") == before + 2, "both events are stored", within_s=30
        )

    def test_curl_of_the_quick_start_stores_an_event(self) -> None:
        command = next(b.code for b in blocks("sh") if "curl" in b.code and b.page == "docs/quick-start.md")
        before = self.server.count_stored("docs")
        script = command.replace(_KEY, self.key).replace(_ADDRESS, self.server.url)
        answer = subprocess.run(
            ["/bin/sh", "-c", f"set -e; {script}"], capture_output=True, text=True, check=True
        )
        self.assertEqual(json.loads(answer.stdout)["status"], 1)
        self.assertEqual(self.server.count_stored("docs"), before + 1)

    def test_tracking_in_a_transaction_stores_with_it(self) -> None:
        block = next(
            b
            for b in blocks("python")
            if b.page == "docs/quick-start.md" and "track(" in b.code and "atomic" in b.code
        )
        exec(compile(block.code, block.place, "exec"), self.world())  # noqa: S102 (our own pages)
        self.assertEqual(UserEvent.objects.get(event_name="order_paid").user_id, self.user.pk)


def _json(text: str) -> None:
    """One value, or one a line."""
    try:
        json.loads(text)
    except ValueError:
        for line in text.splitlines():
            json.loads(line)


def _commands(code: str) -> Iterator[tuple[str, list[str]]]:
    """Calls of manage.py: the command's name and its words."""
    for line in code.replace("\\\n", " ").splitlines():
        if "manage.py " not in line:
            continue
        call = re.split(r"\s[|>&;]", line.split("manage.py ", 1)[1])[0]
        words = shlex.split(call, comments=True)
        if words:
            yield words[0], words[1:]
