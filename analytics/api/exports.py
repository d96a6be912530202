"""`GET /export/events`: stored events as a file, streamed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Download, Operation
from analytics.api.query_shapes import Moment, ZoneName
from analytics.api.shapes import Shape
from analytics.reports.exports import ExportFormat, export_events


class ExportQuery(Shape):
    """Which events, in what kind of file; all time without bounds."""

    format: Literal["csv", "jsonl", "parquet"] = Field(default="csv")
    date_from: Moment | None = None
    date_to: Moment | None = None
    timezone: ZoneName = None


def _export(_: Caller, query: ExportQuery, __: None) -> Download:
    kind = ExportFormat(query.format)
    made = export_events(kind, query.date_from, query.date_to, query.timezone)
    return Download(kind.media_type, made.filename, made.chunks)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "export_events", "GET", f"{API}/export/events", Permission.STAFF, _export,
        None, "Stored events as CSV, JSON lines or Parquet", query=ExportQuery,
        media_types=tuple(kind.media_type.partition(";")[0] for kind in ExportFormat),
    ),
)  # fmt: skip
