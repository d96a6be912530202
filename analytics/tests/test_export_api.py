"""The export through both servers and the command: what comes out is what is stored, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase

from analytics import clock
from analytics.ingestion import merges
from analytics.models import Person, UserEvent
from analytics.reports import exports
from analytics.reports.csv_cells import put_out_of_action
from analytics.reports.exports import ExportFormat
from analytics.store import event_stream
from analytics.store.sealing import seal_all
from analytics.tests.cast import posthog_event, send_batch
from analytics.tests.servers import API, ServersTestCase

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
PATH = f"{API}/export/events"
FORMULAS = ["=1+1", "+1", "-1+1", "@sum", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u200b=1",
            "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x", "\ufeff=1", "\x0b-1"]  # fmt: skip
TEXTS = ["a=b", "1-1", "mail@example.org", "", "héllo", 'quote " and , comma', "two\nlines", "'=1"]


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stored_rows() -> dict[str, dict[str, Any]]:
    """What the database holds, by uuid, as a line of an export has it."""
    rows = {}
    for event in UserEvent.objects.select_related("person__merged_into"):
        rows[str(event.uuid)] = {
            "uuid": str(event.uuid),
            "timestamp": instant(event.timestamp),
            "event_name": event.event_name,
            "person_id": str(event.person.root.uuid) if event.person else None,
            "distinct_id": event.distinct_id,
            "page_url": event.page_url,
            "status_code": event.status_code,
            "revenue_impact": None if event.revenue_impact is None else str(event.revenue_impact),
            "metadata": event.metadata,
            "created_at": instant(event.created_at),
        }
    return rows


class ExportTest(ServersTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOW))
        self.enterContext(mock.patch.object(event_stream, "BATCH_ROWS", 3))

    def send_stream(self) -> None:
        """Sealed rows, a changed one and a deleted one among them, fresh rows, and a merge."""
        send_batch(
            *(
                posthog_event(f"e{n}", f"u{n % 3}", timestamp=f"2026-05-0{1 + n % 5}T10:00:00.12345{n}Z",
                              properties={"n": n, "revenue": n / 2, "größe": {"a": [1, None, "\u2028"]}})
                for n in range(9)
            ),
            posthog_event("doomed", "u1", timestamp="2026-05-02T10:00:00Z"),
        )  # fmt: skip
        seal_all()
        UserEvent.objects.filter(event_name="doomed").delete()
        UserEvent.objects.filter(event_name="e4").update(action="changed since")
        send_batch(*(posthog_event(f"late{n}", "u1", timestamp="2026-05-07T10:00:00Z") for n in range(4)))
        nodes = [Person.objects.get(own_distinct_id__distinct_id=text) for text in ("u0", "u2")]
        merges.merge(nodes[0].uuid, [nodes[1].uuid])

    def test_what_comes_out_is_what_is_stored(self) -> None:
        self.send_stream()
        stored = stored_rows()
        self.assertEqual(len(stored), 13)
        for call in self.servers():
            found = call("GET", PATH, user=self.sam, query={"format": "jsonl"})
            self.assertEqual((found.status, found.headers["content-type"]), (200, "application/x-ndjson"))
            self.assertEqual(found.headers["content-disposition"], 'attachment; filename="events.jsonl"')
            lines = [json.loads(line) for line in found.content.splitlines()]
            self.assertEqual(len(lines), 13)
            self.assertEqual(
                {line["uuid"]: {k: line[k] for k in stored[line["uuid"]]} for line in lines}, stored
            )
            self.assertEqual(
                [line["action"] for line in lines if line["event_name"] == "e4"], ["changed since"]
            )

            text = call("GET", PATH, user=self.sam, query={"format": "csv"}).content.decode()
            cells = {row["uuid"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
            self.assertEqual(cells.keys(), stored.keys())
            for uuid, row in cells.items():
                self.assertEqual(json.loads(row["metadata"]), stored[uuid]["metadata"])
                self.assertEqual(row["timestamp"], stored[uuid]["timestamp"])
                self.assertEqual(row["revenue_impact"], stored[uuid]["revenue_impact"] or "")

            file = call("GET", PATH, user=self.sam, query={"format": "parquet"}).content
            table = pq.read_table(io.BytesIO(file))
            rows = {row["uuid"]: row for row in table.to_pylist()}
            self.assertEqual(len(rows), table.num_rows)
            self.assertEqual({u: json.loads(row["metadata"]) for u, row in rows.items()},
                             {u: row["metadata"] for u, row in stored.items()})  # fmt: skip
            self.assertEqual({u: row["person_id"] for u, row in rows.items()},
                             {u: row["person_id"] for u, row in stored.items()})  # fmt: skip
            self.assertEqual({u: instant(row["timestamp"]) for u, row in rows.items()},
                             {u: row["timestamp"] for u, row in stored.items()})  # fmt: skip

    def test_a_range_is_half_open_and_of_its_zone(self) -> None:
        self.send_stream()
        for call in self.servers():
            query = {"format": "jsonl", "date_from": "2026-05-02", "date_to": "2026-05-04"}
            found = call("GET", PATH, user=self.sam, query=query)
            names = sorted(json.loads(line)["event_name"] for line in found.content.splitlines())
            self.assertEqual(names, ["e1", "e2", "e6", "e7"])
            self.assertIn("events_2026-05-02_2026-05-04.jsonl", found.headers["content-disposition"])
            query["timezone"] = "Pacific/Kiritimati"  # 14 hours ahead: the day ends at ten o'clock
            found = call("GET", PATH, user=self.sam, query=query)
            names = sorted(json.loads(line)["event_name"] for line in found.content.splitlines())
            self.assertEqual(names, ["e0", "e1", "e5", "e6"])

    def test_no_events_are_a_file_without_rows(self) -> None:
        for call in self.servers():
            bodies = {
                kind: call("GET", PATH, user=self.sam, query={"format": kind}).content
                for kind in ExportFormat
            }
            self.assertEqual(len(bodies[ExportFormat.CSV].splitlines()), 1)
            self.assertEqual(bodies[ExportFormat.JSONL], b"")
            self.assertEqual(pq.read_table(io.BytesIO(bodies[ExportFormat.PARQUET])).num_rows, 0)

    def test_no_cell_of_a_csv_file_is_a_formula(self) -> None:
        send_batch(*(posthog_event(f"{text}!", text, properties={text: text}) for text in FORMULAS))
        for call in self.servers():
            text = call("GET", PATH, user=self.sam, query={"format": "csv"}).content.decode()
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
            self.assertEqual(len(rows), UserEvent.objects.count())
            for row in rows:
                for name in ("event_name", "distinct_id", "metadata"):
                    cell = row[name].strip("\u200b\ufeff \t\r\n\x0b")
                    self.assertFalse(cell.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")), repr(row[name]))

    def test_only_staff_export_and_wrong_input_is_told(self) -> None:
        for call in self.servers():
            self.check_refused(call, "GET", PATH, 401, "not_authenticated")
            self.check_refused(call, "GET", PATH, 403, "staff_only", user=self.alice)
            self.check_refused(
                call, "GET", PATH, 422, "invalid_input", user=self.sam, query={"format": "xlsx"}
            )
            query = {"date_from": "2026-05-04", "date_to": "2026-05-01"}
            self.check_refused(call, "GET", PATH, 400, "bad_range", user=self.sam, query=query)

    def test_a_lake_that_cannot_be_read_is_an_error_and_not_half_a_file(self) -> None:
        self.send_stream()
        for file in self.folder.rglob("*.parquet"):
            file.unlink()
        for call in self.servers():
            self.check_refused(call, "GET", PATH, 503, "lake_unavailable", user=self.sam)

    def test_the_command_writes_the_same_file(self) -> None:
        self.send_stream()
        served = self.fast(
            "GET", PATH, user=self.sam, query={"format": "csv", "date_from": "2026-05-02"}
        ).content
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "week.csv"
            out, err = io.StringIO(), io.StringIO()
            call_command("export_events", path, date_from="2026-05-02", stdout=out, stderr=err)
            self.assertEqual(path.read_bytes(), served)
            self.assertEqual([file.name for file in path.parent.iterdir()], ["week.csv"])
            self.assertIn("week.csv: 11 events", out.getvalue())
            self.assertIn("/11", err.getvalue())
            for name, date_from, message in (
                ("week.xlsx", None, "use --format"),
                ("week.csv", "soon", "date_from: an ISO date"),
                ("no/week.csv", None, "cannot be written"),
            ):
                with self.assertRaisesMessage(CommandError, message):
                    call_command("export_events", path.parent / name, date_from=date_from, stderr=err)


class CellsTest(SimpleTestCase):
    def test_formulas_get_an_apostrophe_and_other_texts_stay(self) -> None:
        cells = put_out_of_action(pa.chunked_array([[*FORMULAS, *TEXTS, None]])).to_pylist()
        self.assertEqual(cells, [*(f"'{text}" for text in FORMULAS), *TEXTS, None])

    def test_broken_metadata_costs_no_line(self) -> None:
        with self.assertLogs("analytics.reports", "WARNING"):
            self.assertEqual(exports._metadata('{"a": '), {})
        self.assertEqual(exports._metadata("[1]"), {})
        self.assertEqual(exports._metadata(None), {})
