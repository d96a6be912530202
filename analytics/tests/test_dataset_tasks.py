"""Datasets that a worker imports: progress, turns, faults, and two workers at once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

from django.test import TransactionTestCase, override_settings

from analytics.ingestion.imports import background
from analytics.ingestion.imports.background import import_for_a_turn, waiting_datasets
from analytics.models import Dataset, UserEvent
from analytics.reports.datasets import take_on
from analytics.tasks import continue_datasets, process_large_dataset

_ROWS = 2_500


class DatasetTaskTest(TransactionTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.enterContext(override_settings(ANALYTICS_IMPORT_DIR=str(self.folder)))
        self.woken = self.enterContext(mock.patch("analytics.queueing.current_app"))

    def dataset(self, rows: int = _ROWS, folder: Path | None = None) -> Dataset:
        path = (folder or self.folder) / "events.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (f"u{number % 7},view,2026-05-01T10:{number % 60:02}:00Z" for number in range(rows))
        path.write_text("distinct_id,event,timestamp\n" + "\n".join(lines) + "\n")
        return take_on(path, format_name="csv", mapping={}, event_name="")

    def test_a_dataset_is_imported_and_told_as_it_goes(self) -> None:
        told: list[tuple[int, int]] = []
        done = import_for_a_turn(self.dataset().pk, lambda done, total: told.append((done, total)))
        self.assertEqual((done.state, done.processed, done.rejected), ("completed", _ROWS, 0))
        self.assertEqual(told, [(1000, _ROWS), (2000, _ROWS), (_ROWS, _ROWS)])
        self.assertEqual(UserEvent.objects.count(), _ROWS)

    def test_what_does_not_fit_into_a_turn_is_for_the_next(self) -> None:
        dataset = self.dataset()
        with mock.patch.object(background, "TURN_S", -1.0):
            first = process_large_dataset(dataset.pk)
        self.assertEqual(first, {"processed": 1000, "total": _ROWS, "status": "running"})
        self.assertEqual(self.woken.send_task.call_args.kwargs["kwargs"], {"dataset_id": dataset.pk})
        self.assertEqual(process_large_dataset(dataset.pk)["status"], "completed")
        self.assertEqual(UserEvent.objects.count(), _ROWS)

    def test_a_turn_that_dies_in_a_batch_loses_and_doubles_nothing(self) -> None:
        dataset = self.dataset()

        def die(done: int, _: int) -> None:
            if done >= 2000:
                raise KeyboardInterrupt  # as when the worker is stopped

        with self.assertRaises(KeyboardInterrupt):
            import_for_a_turn(dataset.pk, die)
        self.assertEqual(process_large_dataset(dataset.pk)["status"], "completed")
        self.assertEqual(UserEvent.objects.count(), _ROWS)

    def test_a_file_that_is_gone_fails_with_a_reason_and_is_not_tried_again(self) -> None:
        dataset = self.dataset()
        Path(dataset.path).unlink()
        self.assertEqual(process_large_dataset(dataset.pk)["status"], "failed")
        dataset.refresh_from_db()
        self.assertIn("send it again", dataset.error)
        self.assertEqual(waiting_datasets(), [])

    def test_a_dataset_that_somebody_imports_is_left_to_them(self) -> None:
        dataset = self.dataset()
        with mock.patch("analytics.store.locks._ask", return_value=False):
            self.assertEqual(process_large_dataset(dataset.pk)["status"], "skipped")
        self.assertEqual(process_large_dataset(4711)["status"], "skipped")

    def test_a_lost_wake_up_is_made_good(self) -> None:
        dataset = self.dataset()
        self.woken.reset_mock()
        self.assertEqual(continue_datasets(), {"waiting": 1})
        self.assertEqual(self.woken.send_task.call_args.kwargs["kwargs"], {"dataset_id": dataset.pk})
        process_large_dataset(dataset.pk)
        self.assertEqual(continue_datasets(), {"waiting": 0})

    def test_an_upload_goes_once_it_is_imported_and_other_files_stay(self) -> None:
        own = self.dataset(10)
        process_large_dataset(own.pk)
        self.assertTrue(Path(own.path).exists())
        upload = self.dataset(20, self.folder / "uploads" / "abc")
        process_large_dataset(upload.pk)
        self.assertFalse(Path(upload.path).parent.exists())
