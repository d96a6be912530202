"""Backups: complete or not there, checked before anything is touched, and the same afterwards."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import override_settings

from analytics.errors import BadInput, Conflict, Unavailable
from analytics.models import Erasure, EventChange, Person, PersonDistinctId, UserEvent
from analytics.reports.overview import overview
from analytics.store import backup, erasure, locks
from analytics.store import lake as lakes
from analytics.store.backup import database
from analytics.store.backup.manifest import NAME
from analytics.store.rebuild import find_faults, rebuild
from analytics.store.sealing import seal_all
from analytics.store.upkeep import run_upkeep
from analytics.tests.cast import LakeTestCase, posthog_event, send_batch


class BackupTest(LakeTestCase):
    """On the database of the tests."""

    def setUp(self) -> None:
        super().setUp()
        self.place = Path(self.enterContext(tempfile.TemporaryDirectory())) / "made"
        send_batch(*(posthog_event("sealed", f"u{number}") for number in range(5)))
        seal_all()
        run_upkeep()
        send_batch(*(posthog_event("hot", f"u{number}") for number in range(3)))
        self.addCleanup(lakes.forget)

    def names(self) -> dict[str, int]:
        """Events by name, as analyses count them, once the lake and the database agree."""
        self.assertEqual(list(find_faults()), [])
        answer = overview(7).as_answer()
        self.assertEqual(answer["total_events"], UserEvent.objects.count())
        found: dict[str, int] = {}
        for name in UserEvent.objects.values_list("event_name", flat=True):
            found[name] = found.get(name, 0) + 1
        return found

    def test_what_was_changed_since_is_as_before(self) -> None:
        made = backup.make(self.place)
        self.assertEqual((made.lake_rows, made.rows_of(UserEvent._meta.db_table)), (5, 8))
        send_batch(posthog_event("later", "u9"))
        UserEvent.objects.filter(event_name="hot").delete()
        seal_all()
        out = io.StringIO()
        call_command("restore", self.place, force=True, stdout=out)
        self.assertIn("the lake is as the database says", out.getvalue())
        self.assertEqual(self.names(), {"sealed": 5, "hot": 3})
        send_batch(posthog_event("after", "u1"))
        self.assertEqual(seal_all(), 4)
        self.assertEqual(self.names(), {"sealed": 5, "hot": 3, "after": 1})

    def test_it_refuses_to_replace_data(self) -> None:
        call_command("backup", self.place, stdout=io.StringIO())
        with self.assertRaisesMessage(CommandError, "use --force to replace it"):
            call_command("restore", self.place)
        self.assertEqual(self.names(), {"sealed": 5, "hot": 3})

    def test_a_folder_that_is_there_is_not_written_into(self) -> None:
        self.place.mkdir()
        with self.assertRaises(Conflict):
            backup.make(self.place)

    def test_a_damaged_backup_is_refused_before_anything_is_touched(self) -> None:
        backup.make(self.place)
        file = next(self.place.rglob("*.parquet"))
        whole = file.read_bytes()
        for damaged in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), None):
            file.unlink(missing_ok=True)
            if damaged is not None:
                file.write_bytes(damaged)
            with self.assertRaisesMessage(BadInput, "is damaged"):
                backup.restore(self.place, is_forced=True)
        file.write_bytes(whole)
        (self.place / "lake" / "stranger").write_text("x")
        with self.assertRaisesMessage(BadInput, "stranger"):
            backup.restore(self.place, is_forced=True)
        self.assertEqual(self.names(), {"sealed": 5, "hot": 3})

    def test_a_backup_that_failed_half_way_is_not_there(self) -> None:
        with (
            mock.patch("analytics.store.backup.lake_copy.copy_data", side_effect=OSError("the disk is full")),
            self.assertRaisesMessage(CommandError, "the disk is full"),
        ):
            call_command("backup", self.place)
        self.assertEqual(list(self.place.parent.iterdir()), [])
        with self.assertRaisesMessage(BadInput, "no complete backup"):
            backup.restore(self.place, is_forced=True)

    def test_one_of_a_newer_version_or_another_database_is_refused(self) -> None:
        backup.make(self.place)
        path = self.place / NAME
        told: dict[str, Any] = json.loads(path.read_text())
        path.write_text(json.dumps({**told, "format": 99}))
        with self.assertRaisesMessage(BadInput, "upgrade first"):
            backup.restore(self.place, is_forced=True)
        path.write_text(json.dumps({**told, "vendor": "sqlite"}))
        with self.assertRaisesMessage(BadInput, "a backup of sqlite"):
            backup.restore(self.place, is_forced=True)

    def test_a_dump_that_breaks_leaves_the_database_as_it_was(self) -> None:
        backup.make(self.place)
        broken = mock.patch.object(database, "_CLEAR", f"{database._CLEAR} SELECT nothing_like_it();")
        with broken, self.assertRaisesMessage(Unavailable, "nothing_like_it"):
            backup.restore(self.place, is_forced=True)
        self.assertEqual(self.names(), {"sealed": 5, "hot": 3})

    def test_whoever_still_works_on_the_database_is_asked_to_stop(self) -> None:
        backup.make(self.place)
        other = connections.create_connection("default")
        self.addCleanup(other.close)
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM analytics_userevent")
        with (
            mock.patch.object(database, "_CLEAR", database._CLEAR.replace(database._LOCK_WAIT, "100ms")),
            self.assertRaisesMessage(Conflict, "stop the web server"),
        ):
            backup.restore(self.place, is_forced=True)
        other.rollback()
        self.assertEqual(self.names(), {"sealed": 5, "hot": 3})

    def test_it_waits_for_no_upkeep_and_says_so(self) -> None:
        with (
            mock.patch.object(locks, "_ask", return_value=False),
            self.assertRaisesMessage(Conflict, "upkeep is running"),
        ):
            backup.make(self.place)

    def test_who_was_erased_since_stays_erased(self) -> None:
        backup.make(self.place)
        erasure.erase(Person.objects.get(own_distinct_id__distinct_id="u1").uuid)
        other = erasure.digest("u2")
        done = backup.restore(self.place, is_forced=True, erased=[other])
        self.assertEqual(done.erased_again, 2)
        self.assertFalse(PersonDistinctId.objects.filter(distinct_id__in=["u1", "u2"]).exists())
        self.assertEqual(self.names(), {"sealed": 3, "hot": 1})
        self.assertFalse(Erasure.objects.filter(completed_at=None).exists())

    def test_an_erasure_between_the_lakes_copy_and_the_dump_is_done_again(self) -> None:
        def erase_first(folder: Path) -> Any:
            person = Person.objects.get(own_distinct_id__distinct_id="u1")
            call_command("erase_person", str(person.uuid), yes=True, at_once=False, stdout=io.StringIO())
            return dump(folder)

        dump = database.dump
        with mock.patch.object(database, "dump", erase_first):
            backup.make(self.place)
        backup.restore(self.place, is_forced=True)
        self.assertEqual(self.names(), {"sealed": 4, "hot": 2})

    def test_rows_that_were_deleted_stay_deleted_when_the_lake_is_rebased(self) -> None:
        UserEvent.objects.filter(event_name="sealed", distinct_id="u4").delete()
        self.assertEqual(EventChange.objects.count(), 1)
        with mock.patch.object(lakes, "_cluster", return_value=4711):
            self.assertTrue(rebuild().is_rebased)
            self.assertEqual(self.names(), {"sealed": 4, "hot": 3})

    def test_programs_that_are_missing_are_named(self) -> None:
        with (
            override_settings(ANALYTICS_POSTGRES_PROGRAMS="/nowhere"),
            self.assertRaisesMessage(Unavailable, "ANALYTICS_POSTGRES_PROGRAMS"),
        ):
            backup.make(self.place)

    def test_the_password_is_not_among_the_arguments(self) -> None:
        from analytics.store.backup import programs

        with mock.patch.dict(
            connection.settings_dict, {"PASSWORD": "quite-secret", "OPTIONS": {"sslmode": "require"}}
        ):
            self.assertNotIn("quite-secret", programs.address())
            self.assertIn("sslmode=require", programs.address())
            self.assertEqual(programs.environment(), {"PGPASSWORD": "quite-secret"})

    def test_the_lake_may_be_empty(self) -> None:
        UserEvent.objects.all().delete()
        with tempfile.TemporaryDirectory() as folder, override_settings(ANALYTICS_LAKE_URI=f"{folder}/none"):
            backup.make(self.place)
            done = backup.restore(self.place, is_forced=True)
            self.assertEqual((done.manifest.lake_version, lakes.lake().snapshot().rows), (-1, 0))


SQLITE = """
import sys, datetime
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
from analytics import track
from analytics.models import UserEvent
from analytics.store.sealing import seal_all
if sys.argv[1] == "make":
    call_command("migrate", verbosity=0)
    for number in range(5):
        track("clicked", distinct_id=f"u{number}")
    seal_all()
    track("hot", distinct_id="u1")
    call_command("backup", sys.argv[2])
else:
    call_command("restore", sys.argv[2])
    track("after", distinct_id="u1")
    seal_all()
    call_command("verify_lake")
    print(sorted(UserEvent.objects.values_list("event_name", flat=True)))
"""


@pytest.mark.slow
class SqliteTest(LakeTestCase):
    """The same on SQLite, into another file and another lake."""

    def run_in(self, home: Path, *arguments: str) -> str:
        """Python with a deployment of its own in the folder."""
        home.mkdir(exist_ok=True)
        given = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{home}/db.sqlite3",
            "ANALYTICS_LAKE_URI": str(home / "lake"),
            "DJANGO_SETTINGS_MODULE": "loopin_backend.settings.test",
        }
        command = [sys.executable, "-c", SQLITE, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, env=given)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_it_is_restored_elsewhere(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "made"
            self.run_in(Path(folder) / "one", "make", str(made))
            printed = self.run_in(Path(folder) / "two", "restore", str(made))
        self.assertIn("the lake now counts the transactions of this database cluster", printed)
        self.assertIn("['after', 'clicked', 'clicked', 'clicked', 'clicked', 'clicked', 'hot']", printed)


@pytest.mark.slow
def test_a_backup_under_load_is_restored_in_a_fresh_deployment() -> None:
    command = [sys.executable, "-m", "bench.backup", "--seconds", "2", "--kills", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert "1 person erased again" in done.stdout
    assert "0 faults" in done.stdout
