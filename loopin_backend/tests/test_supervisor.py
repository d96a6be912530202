from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from unittest import TestCase, mock

import psutil
import pytest

from loopin_backend import env
from loopin_backend.embedded.processes import is_alive
from loopin_backend.supervisor import children
from loopin_backend.supervisor.children import Child, Part
from loopin_backend.supervisor.demo_state import DemoState
from loopin_backend.supervisor.leftovers import AlreadyRunning, be_the_only_one, end_leftovers
from loopin_backend.supervisor.listening import PortInUse, is_live, listen
from loopin_backend.tests.live import find_free_port
from loopin_backend.tests.waiting import eventually

# A service that never ends, with a child of its own.
SERVICE = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import signal; signal.pause()'])"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
)


def iter_until(lines: IO[str], last: str) -> Iterator[str]:
    """The lines up to the one that holds `last`, or all when none does."""
    for line in lines:
        yield line
        if last in line:
            return


class SupervisedTestCase(TestCase):
    def setUp(self) -> None:
        self.data_dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.said: list[str] = []
        for module in ("children", "output"):
            self.enterContext(mock.patch(f"loopin_backend.supervisor.{module}.say", self.said.append))

    def start(self, code: str) -> Child:
        child = Child(Part("part", (sys.executable, "-c", code)), self.data_dir)
        child.start()
        self.addCleanup(child.end_by, 0.0)
        return child


class ChildTest(SupervisedTestCase):
    def test_a_service_that_dies_is_started_again_with_growing_pauses(self) -> None:
        self.enterContext(mock.patch.object(children, "FIRST_PAUSE_S", 0.01))
        child = self.start("raise SystemExit(3)")
        child._pause_s = 0.01
        for _ in range(3):
            before = child.pid
            eventually(lambda: self.is_new(child, before), "it starts again")  # noqa: B023 - called at once
        pauses = [line.rsplit(" in ", 1)[1] for line in self.said if "status 3" in line]
        self.assertEqual(pauses[:3], ["0.01 s", "0.02 s", "0.04 s"])

    def is_new(self, child: Child, before: int) -> bool:
        child.tend()
        return child.pid != before

    def test_a_task_that_ends_is_left_alone(self) -> None:
        child = Child(Part("demo", (sys.executable, "-c", ""), is_service=False), self.data_dir)
        child.start()
        eventually(lambda: child.status == 0, "it ends")
        child.tend()
        self.assertEqual(child.status, 0)
        child.end_by(0.0)

    def test_what_does_not_listen_is_killed_with_all_its_children(self) -> None:
        child = self.start(DEAF)
        eventually(lambda: "part   | deaf" in self.said, "it ignores the polite signal")
        child.ask_to_end()
        child.end_by(0.0)
        self.assertFalse(child.is_running)

    def test_its_output_carries_its_name_and_no_control_characters(self) -> None:
        self.start(r"print('a\x1b[31mb')")
        eventually(lambda: r"part   | a\x1b[31mb" in self.said, "its line is shown")


class LeftoversTest(SupervisedTestCase):
    def start_family(self) -> tuple[Child, list[psutil.Process]]:
        child = self.start(SERVICE)
        parent = psutil.Process(child.pid)
        eventually(lambda: len(parent.children()) == 1, "it has a child")
        return child, [parent, *parent.children()]

    def test_the_next_run_ends_a_process_and_its_children_left_behind(self) -> None:
        _, family = self.start_family()
        self.assertEqual(end_leftovers(self.data_dir), ["part"])
        self.assertFalse(any(is_alive(process) for process in family))

    def test_children_whose_leader_is_already_dead_are_found(self) -> None:
        child, (leader, orphan) = self.start_family()
        leader.kill()
        eventually(lambda: child.status is not None, "the leader is dead and reaped")
        self.assertEqual(end_leftovers(self.data_dir), ["part"])
        self.assertFalse(is_alive(orphan))

    def test_another_directorys_run_is_left_alone(self) -> None:
        child, _ = self.start_family()
        self.assertEqual(end_leftovers(self.data_dir / "other"), [])
        self.assertTrue(child.is_running)

    def test_a_second_run_is_refused_and_told_who_runs(self) -> None:
        with (
            be_the_only_one(self.data_dir, "process 1, http://127.0.0.1:8000"),
            self.assertRaisesRegex(AlreadyRunning, "127.0.0.1:8000"),
            be_the_only_one(self.data_dir, "me"),
        ):
            self.fail("two supervisors")
        with be_the_only_one(self.data_dir, "me"):
            pass


class ListeningTest(TestCase):
    def test_a_port_in_use_is_refused_with_the_fix(self) -> None:
        port = find_free_port()
        listeners = listen(port)
        try:
            with self.assertRaisesRegex(PortInUse, f"port {port} is in use.*PORT={port + 1}"):
                listen(port)
        finally:
            for listener in listeners:
                listener.close()


class DemoStateTest(SupervisedTestCase):
    def test_demo_data_is_made_once_and_finished_when_cut_short(self) -> None:
        self.assertTrue(DemoState(self.data_dir).is_due(is_wanted=True))
        self.assertTrue(DemoState(self.data_dir).is_due(is_wanted=True))
        DemoState(self.data_dir).put_done()
        self.assertFalse(DemoState(self.data_dir).is_due(is_wanted=True))

    def test_a_first_start_without_it_never_gets_it(self) -> None:
        self.assertFalse(DemoState(self.data_dir).is_due(is_wanted=False))
        self.assertFalse(DemoState(self.data_dir).is_due(is_wanted=True))


@pytest.mark.slow
class WholeRunTest(TestCase):
    """The real thing in a directory of its own: started, killed without warning, started again, stopped."""

    def setUp(self) -> None:
        root = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="loopin-run-")))
        root.chmod(0o711)
        self.port = find_free_port()
        self.environment = env.child_environment(
            LOOPIN_ENV="development",
            DJANGO_SETTINGS_MODULE="loopin_backend.settings",
            LOOPIN_DATA_DIR=str(root / "data"),
            LOOPIN_DEMO="0",
            LOOPIN_INGEST_KEY="lk_whole_run",
            LOOPIN_ADMIN_PASSWORD="a-password-for-this-test",
            PORT=str(self.port),
        )

    def run_it(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "loopin_backend.run"],
            cwd=env.PROJECT_ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(self.stop, process)
        assert process.stdout is not None
        self.said = list(iter_until(process.stdout, "Ctrl-C stops everything"))
        return process

    def stop(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGTERM)  # does nothing once it has ended
        process.communicate(timeout=30)

    def test_a_killed_run_is_recovered_by_the_next_and_a_stopped_one_leaves_nothing(self) -> None:
        first = self.run_it()
        self.assertTrue(is_live(f"http://127.0.0.1:{self.port}"))
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        second = self.run_it()
        self.assertTrue(is_live(f"http://127.0.0.1:{self.port}"))
        self.assertIn("ended web, which an interrupted run had left behind\n", self.said)
        third = self.run_it()
        self.assertIn("This deployment already runs", self.said[0])
        self.assertEqual(third.wait(10), 1)
        self.stop(second)
        self.assertEqual(second.returncode, 0)
        data_dir = self.environment["LOOPIN_DATA_DIR"]
        left = [p for p in psutil.process_iter(["cmdline"]) if data_dir in " ".join(p.info["cmdline"] or [])]
        self.assertEqual(left, [])
