"""What an analysis reads: one snapshot of the lake, the rows above it, and who became whom.

The caller takes all parts at one moment and in one order (snapshot first, then the rows at or above its
watermark), which makes every answer fresh and counts nothing twice. Nothing here reads a database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pyarrow as pa

from eventlake.schema import empty
from eventlake.table import LakeSnapshot

MERGES_SCHEMA = pa.schema([pa.field("person_id", pa.int64(), False), pa.field("root_id", pa.int64(), False)])
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
    """

    snapshot: LakeSnapshot
    hot: pa.Table
    fresh_to: dt.datetime
    merges: pa.Table = field(default_factory=MERGES_SCHEMA.empty_table)
    superseded: pa.Table = field(default_factory=SUPERSEDED_SCHEMA.empty_table)

    @classmethod
    def sealed_only(cls, snapshot: LakeSnapshot, fresh_to: dt.datetime) -> Source:
        """A source of files alone, for a lake that stands without its database."""
        return cls(snapshot, empty(), fresh_to)
