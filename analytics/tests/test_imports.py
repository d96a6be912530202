"""Importing files: formats, faults, resumption."""

from __future__ import annotations

import gzip
import json
import tempfile
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from analytics.ingestion.imports import importer
from analytics.models import Dataset, RejectedEvent, UserEvent
from analytics.reports.ingestion import ledger

ROWS = [
    {"user": "u1", "timestamp": "2012-03-04 05:06:07", "event": "rsvp_yes", "properties": '{"guests": 1}'},
    {"user": "u2", "timestamp": "2012-03-05 05:06:07", "event": "rsvp_no", "properties": "{}"},
    {"user": "", "timestamp": "2012-03-06 05:06:07", "event": "rsvp_no", "properties": "{}"},
    {"user": "u1", "timestamp": "2012-03-07 05:06:07", "event": "rsvp_no", "properties": "nonsense"},
]


class ImportTest(TestCase):
    """The command, on files made here."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_import(self, path: Path, *options: str) -> str:
        out = StringIO()
        call_command("import_events", str(path), *options, stdout=out, stderr=StringIO())
        return out.getvalue()

    def csv(self, text: str | None = None) -> Path:
        lines = ["user,timestamp,event,properties"]
        lines += [",".join(f'"{v.replace(chr(34), chr(34) * 2)}"' for v in row.values()) for row in ROWS]
        path = self.folder / "rsvps.csv.gz"
        path.write_bytes(gzip.compress((text or "\n".join(lines)).encode()))
        return path

    def test_a_gzipped_csv_is_stored_and_its_faults_are_kept_with_reasons(self) -> None:
        said = self.run_import(self.csv())
        self.assertIn("4 rows, 2 stored, 0 duplicates, 2 rejected", said)
        event = UserEvent.objects.get(event_name="rsvp_yes")
        self.assertEqual((event.distinct_id, event.metadata), ("u1", {"guests": 1}))
        self.assertEqual(event.timestamp.isoformat(), "2012-03-04T05:06:07+00:00")
        reasons = set(RejectedEvent.objects.values_list("reason", flat=True))
        self.assertEqual(reasons, {"missing_distinct_id", "invalid_properties"})
        self.assertEqual(ledger().received, 4)

    def test_jsonl_and_parquet_give_the_same_events(self) -> None:
        jsonl = self.folder / "log.jsonl"
        jsonl.write_text("\n".join([*map(json.dumps, ROWS[:2]), "", "no json"]))
        self.assertIn("3 rows, 2 stored, 0 duplicates, 1 rejected", self.run_import(jsonl))
        parquet = self.folder / "log.parquet"
        pq.write_table(pa.Table.from_pylist(ROWS[:2]), parquet)
        self.assertIn("2 rows, 2 stored", self.run_import(parquet))
        self.assertEqual(UserEvent.objects.filter(metadata={"guests": 1}).count(), 2)

    def test_unmapped_columns_become_properties(self) -> None:
        path = self.csv("who,when,city\nu1,2020-01-01,Graz")
        self.run_import(path, "--map", "distinct_id=who", "timestamp=when", "--event", "visited")
        event = UserEvent.objects.get()
        self.assertEqual((event.event_name, event.metadata), ("visited", {"city": "Graz"}))

    def test_a_row_with_too_many_fields_costs_no_neighbour(self) -> None:
        path = self.csv("user,timestamp,event\nu1,2020-01-01,a\nu2,2020-01-01,b,c,d\nu3,2020-01-01,e")
        self.assertIn("3 rows, 2 stored, 0 duplicates, 1 rejected", self.run_import(path))

    def test_importing_again_changes_nothing(self) -> None:
        self.run_import(self.csv())
        path = self.csv()
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), mtime=1))  # packed at another time
        self.assertIn("imported already", self.run_import(path))
        self.assertEqual(UserEvent.objects.count(), 2)

    @override_settings(ANALYTICS_BATCH_SIZE=2)
    def test_a_killed_import_goes_on_where_it_stopped(self) -> None:
        real, calls = importer.commit, []

        def die_in_the_second(*args: object, **kwargs: object) -> object:
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*args, **kwargs)

        with patch.object(importer, "commit", die_in_the_second), self.assertRaises(KeyboardInterrupt):
            self.run_import(self.csv())
        self.assertEqual(Dataset.objects.get().processed, 2)
        self.assertIn("4 rows, 2 stored, 0 duplicates, 2 rejected", self.run_import(self.csv()))
        self.assertEqual(ledger().received, 4)

    def test_faults_name_their_fix(self) -> None:
        with self.assertRaisesRegex(CommandError, "no file"):
            self.run_import(self.folder / "missing.csv")
        with self.assertRaisesRegex(CommandError, "--map distinct_id="):
            self.run_import(self.csv("a,b\n1,2"), "--event", "x")
        with self.assertRaisesRegex(CommandError, "has no column 'nope'"):
            self.run_import(self.csv(), "--map", "distinct_id=nope")
        with self.assertRaisesRegex(CommandError, "--format"):
            self.run_import(self.csv().rename(self.folder / "file.xyz"))
