"""What an analysis reads: one snapshot of the lake, the rows above it, and who became whom.

The caller takes all parts at one moment and in one order (snapshot first, then the rows at or above its
watermark), which makes every answer fresh and counts nothing twice. Nothing here reads a database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventlake.rollups.segments import Segment
from eventlake.schema import empty
from eventlake.table import LakeSnapshot

MERGES_SCHEMA = pa.schema([pa.field("person_id", pa.int64(), False), pa.field("root_id", pa.int64(), False)])
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
    """

    snapshot: LakeSnapshot
    hot: pa.Table
    fresh_to: dt.datetime
    merges: pa.Table = field(default_factory=MERGES_SCHEMA.empty_table)
    superseded: pa.Table = field(default_factory=SUPERSEDED_SCHEMA.empty_table)
    persons: pa.Table = field(default_factory=PERSONS_SCHEMA.empty_table)
    cohorts: Mapping[int, pa.Table] = field(default_factory=dict)

    @cached_property
    def merged_persons(self) -> pa.Table:
        """Column person_id: everybody who takes part in a merge, on either side."""
        both = [self.merges.column(name) for name in ("person_id", "root_id")]
        ids = pa.chunked_array([chunk for column in both for chunk in column.chunks], pa.int64())
        return pa.table({"person_id": pc.unique(ids)})

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Rollups that hold for this source: those of files in which no row has changed since."""
        segments = self.snapshot.segments
        if not segments or not self.superseded.num_rows:
            return segments
        changed = np.sort(self.superseded.column("id").to_numpy())
        touched = {file.path for file in self.snapshot.files if file.may_hold(changed)}
        return tuple(segment for segment in segments if touched.isdisjoint(segment.sources))

    @classmethod
    def sealed_only(cls, snapshot: LakeSnapshot, fresh_to: dt.datetime) -> Source:
        """A source of files alone, for a lake that stands without its database."""
        return cls(snapshot, empty(), fresh_to)
