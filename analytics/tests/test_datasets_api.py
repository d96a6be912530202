"""Files to import through both servers: sent along or lying in the import folder, and what becomes of bad ones."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from django.test import override_settings

from analytics.api import uploads
from analytics.ingestion.imports import importer
from analytics.ingestion.imports.mapping import ColumnMap
from analytics.models import Dataset, UserEvent
from analytics.models.choices import DatasetState
from analytics.reports import datasets
from analytics.tests.servers import API, Call, Form, ServersTestCase

PATH = f"{API}/datasets"
CSV = b"event,who,timestamp,city\nsigned_up,u1,2026-05-04T10:00:00Z,Graz\npaid,u1,2026-05-05T10:00:00Z,\n"
MAPPING = '{"distinct_id": "who"}'


def finish(number: int) -> None:
    """What the worker does."""
    dataset = Dataset.objects.get(pk=number)
    columns = ColumnMap(dataset.mapping["columns"], dataset.mapping["event_name"])
    importer.run(dataset, importer.Job(Path(dataset.path), dataset.format, columns))


class DatasetsTest(ServersTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.imports = self.folder / "imports"
        self.imports.mkdir()
        self.enterContext(override_settings(ANALYTICS_IMPORT_DIR=str(self.imports)))
        self.wake = self.enterContext(mock.patch.object(datasets.queueing, "wake"))

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.imports / "uploads").rglob("*") if path.is_file())

    def send(self, call: Call, name: str, content: bytes, **fields: str) -> Any:
        form = Form({"mapping": MAPPING, **fields}, {"file": (name, content)})
        found = call("POST", PATH, form, self.sam)
        self.assertEqual(found.status, 200, found.body)
        self.assertEqual(set(found.body), {"id"})
        return found.body["id"]

    def test_a_file_that_is_sent_is_imported_by_a_worker(self) -> None:
        table = pa.table({"event": ["a"], "who": ["u9"], "timestamp": ["2026-05-04T10:00:00Z"]})
        parquet = io.BytesIO()
        pq.write_table(table, parquet)
        line = b'{"event": "seen", "who": "u2", "timestamp": "2026-05-04T10:00:00Z"}\n'
        for call in self.servers():
            Dataset.objects.all().delete()
            UserEvent.objects.all().delete()
            self.wake.reset_mock()
            number = self.send(call, "week.csv", CSV)
            self.wake.assert_called_once_with("analytics.tasks.process_large_dataset", dataset_id=number)
            before = call("GET", f"{PATH}/{number}", user=self.sam)
            self.assertEqual(before.body, {"state": "pending", "processed": 0, "total": 2, "rejected": 0,
                                           "duplicates": 0, "error": ""})  # fmt: skip
            finish(number)
            after = call("GET", f"{PATH}/{number}", user=self.sam,
                         headers={"If-None-Match": before.headers["etag"]})  # fmt: skip
            self.assertEqual(
                (after.status, after.body["state"], after.body["processed"]), (200, "completed", 2)
            )
            self.assertEqual(UserEvent.objects.get(event_name="signed_up").metadata, {"city": "Graz"})
            for name, content in (("a.parquet", parquet.getvalue()), ("a.jsonl.gz", gzip.compress(line))):
                finish(self.send(call, name, content))
            finish(
                self.send(
                    call, "nameless", b"who,timestamp\nu3,2026-05-04\n", format="csv", event_name="walked"
                )
            )
            self.assertEqual(
                sorted(UserEvent.objects.values_list("event_name", flat=True)),
                ["a", "paid", "seen", "signed_up", "walked"],
            )

    def test_a_file_in_the_import_folder_is_named_by_its_path(self) -> None:
        (self.imports / "old").mkdir()
        for number, call in enumerate(self.servers()):
            (self.imports / "old" / "week.csv").write_bytes(CSV + b"paid,u1,2026-05-05,\n" * number)
            body = {"path": "old/week.csv", "mapping": {"distinct_id": "who"}}
            found = call("POST", PATH, body, self.sam)
            self.assertEqual(found.status, 200, found.body)
            self.assertEqual(Dataset.objects.get(pk=found.body["id"]).total_records, 2 + number)

    def test_no_path_leads_out_of_the_import_folder(self) -> None:
        secret = self.folder / "secret.csv"
        secret.write_bytes(CSV)
        os.symlink(secret, self.imports / "link.csv")
        os.symlink(self.folder, self.imports / "folder")
        for call in self.servers():
            for path in ("../secret.csv", str(secret), "link.csv", "folder/secret.csv", "x/../../secret.csv"):
                body = {"path": path, "mapping": {"distinct_id": "who"}}
                self.check_refused(call, "POST", PATH, 400, "bad_path", body=body, user=self.sam)
            told = self.check_refused(
                call, "POST", PATH, 404, "not_found", body={"path": "none.csv"}, user=self.sam
            )
            self.assertNotIn(str(self.folder), told)
            self.check_refused(call, "POST", PATH, 404, "not_found", body={"path": "."}, user=self.sam)

    def test_the_same_rows_are_one_dataset_and_a_failed_one_is_tried_again(self) -> None:
        for number, call in enumerate(self.servers()):
            content = CSV + b"paid,u1,2026-05-05,\n" * number
            first = self.send(call, "week.csv", content)
            kept = self.files()
            self.assertEqual(self.send(call, "renamed.csv", content), first)
            self.assertEqual(self.files(), kept)
            Dataset.objects.filter(pk=first).update(state=DatasetState.FAILED, error="the disk was full")
            self.send(call, "week.csv", content)
            self.assertEqual(call("GET", f"{PATH}/{first}", user=self.sam).body["state"], "pending")
            finish(first)
            form = Form({"mapping": MAPPING}, {"file": ("week.csv", content)})
            self.check_refused(call, "POST", PATH, 409, "conflict", body=form, user=self.sam)
            self.assertEqual(self.files(), kept)
            (path,) = (p for p in (self.imports / "uploads").rglob("*.csv"))
            path.unlink()

    def test_what_is_refused_leaves_no_file_behind(self) -> None:
        good = {"file": ("week.csv", CSV)}
        cases: list[tuple[Any, int, str, str]] = [
            (Form({"mapping": '{"who": "who"}'}, good), 400, "bad_mapping", "targets are event, distinct_id"),
            (Form({"mapping": '{"distinct_id": "nobody"}'}, good), 400, "bad_input", "has no column 'nobody'"),
            (Form({"mapping": "{"}, good), 422, "invalid_input", "mapping"),
            (Form({"mapping": MAPPING, "surprise": "1"}, good), 422, "invalid_input", "surprise"),
            (Form({"mapping": MAPPING}, {"other": ("week.csv", CSV)}), 400, "bad_input", "in the field 'file'"),
            (Form({"mapping": MAPPING}, {**good, "more": ("b.csv", CSV)}), 400, "bad_input", "one file"),
            (Form({"mapping": MAPPING, "path": "week.csv"}, good), 400, "bad_input", "exactly one"),
            (Form({"mapping": MAPPING}), 400, "bad_input", "exactly one"),
            (Form({"format": "xlsx"}, good), 422, "invalid_input", "format"),
            (Form({}, {"file": ("week.docx", CSV)}), 400, "bad_input", "format"),
            (Form({}, {"file": ("a.parquet", b"no parquet")}), 400, "bad_file", "cannot be read"),
            (Form({}, {"file": ("a.csv.gz", b"\x1f\x8bnot gzip")}), 400, "bad_file", "cannot be read"),
            (Form({}, {"file": ("a.csv.gz", gzip.compress(CSV)[:-12])}), 400, "bad_file", "cannot be read"),
            (Form({}, {"file": ("empty.csv", b"")}), 400, "bad_input", "no rows"),
            ({}, 400, "bad_input", "exactly one"),
            ({"path": "\x00"}, 422, "invalid_input", "path"),
            ([], 422, "invalid_input", "dictionary"),
        ]  # fmt: skip
        for call in self.servers():
            for body, status, code, detail in cases:
                with self.subTest(body=body):
                    found = self.check_refused(call, "POST", PATH, status, code, body=body, user=self.sam)
                    self.assertIn(detail, found)
            for kind, content, code in (
                ("text/csv", CSV, "unsupported_media_type"),
                ("multipart/form-data", CSV, "malformed_body"),
                ("multipart/form-data; boundary=x", b"--y\r\n", "bad_input"),
                ("application/json", b"{", "malformed_body"),
            ):
                sent = {"Content-Type": kind}
                self.check_refused(call, "POST", PATH, 400, code, body=content, user=self.sam, headers=sent)
            self.assertEqual((self.files(), Dataset.objects.count()), ([], 0))
        self.wake.assert_not_called()

    def test_only_staff_import_and_look(self) -> None:
        for call in self.servers():
            form = Form({"mapping": MAPPING}, {"file": ("week.csv", CSV)})
            self.check_refused(call, "POST", PATH, 403, "staff_only", body=form, user=self.alice)
            self.check_refused(call, "POST", PATH, 401, "not_authenticated", body=form)
            self.check_refused(call, "GET", f"{PATH}/1", 403, "staff_only", user=self.alice)
            self.check_refused(call, "GET", f"{PATH}/1", 404, "not_found", user=self.sam)
            self.assertEqual(self.files(), [])

    def test_a_disk_that_is_nearly_full_takes_no_file(self) -> None:
        form = Form({"mapping": MAPPING}, {"file": ("week.csv", CSV)})
        with mock.patch.object(uploads.shutil, "disk_usage") as usage:
            usage.return_value.free = uploads._FREE_BYTES
            for call in self.servers():
                self.check_refused(call, "POST", PATH, 413, "no_room", body=form, user=self.sam)

    def test_the_size_of_a_file_does_not_show_in_memory(self) -> None:
        size_bytes = 40_000_000
        row = b"paid,u1,2026-05-05T10:00:00Z," + b"x" * 70 + b"\n"
        form = Form({"mapping": MAPPING}, {"file": ("big.csv", CSV + row * (size_bytes // len(row)))})
        for call in self.servers():
            with (
                mock.patch.object(datasets.importer, "prepare", side_effect=ValueError),
                mock.patch.object(Form, "encode", return_value=form.encode()),
            ):
                tracemalloc.start()
                try:
                    self.check_refused(call, "POST", PATH, 400, "bad_file", body=form, user=self.sam)
                    peak_bytes = tracemalloc.get_traced_memory()[1]
                finally:
                    tracemalloc.stop()
            # What the test itself holds: WSGI's request factory and the pieces that ASGI is sent are copies of all.
            self.assertLess(peak_bytes, 1.5 * size_bytes)
