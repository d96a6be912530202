"""Counters of several processes add up, whoever they are, and the files do not grow without end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

from django.test import SimpleTestCase, override_settings

from analytics.monitoring import processes, view

COUNT_ONE = """
import prometheus_client  # as Celery's commands do, before anybody can say where files go
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from analytics.monitoring import processes
place = sys.argv[2]
processes.current_process_index = lambda: int(place) if place else None
processes.os.getppid = lambda: 1
from analytics.monitoring import names
names.EVENT_COUNT.labels("page_view").inc()
names.TASK_MEMORY.labels("t").set(float(sys.argv[3]))
"""


class SharedFolderTest(SimpleTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(override_settings(ANALYTICS_PROMETHEUS_DIR=str(self.folder)))

    def run_process(self, place: str = "", memory: int = 1) -> None:
        subprocess.run(
            [sys.executable, "-c", COUNT_ONE, str(self.folder), place, str(memory)],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": ""} | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            timeout=60,
        )

    def shown(self) -> str:
        with mock.patch.object(view, "BacklogCollector", lambda: mock.Mock(collect=list, describe=list)):
            return view.render().decode()

    def test_counts_of_all_processes_add_up_and_the_largest_memory_is_shown(self) -> None:
        self.run_process(memory=5)
        self.run_process(memory=9)
        self.assertIn('analytics_events_total{event_type="page_view"} 2.0', self.shown())
        self.assertIn('analytics_task_memory_bytes{task="t"} 9.0', self.shown())

    def test_a_child_that_takes_anothers_place_goes_on_with_its_file(self) -> None:
        self.run_process(place="2")
        files = set(self.folder.iterdir())
        self.run_process(place="2")
        self.assertEqual(set(self.folder.iterdir()), files)
        self.assertIn('analytics_events_total{event_type="page_view"} 2.0', self.shown())


class NameTest(SimpleTestCase):
    def name(self, host: str, place: int | None, pid: int) -> str:
        processes._name_of.cache_clear()
        self.addCleanup(processes._name_of.cache_clear)
        with (
            mock.patch.object(processes.socket, "gethostname", return_value=host),
            mock.patch.object(processes, "current_process_index", return_value=place),
            mock.patch.object(processes.os, "getpid", return_value=pid),
            mock.patch.object(processes.os, "getppid", return_value=7),
        ):
            return processes.process_name()

    def test_containers_that_all_have_a_process_1_have_names_of_their_own(self) -> None:
        self.assertNotEqual(self.name("web-a", None, 1), self.name("web-b", None, 1))

    def test_a_child_of_a_pool_is_named_by_its_place(self) -> None:
        self.assertEqual(self.name("host", 2, 100), self.name("host", 2, 101))
        self.assertNotEqual(self.name("host", 2, 100), self.name("host", 1, 100))

    def test_a_name_parts_nothing_that_the_library_parts_by(self) -> None:
        self.assertNotIn("_", self.name("my_host", 1, 3))
