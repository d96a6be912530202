"""Files of events to import: taken on here, imported by the worker, and asked how far they are."""

from __future__ import annotations

import csv
import logging
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import IntegrityError

from analytics import queueing
from analytics.errors import BadInput, NotFound
from analytics.ingestion.imports import importer
from analytics.ingestion.imports.mapping import TARGETS, ColumnMap
from analytics.models import Dataset
from analytics.models.choices import DatasetState

logger = logging.getLogger("analytics.reports")

#: What readers raise of bytes that are not what they claim to be; Arrow's errors are `ValueError` and `OSError`.
_UNREADABLE = (OSError, ValueError, EOFError, zlib.error, csv.Error)

TASK = "analytics.tasks.process_large_dataset"


def take_on(path: Path, *, format_name: str, mapping: Mapping[str, str], event_name: str) -> Dataset:
    """The dataset of a file, which a worker will import. The same rows again are the same dataset.

    A failed one is tried again, from where it stopped.
    **Errors**: `NotFound`, `BadInput`, `Conflict` for a file that was imported already.
    """
    unknown = set(mapping) - set(TARGETS)
    if unknown:
        raise BadInput(
            f"mapping: no target {sorted(unknown)[0]!r}; targets are {', '.join(TARGETS)}", code="bad_mapping"
        )
    dataset, job = _prepare(path, format_name, ColumnMap(dict(mapping), event_name))
    known = Path(dataset.path)
    if known != path and not known.is_file():
        dataset.path = str(path)
    if dataset.state == DatasetState.FAILED:
        dataset.state, dataset.error = DatasetState.PENDING, ""
    dataset.save(update_fields=["path", "state", "error", "updated_at"])
    logger.info("dataset %s: %d rows of %s", dataset.pk, dataset.total_records, job.format_name)
    queueing.wake(TASK, dataset_id=dataset.pk)
    return dataset


def _prepare(path: Path, format_name: str, columns: ColumnMap) -> tuple[Dataset, importer.Job]:
    try:
        try:
            return importer.prepare(path, format_name=format_name, columns=columns)
        except IntegrityError:  # somebody has just sent the same rows
            return importer.prepare(path, format_name=format_name, columns=columns)
    except _UNREADABLE as error:
        logger.info("a file to import cannot be read: %s", error)
        raise BadInput(f"{path.name} cannot be read as what it claims to be", code="bad_file") from error


def progress(number: int) -> dict[str, Any]:
    """How far an import is. **Errors**: `NotFound`."""
    dataset = Dataset.objects.filter(pk=number).first()
    if dataset is None:
        raise NotFound(f"there is no dataset {number}")
    return {
        "state": dataset.state,
        "processed": dataset.processed,
        "total": dataset.total_records,
        "rejected": dataset.rejected,
        "duplicates": dataset.duplicates,
        "error": dataset.error,
    }
