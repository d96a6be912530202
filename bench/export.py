"""Exports of all stored events through the WSGI application: how fast, and how much memory at most.

    python -m bench.export --events 10000000 --fresh 500000

Makes servers and a lake in a folder of its own: sealed events by day, and fresh ones in the database. Each export runs
in a process of its own, which throws the file away; beside it one of a tenth of the days, whose memory should be the
same.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.own_servers import command, set_up

START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
DAYS = 30
_FORMATS = ("csv", "jsonl", "parquet")
_ROWS_AT_ONCE = 50_000


def main() -> None:
    """Run in a process whose servers and lake are its own."""
    parser = argparse.ArgumentParser(description="Speed and memory of exports.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--fresh", type=int, default=200_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part", default="all", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "all":
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            sys.exit(subprocess.run(command(Path(folder), _part("measure")), check=False).returncode)
    set_up()
    if options.part != "measure":
        print(json.dumps(export(*options.part.split(","))))
        return
    rows = make(options.events, options.fresh)
    found = {
        "rows": rows,
        "exports": [_measured(k, d) for k in _FORMATS for d in (3, DAYS)],
    }
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _part(name: str) -> list[str]:
    return ["-m", "bench.export", *sys.argv[1:], "--part", name]


def _measured(kind: str, days: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        subprocess.run(
            [sys.executable, *_part(f"{kind},{days}")], check=True, capture_output=True, text=True
        ).stdout
    )
    return found


def make(events: int, fresh: int, start: dt.datetime = START) -> int:
    """Sealed events with their persons, then fresh ones above the watermark; how many rows."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    from django.contrib.auth.models import User
    from django.db import connection

    from analytics.models import Person
    from analytics.store import lake as lakes
    from eventlake.sealing import seal
    from eventlake.tests.synthetic import World

    User.objects.create_user("root", is_staff=True)
    lake, first, number, day = lakes.lake(), 1, 0, None
    made = World(events, start=start, days=DAYS, seed=7, has_merges=False).days()
    # A transaction a day: the numbers stay below those of the database, whose fresh rows lie above the watermark.
    for number, day in enumerate(made, start=1):
        rows = _with(day, "id", pa.array(np.arange(first, first + day.num_rows)))
        rows = _with(rows, "insert_xid", pa.array(np.full(day.num_rows, number)))
        first += day.num_rows
        people = pc.unique(day.column("person_id")).drop_null().to_pylist()
        Person.objects.bulk_create(
            [Person(pk=person) for person in people], ignore_conflicts=True, batch_size=5000
        )
        seal(
            lake,
            rows,
            cluster=lakes.cluster(),
            watermark_from=number if number > 1 else 0,
            watermark_to=number + 1,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('analytics_person', 'id'), max(id)) FROM analytics_person"
        )
    assert day is not None
    return first - 1 + _load(day, fresh)


def _with(table: Any, name: str, values: Any) -> Any:
    if name not in table.column_names:
        return table.append_column(name, values)
    return table.set_column(table.column_names.index(name), name, values)


def _load(day: Any, count: int) -> int:
    """Events of a day again and again, with other uuids, in the database; how many."""
    import uuid

    from analytics.ingestion.bulk import load_events

    columns, stored = ("distinct_id", "event_name", "timestamp", "session_id", "page_url", "metadata"), 0
    while stored < count:
        part = day.slice(0, min(_ROWS_AT_ONCE, count - stored))
        batch = {name: part.column(name).to_pylist() for name in columns}
        stored += load_events([{**batch, "uuid": [uuid.uuid4() for _ in range(part.num_rows)]}]).stored
    return stored


def export(kind: str, days: str) -> dict[str, Any]:
    """One export: rows are its lines, or those of its footer."""
    from django.contrib.auth.models import User
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import RequestFactory
    from rest_framework_simplejwt.tokens import RefreshToken

    token = RefreshToken.for_user(User.objects.get(username="root")).access_token
    bounds = {
        "date_from": START.date().isoformat(),
        "date_to": (START + dt.timedelta(int(days))).date().isoformat(),
    }
    request = RequestFactory(headers={"Authorization": f"Bearer {token}"}).get(
        "/api/analytics/export/events", {"format": kind, "timezone": "UTC", **bounds}
    )
    handler, before_mb = WSGIHandler(), _peak_mb()
    started, size_bytes, lines = time.perf_counter(), 0, 0
    response = handler(request.environ, _started)
    for chunk in response:
        size_bytes += len(chunk)
        lines += chunk.count(b"\n") if kind == "jsonl" else 0
    took_s = time.perf_counter() - started
    return {
        "format": kind, "days": int(days), "seconds": round(took_s, 1), "megabytes": round(size_bytes / 1e6, 1),
        "lines": lines or None, "peak_mb_before": before_mb, "peak_mb": _peak_mb(),
    }  # fmt: skip


def _started(*_: Any) -> Callable[[bytes], object]:
    return lambda data: None


def _peak_mb() -> int:
    """The most memory so far. The kernel's own count begins anew with each program, that of `getrusage` does not."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


if __name__ == "__main__":
    main()
