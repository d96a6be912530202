"""Who became whom: the merges that a file was written with, so that reading it needs only those that came since.

A rewritten file holds for each row the person that its person was by then (`merged_person_id`), and is named after
the merges of then: `<uuid>-<digest>.parquet`. They are kept beside the table, in `_merges/<digest>.parquet`. Whoever
reads the file joins the merges that have come since, mostly none, instead of all. Where a merge of then no longer
holds, because it was undone, the file is read by the persons at ingestion and all merges of now.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from eventlake.storage import make_folder

FOLDER = "_merges"

#: Columns person_id, root_id: the person that each merged person is. No root_id is a person_id.
SCHEMA = pa.schema([pa.field("person_id", pa.int64(), False), pa.field("root_id", pa.int64(), False)])

_DIGEST_BYTES = 8
_NAMED = re.compile(rf"-([0-9a-f]{{{2 * _DIGEST_BYTES}}})\.parquet$")


def digest_of(merges: pa.Table) -> str:
    """The name of these merges: the same for the same ones, in any order."""
    ids, roots = _sorted(merges)
    return hashlib.blake2b(ids.tobytes() + roots.tobytes(), digest_size=_DIGEST_BYTES).hexdigest()


def base_of(path: str) -> str | None:
    """The digest of the merges that a data file was written with; None for one that was sealed and never rewritten."""
    found = _NAMED.search(path)
    # The last group of a plain UUID has 12 digits, so that it is never taken for a digest.
    return found[1] if found else None


class Bases:
    """The merges that the files of a snapshot were written with, by digest, and how they stand to those of now.

    What was worked out for the merges of now is kept until others are asked about: a question costs one digest.
    """

    def __init__(self, tables: Mapping[str, pa.Table] | None = None) -> None:
        self._tables = dict(tables or {})
        self._holding: dict[str, frozenset[str]] = {}
        self._since: dict[tuple[str, frozenset[str]], pa.Table] = {}

    @property
    def digests(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self._tables)

    def holding(self, merges: pa.Table) -> frozenset[str]:
        """Digests of those by which nobody is one person who is not one person by `merges`, too."""
        now = digest_of(merges)
        if (known := self._holding.get(now)) is None:
            known = frozenset(
                digest for digest, base in self._tables.items() if digest == now or _holds(base, merges)
            )
            self._holding = {now: known}
        return known

    def since(self, digests: frozenset[str], merges: pa.Table) -> pa.Table:
        """Those of `merges` that one of these, all holding, lacks."""
        key = (digest_of(merges), digests)
        if (known := self._since.get(key)) is None:
            ids = merges.column("person_id").to_numpy()
            new = np.zeros(len(ids), np.bool_)
            for digest in digests - {key[0]}:
                new |= ~np.isin(ids, self._tables[digest].column("person_id").to_numpy())
            known = merges.filter(pa.array(new))
            self._since = {
                **{other: table for other, table in self._since.items() if other[0] == key[0]},
                key: known,
            }
        return known


class MergesFolder:
    """The kept merges of one lake. Keep it: what has been read is not read again."""

    def __init__(self, filesystem: pafs.SubTreeFileSystem) -> None:
        self._filesystem = filesystem
        self._known: dict[str, pa.Table] = {}

    def add(self, merges: pa.Table) -> str:
        """Keep these merges; the path of their file below the table's root."""
        path = _path(digest_of(merges))
        if self._filesystem.get_file_info(path).type != pafs.FileType.File:
            make_folder(self._filesystem, FOLDER)
            pq.write_table(merges.cast(SCHEMA), path, filesystem=self._filesystem, compression="zstd")
        return path

    def find(self, digests: Iterable[str]) -> dict[str, pa.Table]:
        """Merges by digest; without those that are gone or torn, whose files are then read by all merges of now."""
        found = {}
        for digest in digests:
            table = self._known[digest] if digest in self._known else self._load(digest)
            if table is not None:
                found[digest] = table
        self._known = found
        return found

    def sweep(self, used: Iterable[str], before_s: float) -> int:
        """Delete merges that no file is named after and that were kept before a time (s since 1970); how many."""
        kept = {_path(digest) for digest in used}
        selector = pafs.FileSelector(FOLDER, allow_not_found=True)
        gone = [
            info.path
            for info in self._filesystem.get_file_info(selector)
            if info.path not in kept and info.mtime.timestamp() < before_s
        ]
        for path in gone:
            self._filesystem.delete_file(path)
        return len(gone)

    def _load(self, digest: str) -> pa.Table | None:
        try:
            merges = pq.read_table(_path(digest), filesystem=self._filesystem).cast(SCHEMA)
        except (OSError, ValueError, pa.ArrowException):
            return None
        return merges if digest_of(merges) == digest else None


def _path(digest: str) -> str:
    return f"{FOLDER}/{digest}.parquet"


def _sorted(merges: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    ids, roots = (merges.column(name).to_numpy() for name in SCHEMA.names)
    if np.all(ids[1:] > ids[:-1]):
        return ids, roots
    order = np.argsort(ids)
    return ids[order], roots[order]


def _holds(base: pa.Table, merges: pa.Table) -> bool:
    ids, roots = _sorted(base)
    known = _sorted(merges)
    return bool(np.array_equal(_resolve(ids, *known), _resolve(roots, *known)))


def _resolve(
    nodes: npt.NDArray[np.int64], ids: npt.NDArray[np.int64], roots: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Who these nodes are, by merges whose ids ascend."""
    if not len(ids):
        return nodes
    places = np.minimum(np.searchsorted(ids, nodes), len(ids) - 1)
    return np.where(ids[places] == nodes, roots[places], nodes)
