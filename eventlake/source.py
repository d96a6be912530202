"""What an analysis reads: one snapshot of the lake, the rows above it, and who became whom.

The caller takes all parts at one moment and in one order (snapshot first, then the rows at or above its
watermark), which makes every answer fresh and counts nothing twice. Nothing here reads a database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from eventlake.merges import SCHEMA as MERGES_SCHEMA
from eventlake.rollups.segments import Segment
from eventlake.schema import empty
from eventlake.table import LakeFile, LakeSnapshot

MEMBERS_SCHEMA = pa.schema([pa.field("member_id", pa.int64(), False)])
PERSONS_SCHEMA = pa.schema([pa.field("root_id", pa.int64(), False), pa.field("properties", pa.string())])
SUPERSEDED_SCHEMA = pa.schema([pa.field("id", pa.int64(), False)])


@dataclass(frozen=True)
class Source:
    """Events at one moment: sealed files plus hot rows.

    `hot`: rows that the files do not hold, with the lake's columns: those with `insert_xid` at or above
    `snapshot.watermark`, and the database's version of every row named in `superseded`.
    `merges`: columns person_id, root_id; the person that each merged person is now. Roots that were merged
    again must be resolved by the caller: one step is followed, not two.
    `fresh_to`: every event stored before this instant is counted.
    `superseded`: column id; sealed rows that changed after their sealing, whose copy in the files is skipped.
    `persons`: columns root_id, properties (JSON); persons of today that have a property which the question asks for.
    `cohorts`: column member_id by cohort; the persons of each cohort that the question names.
    `has_persons_as_written`: sealed rows count for whom they were rewritten for, whatever `merges` says.
    """

    snapshot: LakeSnapshot
    hot: pa.Table
    fresh_to: dt.datetime
    merges: pa.Table = field(default_factory=MERGES_SCHEMA.empty_table)
    superseded: pa.Table = field(default_factory=SUPERSEDED_SCHEMA.empty_table)
    persons: pa.Table = field(default_factory=PERSONS_SCHEMA.empty_table)
    cohorts: Mapping[int, pa.Table] = field(default_factory=dict)
    has_persons_as_written: bool = False

    @cached_property
    def holding_bases(self) -> frozenset[str]:
        """Digests of the merges with which files were written and that still hold."""
        bases = self.snapshot.bases
        return bases.digests if self.has_persons_as_written else bases.holding(self.merges)

    def has_resolved(self, file: LakeFile) -> bool:
        """Whether the persons of a file can be taken from `merged_person_id`."""
        return file.base in self.holding_bases

    def moved(self, bases: Collection[str | None]) -> pa.Table:
        """Merges (as `merges`) that rows written with one of these bases lack; None is a base without any."""
        digests = frozenset(base for base in bases if base is not None)
        return self.merges if None in bases else self.snapshot.bases.since(digests, self.merges)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Rollups that hold for this source: those of files in which no row has changed since, nor an old merge."""
        usable = self.holding_bases | {None}
        segments = tuple(segment for segment in self.snapshot.segments if segment.bases <= usable)
        if not segments or not self.superseded.num_rows:
            return segments
        changed = np.sort(self.superseded.column("id").to_numpy())
        touched = {file.path for file in self.snapshot.files if file.may_hold(changed)}
        return tuple(segment for segment in segments if touched.isdisjoint(segment.sources))

    @classmethod
    def sealed_only(cls, snapshot: LakeSnapshot, fresh_to: dt.datetime) -> Source:
        """A source of files alone, each row under its person at ingestion."""
        return cls(snapshot, empty(), fresh_to)

    @classmethod
    def as_written(cls, snapshot: LakeSnapshot, fresh_to: dt.datetime) -> Source:
        """The same, each row under the person that the file holds it for: what rollups count."""
        return cls(snapshot, empty(), fresh_to, has_persons_as_written=True)
