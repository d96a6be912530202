"""The lake's part of a backup: the files of one version, its merges, and the log up to it. Rollups are made anew."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.errors import Unavailable
from analytics.store import lake as lakes

if TYPE_CHECKING:
    import pyarrow.fs as pafs

    from eventlake.table import LakeSnapshot

FOLDER = "lake"

_LOG = "_delta_log"
_VERSION = re.compile(r"^(\d{20})\.")
_CHUNK_BYTES = 8 * 1024 * 1024


def copy_log(folder: Path, snapshot: LakeSnapshot) -> None:
    """Copy the log up to the snapshot's version; quickly, for the lake cleans up behind itself.

    **Errors**: `FileNotFoundError` where it just did: take a newer snapshot.
    """
    import pyarrow.fs as pafs

    files = lakes.lake().filesystem
    for info in files.get_file_info(pafs.FileSelector(_LOG)):
        number = _VERSION.match(info.base_name)
        if number and int(number[1]) <= snapshot.version:
            _copy(files, info.path, folder / FOLDER / info.path)


def copy_data(folder: Path, snapshot: LakeSnapshot) -> None:
    """Copy data files and merges, and see that the copy opens as the same version. **Errors**: as `copy_log`."""
    from eventlake.table import Lake

    files = lakes.lake().filesystem
    merges = {f"_merges/{file.base}.parquet" for file in snapshot.files if file.base is not None}
    for path in (*(file.path for file in snapshot.files), *sorted(merges)):
        if (folder / FOLDER / path).exists():
            continue
        _copy(files, path, folder / FOLDER / path)
    copied = Lake(folder / FOLDER).snapshot()
    if (copied.version, copied.files) != (snapshot.version, snapshot.files):
        raise Unavailable("the copy of the lake is not as the lake was; try again", code="lake_changed")


def put_back(folder: Path) -> None:
    """Put the copy in the place of the lake. A lake on disk changes hands by one rename."""
    lake, source = lakes.lake(), folder / FOLDER
    if lake.local_root is None:
        _put_into_store(lake.filesystem, source)
    else:
        root = lake.local_root
        coming, going = root.with_name(f".{root.name}.coming"), root.with_name(f".{root.name}.going")
        for leftover in (coming, going):
            shutil.rmtree(leftover, ignore_errors=True)
        coming.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, coming)
        else:
            coming.mkdir()
        if root.exists():
            root.rename(going)
        coming.rename(root)
        shutil.rmtree(going, ignore_errors=True)
    lakes.forget()


def _put_into_store(files: pafs.SubTreeFileSystem, source: Path) -> None:
    """The log last, so that a stop in the middle leaves no lake that lacks files."""
    files.delete_dir_contents("", missing_dir_ok=True)
    paths = [path for path in sorted(source.rglob("*")) if path.is_file()]
    for path in sorted(paths, key=lambda path: (_LOG in path.parts, path)):
        with path.open("rb") as file, files.open_output_stream(str(path.relative_to(source))) as out:
            shutil.copyfileobj(file, out, _CHUNK_BYTES)


def _copy(files: pafs.SubTreeFileSystem, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.open_input_stream(path) as file, target.open("wb") as out:
        shutil.copyfileobj(file, out, _CHUNK_BYTES)
