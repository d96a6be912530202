"""The import itself: rows through the pipeline in batches, each with its progress in one transaction.

A killed import goes on at the row where its last batch ended; a finished one is not done again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.db import transaction

from analytics import clock, conf
from analytics.errors import BadInput, Conflict, NotFound
from analytics.ingestion import pipeline
from analytics.ingestion.commit import commit
from analytics.ingestion.event import Arrival, Event, Reason, Refusal, Rejected
from analytics.ingestion.imports.mapping import ColumnMap, complete, to_event
from analytics.ingestion.imports.readers import (
    READERS,
    BadRow,
    RowOrBad,
    count_rows,
    fingerprint,
    format_of,
)
from analytics.models import Dataset
from analytics.models.choices import DatasetState, Outcome, Source

FILES = uuid.UUID("4f0e0a55-6d0e-4a55-9d5c-0f6b4b1f7a10")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """A file and how to read it."""

    path: Path
    format_name: str
    columns: ColumnMap


def prepare(path: Path, *, format_name: str = "", columns: ColumnMap) -> tuple[Dataset, Job]:
    """The dataset of a file, new or begun, and its job.

    **Errors**: `NotFound` for a missing file, `BadInput` for a format or mapping that does not fit, `Conflict` when
    the file has been imported already.
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    format_name = format_of(path, format_name)
    columns = complete(columns, _columns_of(path, format_name))
    mark = fingerprint(path)
    dataset = Dataset.objects.filter(fingerprint=mark).first()
    if dataset is None:
        dataset = Dataset.objects.create(
            name=path.name[:200],
            path=str(path),
            format=format_name,
            mapping={"columns": columns.columns, "event_name": columns.event_name},
            fingerprint=mark,
            total_records=count_rows(path, format_name),
            source=Source.BATCH_JOB,
        )
    elif dataset.state == DatasetState.COMPLETED:
        raise Conflict(f"{path.name} has been imported already, as dataset {dataset.pk}")
    return dataset, Job(path, format_name, columns)


def run(dataset: Dataset, job: Job, on_progress: Progress = lambda done, total: None) -> Dataset:
    """Import what is left of the dataset; `on_progress(done, total)` is called after each batch.

    **Errors**: `Unavailable` when the database is away; calling again goes on where it stopped.
    """
    rows = READERS[job.format_name](job.path)
    number = dataset.processed
    for _ in islice(rows, number):
        pass
    dataset.state = DatasetState.RUNNING
    dataset.save(update_fields=["state", "updated_at"])
    while batch := list(islice(rows, conf.get().batch_size)):
        _store(dataset, job, batch, number)
        number += len(batch)
        on_progress(dataset.processed, dataset.total_records)
    dataset.state = DatasetState.COMPLETED
    dataset.completed_at = clock.now()
    dataset.save(update_fields=["state", "completed_at", "updated_at"])
    return dataset


def _columns_of(path: Path, format_name: str) -> list[str]:
    """Column names of the first hundred rows."""
    names: dict[str, None] = {}
    for row in islice(READERS[format_name](path), 100):
        if isinstance(row, dict):
            names |= dict.fromkeys(row)
    if not names:
        raise BadInput(f"{path.name} holds no rows that can be read as {format_name}")
    return list(names)


def _store(dataset: Dataset, job: Job, rows: list[RowOrBad], first: int) -> None:
    """One batch and its progress, together or not at all."""
    arrival = Arrival(
        received_at=clock.now(),
        source=Source.BATCH_JOB.value,
        ingest_key=f"import:{dataset.name}"[:100],
        dialect="import",
        is_historical=True,
        retention_days=conf.get().retention_days,
    )
    batch = pipeline.run(arrival, _candidates(dataset, job, arrival, rows, first))
    with transaction.atomic():
        results = commit([batch], limit_lock_wait=False)[0]
        outcomes = [result.outcome for result in results]
        dataset.processed += len(rows)
        dataset.duplicates += outcomes.count(Outcome.DUPLICATE)
        dataset.rejected += outcomes.count(Outcome.REJECTED) + outcomes.count(Outcome.QUARANTINED)
        dataset.save(update_fields=["processed", "duplicates", "rejected", "updated_at"])


def _candidates(
    dataset: Dataset, job: Job, arrival: Arrival, rows: list[RowOrBad], first: int
) -> Iterator[Event | Refusal]:
    file = uuid.uuid5(FILES, dataset.fingerprint)
    for number, row in enumerate(rows, start=first):
        if isinstance(row, BadRow):
            yield _bad(file, number, Reason.MALFORMED_ROW, row.problem, row.text)
            continue
        try:
            yield to_event(row, job.columns, arrival, number, file)
        except Rejected as rejected:
            yield _bad(file, number, rejected.reason, rejected.detail, row)


def _bad(file: uuid.UUID, number: int, reason: Reason, detail: str, row: object) -> Refusal:
    return Refusal(
        uuid=uuid.uuid5(file, str(number)),
        reason=reason,
        detail=f"row {number + 1}: {detail}",
        body=pipeline.to_bytes(row),
        index=number,
    )
