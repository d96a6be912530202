"""What a container asks itself: whether the web server answers, and whether the others have shown themselves."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from unittest import TestCase, mock

from loopin_backend import alive, env
from loopin_backend.health_check import main as health_check
from loopin_backend.tests.live import find_free_port
from loopin_backend.tests.test_env import load


class HealthCheckTest(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def check(self, role: str, **variables: str) -> tuple[int, str]:
        given = load(ALLOWED_HOSTS=".example.org", **variables)
        with mock.patch.object(env, "load", lambda: given), mock.patch("sys.stderr") as said:
            status = health_check([role])
        return status, "".join(call.args[0] for call in said.write.call_args_list)

    def test_a_worker_that_shows_itself_is_well(self) -> None:
        (self.folder / "loopin-worker.alive").touch()
        self.assertEqual(self.check("worker", LOOPIN_ALIVE_DIR=str(self.folder)), (0, ""))

    def test_one_that_has_hung_for_a_minute_is_not(self) -> None:
        sign = self.folder / "loopin-beat.alive"
        sign.touch()
        os.utime(sign, (sign.stat().st_atime, sign.stat().st_mtime - 60))
        self.assertEqual(
            self.check("beat", LOOPIN_ALIVE_DIR=str(self.folder)), (1, "beat has shown nothing for 60 s\n")
        )

    def test_one_that_has_not_begun_is_not(self) -> None:
        self.assertEqual(
            self.check("worker", LOOPIN_ALIVE_DIR=str(self.folder)), (1, "worker has not begun yet\n")
        )

    def test_a_web_server_that_is_not_there_is_not(self) -> None:
        status, said = self.check("web", UVICORN_PORT=str(find_free_port()))
        self.assertEqual(status, 1)
        self.assertIn("web does not answer", said)

    def test_an_unknown_role_is_refused(self) -> None:
        self.assertEqual(self.check("redis"), (2, "name one of: web, worker, beat, flower\n"))

    def touch(self, role: str, **variables: str) -> None:
        given = load(**variables)
        with mock.patch.object(env, "load", lambda: given):
            alive.touch(role)

    def test_signs_are_left_where_a_directory_is_named_and_nowhere_else(self) -> None:
        self.touch("worker", LOOPIN_ALIVE_DIR=str(self.folder))
        self.touch("beat")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["loopin-worker.alive"])

    def test_a_full_disk_does_not_stop_the_work(self) -> None:
        with mock.patch.object(Path, "touch", side_effect=OSError(28, "No space left on device")) as touched:
            self.touch("beat", LOOPIN_ALIVE_DIR=str(self.folder))
        touched.assert_called_once()
