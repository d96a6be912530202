"""Segments: the rollups of a set of sealed files, found again by what they say of themselves.

A segment is named by a hash of its definition, zone and source files. Its rollups lie in a folder of that name, and
the manifest beside it, `<name>.json`, is written last: without a whole one there is no segment. They live below the
table's root in `_rollups`, a name that readers of Delta tables pass over.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow.fs as pafs

from eventlake.merges import base_of
from eventlake.rollups.kinds import DEFINITION, KINDS
from eventlake.storage import make_folder

FOLDER = "_rollups"
_MANIFEST = ".json"


@dataclass(frozen=True, slots=True)
class Segment:
    """Rollups of some files. `first_day` and `last_day` are UTC days of the sources, both included.

    `rows`: events in the sources. `kind_rows`: rows of each kind of rollup.
    """

    name: str
    zone: str
    sources: tuple[str, ...]
    first_day: dt.date
    last_day: dt.date
    rows: int
    kind_rows: dict[str, int]

    @property
    def bases(self) -> frozenset[str | None]:
        """Digests of the merges that the sources were written with; None for sources that were never rewritten."""
        return frozenset(map(base_of, self.sources))

    def path(self, kind: str) -> str:
        """The file of a kind, below the table's root."""
        return f"{FOLDER}/{self.name}/{kind}.parquet"


def segment_name(zone: str, sources: Iterable[str]) -> str:
    """The folder of the rollups of these files: the same for the same content, whoever makes it."""
    text = "\n".join((DEFINITION, zone, *sorted(sources)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class SegmentFolder:
    """The segments of one lake in one zone. Keep it: a manifest that has been read is not read again."""

    def __init__(self, filesystem: pafs.SubTreeFileSystem, zone: str) -> None:
        self._filesystem = filesystem
        self._zone = zone
        self._known: dict[str, Segment] = {}

    def find(self, paths: Iterable[str]) -> tuple[Segment, ...]:
        """Segments whose sources are all among `paths` and that do not overlap, by first day.

        Where two overlap the one of more events wins.
        """
        found = (
            (name, self._known.get(name) or self._load(name)) for name in self._names(pafs.FileType.File)
        )
        self._known = {name: segment for name, segment in found if segment is not None}
        return choose(self._known.values(), frozenset(paths))

    def add(self, segment: Segment) -> None:
        """Make a segment known whose files have been written."""
        with self._filesystem.open_output_stream(_manifest(segment.name)) as file:
            file.write(write_manifest(segment))

    def retire(self, used: Iterable[Segment]) -> int:
        """Take all other segments out of use, of any zone and definition; returns how many.

        Their files stay for those who are just reading them, until `sweep`.
        """
        kept = {segment.name for segment in used}
        retired = [name for name in self._names(pafs.FileType.File) if name not in kept]
        for name in retired:
            self._mark(name)
            self._filesystem.delete_file(_manifest(name))
        return len(retired)

    def sweep(self, before: dt.datetime) -> int:
        """Delete folders that were found out of use before an instant; returns how many.

        A folder without a manifest can also be one that is being written or whose writer died, so it is marked at
        first sight and goes when it is still without one later.
        """
        live = set(self._names(pafs.FileType.File))
        swept = 0
        for name in self._names(pafs.FileType.Directory):
            mark = self._filesystem.get_file_info(_mark(name))
            if name in live:
                continue
            if mark.type == pafs.FileType.NotFound:
                self._mark(name)
            elif mark.mtime < before:
                self._filesystem.delete_dir(f"{FOLDER}/{name}")
                swept += 1
        return swept

    def _names(self, kind: pafs.FileType) -> list[str]:
        selector = pafs.FileSelector(FOLDER, allow_not_found=True)
        found = (info for info in self._filesystem.get_file_info(selector) if info.type == kind)
        return sorted(info.base_name.removesuffix(_MANIFEST) for info in found)

    def _mark(self, name: str) -> None:
        make_folder(self._filesystem, f"{FOLDER}/{name}")
        with self._filesystem.open_output_stream(_mark(name)) as file:
            file.write(b"")

    def _load(self, name: str) -> Segment | None:
        """None for a manifest that is torn, or of another definition or zone."""
        try:
            with self._filesystem.open_input_file(_manifest(name)) as file:
                segment = read_manifest(name, file.read())
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if segment.zone != self._zone or segment_name(segment.zone, segment.sources) != name:
            return None
        return segment


def _manifest(name: str) -> str:
    return f"{FOLDER}/{name}{_MANIFEST}"


def _mark(name: str) -> str:
    return f"{FOLDER}/{name}/retired"


def choose(segments: Iterable[Segment], paths: frozenset[str]) -> tuple[Segment, ...]:
    """Segments made of `paths` alone, none overlapping another, the larger ones first; by first day."""
    chosen: list[Segment] = []
    covered: set[str] = set()
    usable = (segment for segment in segments if paths.issuperset(segment.sources))
    for segment in sorted(usable, key=lambda segment: (-segment.rows, segment.name)):
        if covered.isdisjoint(segment.sources):
            chosen.append(segment)
            covered.update(segment.sources)
    return tuple(sorted(chosen, key=lambda segment: (segment.first_day, segment.name)))


def write_manifest(segment: Segment) -> bytes:
    """What a manifest says."""
    said: dict[str, Any] = asdict(segment)
    said.update(first_day=segment.first_day.isoformat(), last_day=segment.last_day.isoformat())
    return json.dumps({"definition": DEFINITION, **said}, indent=1).encode()


def read_manifest(name: str, content: bytes) -> Segment:
    """The segment of a manifest. Errors: ValueError, KeyError or TypeError for a torn one."""
    said = json.loads(content)
    return Segment(
        name=name,
        zone=said["zone"],
        sources=tuple(said["sources"]),
        first_day=dt.date.fromisoformat(said["first_day"]),
        last_day=dt.date.fromisoformat(said["last_day"]),
        rows=int(said["rows"]),
        kind_rows={kind.name: int(said["kind_rows"][kind.name]) for kind in KINDS},
    )


def covered_paths(segments: Sequence[Segment]) -> frozenset[str]:
    """The files that these segments stand for."""
    return frozenset(path for segment in segments for path in segment.sources)
