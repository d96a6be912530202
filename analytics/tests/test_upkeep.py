"""Changes, archival, retention, erasure and rebuilding: the answers stay true through all of them."""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pyarrow.parquet as pq
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from analytics import clock
from analytics.errors import NotFound, Unavailable
from analytics.ingestion.bulk import BulkResult, EventBatch, load_events
from analytics.models import (
    ArchivedEvent,
    ErasedId,
    Erasure,
    EventChange,
    Person,
    PersonDistinctId,
    UserEvent,
)
from analytics.models.choices import Outcome
from analytics.reports.ingestion import ledger, receipt
from analytics.reports.overview import overview
from analytics.store import erasure, locks
from analytics.store.changes import merge_changes
from analytics.store.lake import lake
from analytics.store.rebuild import find_faults, rebuild
from analytics.store.sealing import seal_all
from analytics.store.triggers import install, unnoted
from analytics.store.upkeep import Cleanup, engine, run_cleanup, run_upkeep
from analytics.tasks import cleanup_old_analytics_data
from analytics.tests.cast import LakeTestCase, posthog_event, send_batch
from eventlake.errors import TableError

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CANARY = "kanarienvogel-7f3a"


def visits() -> list[dict[str, Any]]:
    """Two persons on two days."""
    return [
        posthog_event("$pageview", "u1", timestamp="2026-05-04T11:00:00Z"),
        posthog_event("paid", "u1", timestamp="2026-05-04T11:10:00Z", properties={"revenue": 20}),
        posthog_event("$pageview", "u2", timestamp="2026-05-04T11:30:00Z"),
        posthog_event("$pageview", "u2", timestamp="2026-05-03T11:30:00Z"),
    ]


class UpkeepTestCase(LakeTestCase):
    """A way to ask, and something to ask for."""

    def figures(self, at: datetime = NOON, days: int = 7) -> tuple[int, int, float]:
        """Events, persons and revenue of the last days."""
        with clock.frozen(at):
            answer = overview(days=days).as_answer()
        return answer["total_events"], answer["total_users"], answer["total_revenue"]

    def seal_visits(self) -> list[dict[str, Any]]:
        """The visits, stored and sealed."""
        events = visits()
        with clock.frozen(NOON):
            send_batch(*events)
            seal_all()
        return events


class ChangedRowsTest(UpkeepTestCase):
    """A row that changes after its sealing is read from the database, and later from the lake."""

    def check(self, expected: tuple[int, int, float]) -> None:
        """The answer holds before and after the change is merged, and the lake is then as the database says."""
        self.assertEqual(self.figures(), expected)
        with clock.frozen(NOON):
            done = run_upkeep()
        assert done is not None
        self.assertGreater(done.merged_changes, 0)
        self.assertFalse(EventChange.objects.exists())
        self.assertEqual(self.figures(), expected)
        self.assertEqual(list(find_faults()), [])

    def test_an_update(self) -> None:
        self.seal_visits()
        UserEvent.objects.filter(event_name="paid").update(revenue_impact=50)
        self.check((4, 2, 50.0))

    def test_a_row_saved_by_a_model(self) -> None:
        self.seal_visits()
        event = UserEvent.objects.get(event_name="paid")
        event.revenue_impact = 7
        event.save()
        self.check((4, 2, 7.0))

    def test_a_deletion(self) -> None:
        self.seal_visits()
        UserEvent.objects.filter(event_name="paid").delete()
        self.check((3, 2, 0.0))

    def test_a_row_that_moves_to_another_day(self) -> None:
        self.seal_visits()
        UserEvent.objects.filter(event_name="paid").update(timestamp=NOON - timedelta(days=3))
        self.check((4, 2, 20.0))
        days = {file.day.day: file.rows for file in lake().snapshot().files}
        self.assertEqual(days, {1: 1, 3: 1, 4: 2})

    def test_a_change_before_the_sealing_leaves_nothing_behind(self) -> None:
        with clock.frozen(NOON):
            send_batch(*visits())
        UserEvent.objects.filter(event_name="paid").update(revenue_impact=3)
        self.assertEqual(self.figures(), (4, 2, 3.0))
        merge_changes(engine())
        with clock.frozen(NOON):
            seal_all()
        self.assertEqual(self.figures(), (4, 2, 3.0))
        self.assertEqual(list(find_faults()), [])

    def test_a_stop_between_two_days_loses_nothing(self) -> None:
        self.seal_visits()
        UserEvent.objects.filter(event_name="paid").update(timestamp=NOON - timedelta(days=1))
        from eventlake import rewriting

        real, calls = rewriting.rewrite_days, []

        def breaks_at_the_second(*given: Any) -> Any:
            calls.append(given)
            if len(calls) == 2:
                raise TableError("the power went")
            return real(*given)

        with (
            mock.patch.object(rewriting, "rewrite_days", breaks_at_the_second),
            self.assertRaises(TableError),
        ):
            merge_changes(engine())
        self.check((4, 2, 20.0))

    def test_inserts_and_upkeep_leave_no_note(self) -> None:
        self.seal_visits()
        with unnoted():
            UserEvent.objects.update(is_archived=True)
        self.assertFalse(EventChange.objects.exists())
        install(connection)  # again, which changes nothing
        UserEvent.objects.filter(event_name="paid").update(action="x")
        self.assertEqual(EventChange.objects.count(), 1)


class ArchiveTest(UpkeepTestCase):
    """Rows leave the database only once the lake holds them."""

    def test_old_rows_move_to_the_lake_alone(self) -> None:
        events = self.seal_visits()
        later = NOON + timedelta(days=40)
        with clock.frozen(later):
            send_batch(posthog_event("today", "u1"))
            seal_all()
            self.assertEqual(run_cleanup(), Cleanup(0, 0, archived_rows=4, deleted_rows=0, differing_rows=0))
        self.assertEqual(UserEvent.objects.filter(is_archived=True, archived_at=later).count(), 4)
        before = self.figures(later, days=60)
        with clock.frozen(later + timedelta(hours=2)):
            self.assertEqual(run_cleanup(), Cleanup(0, 0, archived_rows=0, deleted_rows=4, differing_rows=0))
        self.assertEqual(UserEvent.objects.count(), 1)
        self.assertFalse(EventChange.objects.exists())
        self.assertEqual(before, (5, 2, 20.0))
        self.assertEqual(self.figures(later, days=60), before)
        self.assertEqual(list(find_faults()), [])

        self.assertEqual(send_batch(*events).status_code, 200)
        self.assertEqual(UserEvent.objects.count(), 1)
        self.assertEqual(ledger().duplicate, 4)
        known = receipt(UUID(events[0]["uuid"]))
        self.assertEqual((known.outcome, known.sealed), (Outcome.STORED, True))
        with self.assertRaises(NotFound):
            receipt(UUID(events[0]["uuid"]), only_key="another key")
        rows = {
            "uuid": [events[0]["uuid"]],
            "distinct_id": ["u1"],
            "event_name": ["again"],
            "timestamp": [NOON],
        }
        self.assertEqual(load_events([rows]), BulkResult(0, 1))

    def test_a_row_that_the_lake_has_otherwise_stays(self) -> None:
        self.seal_visits()
        with unnoted():
            UserEvent.objects.filter(event_name="paid").update(revenue_impact=99)
        with clock.frozen(NOON + timedelta(days=40)), self.assertLogs("analytics.upkeep", "ERROR"):
            done = run_cleanup()
        assert done is not None
        self.assertEqual((done.archived_rows, done.differing_rows), (3, 1))
        with self.assertRaisesMessage(CommandError, "1 faults"):
            call_command("verify_lake", stderr=io.StringIO())

    def test_a_row_that_changes_after_its_marking_stays_until_it_is_merged(self) -> None:
        self.seal_visits()
        later = NOON + timedelta(days=40)
        with clock.frozen(later):
            run_cleanup()
        UserEvent.objects.filter(event_name="paid").update(revenue_impact=5)
        with clock.frozen(later + timedelta(hours=2)):
            run_cleanup()
            self.assertEqual([e.event_name for e in UserEvent.objects.all()], ["paid"])
        with clock.frozen(later + timedelta(hours=4)):
            run_cleanup()
        self.assertFalse(UserEvent.objects.exists())
        self.assertEqual(self.figures(later, days=60), (4, 2, 5.0))

    def test_nothing_is_archived_from_a_damaged_lake(self) -> None:
        self.seal_visits()
        next(self.folder.glob("day=*/*.parquet")).unlink()
        with clock.frozen(NOON + timedelta(days=40)), self.assertLogs("analytics.upkeep", "ERROR"):
            done = run_cleanup()
        assert done is not None
        self.assertEqual(done.archived_rows, 0)

    def test_what_is_not_sealed_stays(self) -> None:
        with clock.frozen(NOON):
            send_batch(*visits())
        with clock.frozen(NOON + timedelta(days=40)):
            self.assertEqual(run_cleanup(), Cleanup(0, 0, 0, 0, 0))

    def test_retention_ends_events_everywhere(self) -> None:
        self.seal_visits()
        UserEvent.objects.filter(event_name="paid").update(retention_days=30)
        later = NOON + timedelta(days=31)
        with clock.frozen(later):
            done = cleanup_old_analytics_data()
        self.assertEqual(done["expired_rows"], 1)
        self.assertEqual(self.figures(later, days=60), (3, 2, 0.0))
        with clock.frozen(later + timedelta(hours=2)):
            run_cleanup()
        end = NOON + timedelta(days=366)
        with clock.frozen(end):
            run_cleanup()
        self.assertEqual(self.figures(end, days=400), (0, 0, 0.0))
        self.assertEqual(lake().snapshot().rows, 0)
        self.assertFalse(ArchivedEvent.objects.exists())

    def test_merged_persons_are_written_into_the_files(self) -> None:
        self.seal_visits()
        with clock.frozen(NOON):
            send_batch(posthog_event("$merge_dangerously", "u1", properties={"alias": "u2"}))
            done = run_cleanup()
        assert done is not None
        self.assertEqual(done.rewritten_days, 2)
        rows = [
            row
            for file in lake().snapshot().files
            for row in pq.read_table(self.folder / file.path).to_pylist()
        ]
        root = Person.objects.get(own_distinct_id__distinct_id="u1")
        self.assertEqual({row["merged_person_id"] for row in rows}, {root.pk})


class ErasureTest(UpkeepTestCase):
    """Nothing of an erased person is left, and everybody else is as before."""

    def setUp(self) -> None:
        super().setUp()
        with clock.frozen(NOON):
            send_batch(*visits(), posthog_event("first", CANARY, properties={"name": CANARY}))
            seal_all()
            send_batch(
                posthog_event("second", f"{CANARY}-phone", properties={"$set": {"mail": CANARY}}),
                posthog_event("$merge_dangerously", CANARY, properties={"alias": f"{CANARY}-phone"}),
                posthog_event("", CANARY),  # refused: it has no name
            )
            run_upkeep()
        self.person = Person.objects.get(own_distinct_id__distinct_id=CANARY)

    def traces(self) -> list[str]:
        """Where anything of the canary is: tables, files, and the log of the lake."""
        found = []
        for model in apps.get_app_config("analytics").get_models():
            for row in model._default_manager.values():
                if any(CANARY in str(v) or CANARY.encode() in _bytes(v) for v in row.values()):
                    found.append(model.__name__)
        for file in self.folder.rglob("*.parquet"):
            if CANARY in str(pq.read_table(file, partitioning=None).to_pylist()):
                found.append(file.name)
        found += [file.name for file in self.folder.rglob("*.json") if CANARY in file.read_text()]
        return found

    def test_nothing_is_left(self) -> None:
        self.assertTrue({"UserEvent", "Person", "PersonDistinctId", "RejectedEvent"} <= set(self.traces()))
        self.assertEqual(self.figures(), (7, 3, 20.0))
        out = io.StringIO()
        with clock.frozen(NOON):
            call_command("erase_person", CANARY, yes=True, at_once=True, stdout=out)
        self.assertEqual(self.traces(), [])
        self.assertNotIn("not yet", out.getvalue())
        self.assertEqual(self.figures(), (4, 2, 20.0))
        self.assertEqual(list(find_faults()), [])

    def test_what_still_arrives_is_refused(self) -> None:
        erasure.erase(self.person.uuid)
        before = UserEvent.objects.count()
        send_batch(
            posthog_event("late", CANARY),
            posthog_event("$identify", "u1", properties={"$anon_distinct_id": CANARY}),
        )
        rows: EventBatch = {
            "uuid": [str(UUID(int=5))],
            "distinct_id": [CANARY],
            "event_name": ["a"],
            "timestamp": [NOON],
        }
        self.assertEqual(load_events([rows]), BulkResult(0, 0))
        self.assertEqual(UserEvent.objects.count(), before)
        self.assertEqual(ledger().rejected["erased_person"], 3)
        self.assertFalse(PersonDistinctId.objects.filter(distinct_id=CANARY).exists())

    def test_sealed_rows_go_at_the_next_upkeep_and_old_files_a_day_later(self) -> None:
        with clock.frozen(NOON):
            erased = erasure.erase(self.person.uuid)
            self.assertEqual(self.figures(), (4, 2, 20.0))
            broken = mock.patch(
                "eventlake.rewriting.rewrite_days", side_effect=TableError("the disk is full")
            )
            with broken, self.assertLogs("analytics.upkeep", "ERROR"):
                run_upkeep()
            self.assertIsNone(erasure.certificate(erased.uuid).rewritten_at)
            run_upkeep()
        found = erasure.certificate(erased.uuid)
        self.assertEqual((found.rewritten_at, found.completed_at), (NOON, None))
        self.assertEqual(found.deleted_rows, 3)
        with clock.frozen(NOON + timedelta(hours=25)):
            done = run_upkeep()
        assert done is not None
        self.assertEqual(done.completed_erasures, 1)
        self.assertIsNotNone(erasure.certificate(erased.uuid).completed_at)
        self.assertEqual(self.figures(), (4, 2, 20.0))

    def test_archived_events_are_erased_as_well(self) -> None:
        later = NOON + timedelta(days=40)
        with clock.frozen(later):
            seal_all()
            run_cleanup()
        with clock.frozen(later + timedelta(hours=2)):
            run_cleanup()
            self.assertFalse(UserEvent.objects.exists())
            erasure.erase(self.person.uuid)
            erasure.continue_erasures(engine())
        self.assertEqual(self.figures(), (4, 2, 20.0))
        self.assertEqual(ArchivedEvent.objects.count(), 4)

    def test_a_commit_that_looked_before_and_wrote_after_is_caught(self) -> None:
        with clock.frozen(NOON):
            erasure.erase(self.person.uuid)
            with mock.patch("analytics.ingestion.commit.erasure.erased_among", return_value=set()):
                send_batch(posthog_event("late", CANARY))
            seal_all()
            self.assertEqual(erasure.continue_erasures(engine(), at_once=True), 1)
        self.assertEqual(self.traces(), [])
        self.assertEqual(self.figures(), (4, 2, 20.0))

    def test_nobody_is_erased_by_mistake(self) -> None:
        with self.assertRaisesMessage(CommandError, "no person goes by"):
            call_command("erase_person", "nobody", yes=True)
        with (
            mock.patch("builtins.input", return_value=""),
            self.assertRaisesMessage(CommandError, "nothing was"),
        ):
            call_command("erase_person", CANARY)
        with self.assertRaises(NotFound):
            erasure.erase(UUID(int=1))
        self.assertFalse(Erasure.objects.exists() or ErasedId.objects.exists())


class RebuildTest(UpkeepTestCase):
    """What is lost or differs comes back from the database."""

    def test_a_lost_file_comes_back(self) -> None:
        self.seal_visits()
        next(self.folder.glob("day=2026-05-04/*.parquet")).unlink()
        self.assertIn("is not there", next(iter(find_faults())))
        with clock.frozen(NOON):
            done = rebuild()
        self.assertEqual((done.lost_files, done.lost_rows, done.repaired_rows), (1, 0, 3))
        self.assertEqual(self.figures(), (4, 2, 20.0))
        call_command("verify_lake", stdout=io.StringIO())

    def test_a_lake_that_is_gone_comes_back(self) -> None:
        self.seal_visits()
        with tempfile.TemporaryDirectory() as empty, override_settings(ANALYTICS_LAKE_URI=empty):
            with clock.frozen(NOON):
                self.assertEqual(rebuild().sealed_rows, 4)
            self.assertEqual(self.figures(), (4, 2, 20.0))
            self.assertEqual(list(find_faults()), [])

    def test_a_row_that_differs_is_put_right(self) -> None:
        self.seal_visits()
        with unnoted():
            UserEvent.objects.filter(event_name="paid").update(revenue_impact=99)
        out = io.StringIO()
        with clock.frozen(NOON):
            call_command("rebuild_lake", stdout=out)
        self.assertIn("1 rows put right", out.getvalue())
        self.assertEqual(self.figures(), (4, 2, 99.0))
        self.assertEqual(list(find_faults()), [])

    def test_a_dump_that_was_restored_elsewhere(self) -> None:
        """The dump is older than the lake, lacks a sealed row, and its ids have been given out again."""
        self.seal_visits()
        lost = UserEvent.objects.get(event_name="paid")
        with unnoted(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM analytics_userevent WHERE id = %s", [lost.pk])
        EventChange.objects.all().delete()
        with mock.patch("analytics.store.lake.cluster", return_value=4711), clock.frozen(NOON):
            send_batch(posthog_event("since", "u3"))
            UserEvent.objects.filter(event_name="since").update(id=lost.pk)
            with self.assertLogs("analytics.reports", "ERROR"), self.assertRaises(Unavailable):
                overview(days=7)
            with mock.patch("analytics.store.sealing.cluster", return_value=4711):
                self.assertTrue(rebuild().is_rebased)
                self.assertEqual(self.figures(), (5, 3, 20.0))
                self.assertEqual(list(find_faults()), [])
                send_batch(posthog_event("later", "u4"))
                self.assertEqual(seal_all(), 1)
                self.assertEqual(self.figures(), (6, 4, 20.0))
                self.assertEqual(rebuild().is_rebased, False)
                self.assertEqual(self.figures(), (6, 4, 20.0))

    def test_two_do_not_keep_up_at_once(self) -> None:
        with mock.patch.object(locks, "_ask", return_value=False):
            self.assertIsNone(run_upkeep())
            self.assertIsNone(run_cleanup())
            self.assertEqual(cleanup_old_analytics_data(), {})
            with self.assertRaisesMessage(CommandError, "upkeep is running"):
                call_command("rebuild_lake")


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else b""
