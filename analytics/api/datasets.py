"""`POST /datasets`: a file of events, sent along or lying in the import folder; `GET /datasets/{id}`: how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Operation, Posted
from analytics.api.people_shapes import RowId
from analytics.api.shapes import Shape, Text
from analytics.api.uploads import discard, import_folder
from analytics.errors import BadInput, NotFound
from analytics.reports import datasets


class DatasetRequest(Shape):
    """How to read the file, and where it lies unless it is sent along. In a form, `mapping` is JSON."""

    path: Text | None = Field(
        default=None, min_length=1, max_length=1000, description="Below the import folder"
    )
    format: Literal["csv", "jsonl", "parquet"] | None = Field(
        default=None, description="By the ending of the file's name where there is none"
    )
    mapping: dict[Text, Text] = Field(
        default_factory=dict,
        description="Field of an event to column; columns that are not mapped become properties",
        examples=[{"distinct_id": "user", "timestamp": "when", "event": "what"}],
    )
    event_name: Text = Field(default="", max_length=200, description="For a file without a column of names")


class DatasetAnswer(BaseModel):
    """The dataset that a worker imports."""

    id: int


class DatasetKey(Shape):
    """Which dataset."""

    id: RowId


class DatasetProgress(BaseModel):
    """How far an import is: `processed` of `total` rows, some of which were rejected or known before."""

    state: Literal["pending", "running", "completed", "failed"]
    processed: int
    total: int
    rejected: int
    duplicates: int
    error: str


def _make(_: Caller, __: None, body: Posted) -> DatasetAnswer:
    fields: DatasetRequest = body.fields
    if (body.file is None) == (fields.path is None):
        if body.file is not None:
            discard(body.file)
        raise BadInput("send a file in the field 'file', or the 'path' of one: exactly one of them")
    path = body.file.path if body.file is not None else _below_the_folder(fields.path or "")
    kept = False
    try:
        dataset = datasets.take_on(
            path, format_name=fields.format or "", mapping=fields.mapping, event_name=fields.event_name
        )
        kept = dataset.path == str(path)
    finally:
        if body.file is not None and not kept:
            discard(body.file)
    return DatasetAnswer(id=dataset.pk)


def _below_the_folder(text: str) -> Path:
    """**Errors**: `BadInput` for a way out of the import folder, also over links; `NotFound`."""
    folder = import_folder().resolve()
    path = (folder / text).resolve()
    if not path.is_relative_to(folder):
        raise BadInput("path: a file below the import folder is expected", code="bad_path")
    if not path.is_file():
        raise NotFound(f"there is no file {text!r} below the import folder")
    return path


def _progress(_: Caller, query: DatasetKey, __: None) -> DatasetProgress:
    return DatasetProgress(**datasets.progress(query.id))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "make_dataset", "POST", f"{API}/datasets", Permission.STAFF, _make,
        DatasetAnswer, "Import a file of events", body=DatasetRequest, takes_file=True,
    ),
    Operation(
        "get_dataset", "GET", f"{API}/datasets/{{id}}", Permission.STAFF, _progress,
        DatasetProgress, "How far an import is", query=DatasetKey, has_etag=True,
    ),
)  # fmt: skip
