"""What a backup holds: every file with its checksum, every table with its rows. Written last, checked first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from analytics.errors import BadInput

NAME = "manifest.json"

#: The format of the folder; raised when an older `restore` could not read it.
FORMAT = 1

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True)
class StoredFile:
    """A file of the backup: its path in the folder, its size and its SHA-256."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Table:
    """A table as it was dumped. `checksum` does not depend on the order of rows; empty where none was taken."""

    name: str
    rows: int
    checksum: str = ""


@dataclass(frozen=True)
class Manifest:
    """A backup. `lake_read_at` is when the lake's version was chosen, before the database's moment."""

    format: int
    made_at: datetime
    analytics_version: str
    vendor: str
    lake_version: int
    lake_rows: int
    lake_read_at: datetime
    tables: tuple[Table, ...]
    files: tuple[StoredFile, ...]

    def rows_of(self, table: str) -> int:
        """Rows of a table; 0 for one that was not there."""
        return next((entry.rows for entry in self.tables if entry.name == table), 0)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it beside the files."""
    text = json.dumps(asdict(manifest), default=datetime.isoformat, indent=1)
    (folder / NAME).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. **Errors**: `BadInput` for a folder that is none, or of a newer format."""
    try:
        given = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if given["format"] > FORMAT:
            raise BadInput(
                f"{folder} was made by a newer version ({given['analytics_version']}): upgrade first"
            )
        return Manifest(
            **{
                **given,
                "made_at": datetime.fromisoformat(given["made_at"]),
                "lake_read_at": datetime.fromisoformat(given["lake_read_at"]),
                "tables": tuple(Table(**entry) for entry in given["tables"]),
                "files": tuple(StoredFile(**entry) for entry in given["files"]),
            }
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{folder} is no complete backup: its {NAME} cannot be read", code="no_backup"
        ) from error


def describe(folder: Path) -> Iterator[StoredFile]:
    """Every file of the folder but the manifest."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME):
        yield StoredFile(str(path.relative_to(folder)), path.stat().st_size, _digest(path))


def check_files(folder: Path, manifest: Manifest) -> None:
    """**Errors**: `BadInput` naming what is missing, changed, or not of the backup."""
    here = {file.path: file for file in describe(folder)}
    told = {file.path: file for file in manifest.files}
    odd = sorted({*here, *told} - {path for path in here if here[path] == told.get(path)})
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        raise BadInput(f"{folder} is damaged: {', '.join(odd[:3])}{more}", code="damaged_backup")


def _digest(path: Path) -> str:
    made = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            made.update(chunk)
    return made.hexdigest()
