"""Imports that a worker does: one at a time a dataset, in turns of some minutes, going on where the last one stopped.

A turn that is killed costs at most a batch, which is rolled back whole. Uploaded files go once they are imported.
"""

from __future__ import annotations

import csv
import logging
import shutil
import time
import zlib
from pathlib import Path

from analytics import conf
from analytics.errors import BadInput
from analytics.ingestion.imports import importer
from analytics.ingestion.imports.importer import Job, Progress
from analytics.ingestion.imports.mapping import ColumnMap
from analytics.models import Dataset
from analytics.models.choices import DatasetState
from analytics.store import locks

logger = logging.getLogger("analytics.ingestion")

#: A turn ends well before the time limit of tasks (240 s).
TURN_S = 150.0

_WAITING = (DatasetState.PENDING, DatasetState.RUNNING)
_UNREADABLE = (BadInput, OSError, ValueError, EOFError, zlib.error, csv.Error)


class _TurnOver(Exception):
    """The turn's time is over; what is left is for the next one."""


def import_for_a_turn(number: int, on_progress: Progress = lambda done, total: None) -> Dataset | None:
    """Import what is left of a dataset, for one turn; `state` says whether it is done.

    None for a dataset that is gone, or that another process is importing. A file that cannot be read fails the dataset,
    with the reason in `error`. **Errors**: those of the database; the next turn goes on where it stopped.
    """
    with locks.session(f"dataset {number}") as is_ours:
        dataset = Dataset.objects.filter(pk=number).first() if is_ours else None
        if dataset is None or dataset.state not in _WAITING:
            return dataset
        ends_s = time.monotonic() + TURN_S

        def note(done: int, total: int) -> None:
            on_progress(done, total)
            if time.monotonic() > ends_s and done < total:
                raise _TurnOver

        try:
            importer.run(dataset, _job_of(dataset), note)
        except _TurnOver:
            return dataset
        except _UNREADABLE as error:
            logger.info("dataset %s cannot be imported: %s", number, error)
            dataset.state, dataset.error = DatasetState.FAILED, str(error)[:1000]
            dataset.save(update_fields=["state", "error", "updated_at"])
            return dataset
        _remove_upload(Path(dataset.path))
        return dataset


def waiting_datasets() -> list[int]:
    """Datasets under the import folder that are not done: a lost wake-up costs the time to the next look."""
    folder = conf.get().import_dir
    if not folder:
        return []
    found = Dataset.objects.filter(state__in=_WAITING, path__startswith=str(Path(folder).resolve()))
    return list(found.order_by("pk").values_list("pk", flat=True))


def _job_of(dataset: Dataset) -> Job:
    columns = ColumnMap(dict(dataset.mapping["columns"]), dataset.mapping["event_name"])
    path = Path(dataset.path)
    if not path.is_file():
        raise BadInput(f"the file {path.name} is gone; send it again")
    return Job(path, dataset.format, columns)


def _remove_upload(path: Path) -> None:
    """The file of an upload lies alone in a folder of its own; files that people put there themselves stay."""
    uploads = Path(conf.get().import_dir).resolve() / "uploads"
    if conf.get().import_dir and uploads in path.resolve().parents and path.parent.parent == uploads:
        shutil.rmtree(path.parent, ignore_errors=True)
