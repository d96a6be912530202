from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import TestCase

import psutil
import psycopg
import redis

from loopin_backend import env
from loopin_backend.embedded import postgres, processes, valkey
from loopin_backend.embedded.errors import EmbeddedServerError
from loopin_backend.embedded.places import MAX_SOCKET_DIR_BYTES, Places
from loopin_backend.embedded.servers import Servers
from loopin_backend.tests.waiting import eventually

USE_IN_A_PROCESS = """
import sys
from pathlib import Path
from loopin_backend.embedded.places import Places
from loopin_backend.embedded.servers import Servers
servers = Servers(Places.under(Path(sys.argv[1])))
servers.ensure_postgres()
servers.ensure_valkey()
print("ready", flush=True)
sys.stdin.read()
"""


def make_data_dir() -> Path:
    """A directory of its own; root's server account must be able to walk into it."""
    path = Path(tempfile.mkdtemp(prefix="loopin-servers-"))
    path.chmod(0o711)
    return path / "data"


class ServersTestCase(TestCase):
    data_dir: Path

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.data_dir = make_data_dir()
        cls.addClassCleanup(shutil.rmtree, cls.data_dir.parent)
        cls.places = Places.under(cls.data_dir)

    def setUp(self) -> None:
        self.servers = Servers(self.places)
        self.addCleanup(self.servers.release)

    def query(self, sql: str) -> object:
        with psycopg.connect(self.places.postgres_url, autocommit=True) as connection:
            row = connection.execute(sql).fetchone()
            return row[0] if row else None

    def postmaster(self) -> psutil.Process:
        found = processes.find_by_pid_file(self.places.pgdata / "postmaster.pid", "postgres")
        assert found is not None
        return found

    def kill(self, process: psutil.Process) -> None:
        process.send_signal(signal.SIGKILL)
        self.assertTrue(processes.wait_until_gone(process, 5))

    def user_process(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USE_IN_A_PROCESS, str(self.data_dir)],
            cwd=env.PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process


class PostgresTest(ServersTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.servers.ensure_postgres()

    def test_it_is_durable_and_reachable_through_the_socket_only(self) -> None:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            self.assertEqual(self.query(f"SHOW {name}"), "on")
        self.assertEqual(self.query("SHOW listen_addresses"), "")
        self.assertEqual(self.query("SELECT current_database()"), "loopin")

    def test_nobody_else_may_look_into_data_or_sockets(self) -> None:
        for path in (self.places.pgdata, self.places.socket_dir):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o700)

    def test_committed_rows_survive_a_kill(self) -> None:
        with psycopg.connect(self.places.postgres_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        self.kill(self.postmaster())
        self.assertFalse(postgres.is_ready(self.places))
        self.servers.ensure_postgres()
        self.assertEqual(self.query("SELECT n FROM kept"), 7)

    def test_a_strangers_process_id_in_the_lock_file_is_no_obstacle(self) -> None:
        self.kill(self.postmaster())
        pid_file = self.places.pgdata / "postmaster.pid"
        lines = pid_file.read_text(encoding="utf-8").splitlines()
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", encoding="utf-8")
        self.servers.ensure_postgres()
        self.assertEqual(self.query("SELECT 1"), 1)

    def test_a_cluster_of_another_version_is_refused_with_the_way_out(self) -> None:
        self.assertTrue(self.servers.release())
        version = self.places.pgdata / "PG_VERSION"
        version.write_text("17\n", encoding="utf-8")
        self.addCleanup(version.write_text, "18\n", encoding="utf-8")
        with self.assertRaisesRegex(EmbeddedServerError, "made by PostgreSQL 17.*restore a backup"):
            self.servers.ensure_postgres()


class FirstStartTest(ServersTestCase):
    def test_a_half_made_cluster_is_made_anew_and_two_starters_share_one_server(self) -> None:
        half_made = self.places.pgdata.parent / "making-1"
        half_made.mkdir(parents=True)
        (half_made / "PG_VERSION").write_text("18\n", encoding="utf-8")
        users = [self.user_process() for _ in range(2)]
        self.addCleanup(self.servers.ensure_valkey)  # to hold, and so to stop, what they leave running
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(lambda user: user.stdout and user.stdout.readline(), users))
        self.assertEqual(said, ["ready\n", "ready\n"])
        self.assertFalse(half_made.exists())
        self.assertEqual(self.query("SELECT 1"), 1)


class SharedUseTest(ServersTestCase):
    def test_the_last_user_stops_the_servers_and_no_other(self) -> None:
        self.servers.ensure_postgres()
        self.servers.ensure_valkey()
        user = self.user_process()
        self.assertEqual(user.stdout and user.stdout.readline(), "ready\n")
        self.assertFalse(self.servers.release())
        self.assertTrue(postgres.is_ready(self.places))
        user.communicate("")
        self.assertFalse(postgres.is_ready(self.places))
        self.assertFalse(valkey.is_ready(self.places))

    def test_a_killed_user_does_not_keep_the_servers_alive_for_ever(self) -> None:
        self.servers.ensure_valkey()
        user = self.user_process()
        self.assertEqual(user.stdout and user.stdout.readline(), "ready\n")
        user.kill()
        user.wait()
        self.assertTrue(self.servers.release())
        self.assertFalse(postgres.is_ready(self.places))

    def test_a_forked_child_does_not_stop_its_parents_servers(self) -> None:
        self.servers.ensure_valkey()
        child = os.fork()
        if child == 0:
            try:
                os._exit(1 if self.servers.release() else 0)
            finally:
                os._exit(2)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertTrue(valkey.is_ready(self.places))


class ValkeyTest(ServersTestCase):
    def test_it_serves_numbered_databases_and_starts_again_after_a_kill(self) -> None:
        self.servers.ensure_valkey()
        with redis.Redis.from_url(self.places.valkey_url.replace("db=0", "db=2")) as client:
            client.set("name", "value")
            self.assertEqual(client.get("name"), b"value")
        process = processes.find_by_pid_file(self.places.valkey_dir / "valkey.pid", "valkey-server")
        assert process is not None
        self.kill(process)
        eventually(lambda: not valkey.is_ready(self.places), "the killed server is gone")
        self.servers.ensure_valkey()
        self.assertTrue(valkey.is_ready(self.places))


class PlacesTest(TestCase):
    def test_a_deep_directory_gets_a_short_private_socket_directory(self) -> None:
        deep = Path("/srv") / ("d" * 120)
        places = Places.under(deep)
        self.assertLess(len(os.fsencode(places.postgres_socket)), 100)
        self.assertEqual(Places.under(deep), places)
        self.assertNotEqual(Places.under(deep / "other").socket_dir, places.socket_dir)

    def test_the_longest_inner_directory_still_fits(self) -> None:
        name = "d" * (MAX_SOCKET_DIR_BYTES - len("/srv//run"))
        places = Places.under(Path("/srv") / name)
        self.assertEqual(places.socket_dir, places.data_dir / "run")
        self.assertLess(len(os.fsencode(places.postgres_socket)), 100)
