"""The events of one person as a file that is made while it is read: what a person who asks for their data is handed.

Columns and values are those of `GET /persons/{id}/events`; properties are JSON in the last column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from analytics.errors import BadInput
from analytics.reports import people
from analytics.reports.csv_cells import put_out_of_action

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}

_PAGE_EVENTS = 1000


def events_file(uuid: UUID, kind: str) -> Iterator[bytes]:
    """The file's bytes, newest event first; the first page is read before this returns.

    **Errors**: `NotFound`, `Unavailable`; `BadInput` for another kind than csv and jsonl.
    """
    if kind not in FORMATS:
        raise BadInput("the file is csv or jsonl", code="bad_format")
    pages = event_pages(uuid)
    return _csv(pages) if kind == "csv" else _jsonl(pages)


def event_pages(uuid: UUID) -> Iterator[list[dict[str, Any]]]:
    """All events of a person, a page at a time; the first is read before this returns.

    **Errors**: `NotFound`, `Unavailable`.
    """
    return _pages(uuid, people.events(uuid, people.Timeline(limit=_PAGE_EVENTS), None))


def _pages(uuid: UUID, page: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    wanted = people.Timeline(limit=_PAGE_EVENTS)
    yield page["events"]
    while page["next_cursor"]:
        page = people.events(uuid, replace(wanted, cursor=page["next_cursor"]), None)
        yield page["events"]


def _jsonl(pages: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    for events in pages:
        yield b"".join(orjson.dumps(event, default=str, option=orjson.OPT_APPEND_NEWLINE) for event in events)


def _csv(pages: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    names: list[str] = []
    for events in pages:
        text = io.StringIO()
        writer = csv.writer(text)
        if events and not names:
            names = [name for name in events[0] if name != "metadata"]
            writer.writerow([*names, "metadata"])
        rows = [[*(_cell(event[name]) for name in names), _cell(event["metadata"])] for event in events]
        safe = _safe({cell for row in rows for cell in row if isinstance(cell, str)})
        writer.writerows([safe[cell] if isinstance(cell, str) else cell for cell in row] for row in rows)
        yield text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Numbers as they are; everything else as text."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=str).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _safe(texts: set[str]) -> dict[str, str]:
    """Each text as it may stand in a cell that a spreadsheet opens."""
    import pyarrow as pa

    given = sorted(texts)
    column = pa.chunked_array([pa.array(given, pa.string())])
    return dict(zip(given, put_out_of_action(column).to_pylist(), strict=True))
