"""Sealing: committed rows become files of the lake, exactly once.

A sealing is one Delta commit that adds the files and moves the watermark together. The watermark is an
application transaction of that commit, so a second commit that moves it from the same place fails inside
the Delta log, whoever makes it. Where the rows come from, and which are safe to take, is the caller's
business; so is deleting them, which is allowed once `seal` has returned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction

from eventlake import durability
from eventlake.datafiles import write_day_files
from eventlake.errors import ClusterMismatchError, SchemaError, StaleWatermarkError, TableError
from eventlake.schema import PARTITION, conform
from eventlake.table import CHECKPOINT_EVERY, CLUSTER, WATERMARK, Lake, list_files, read_position

#: Rows that a streamed sealing holds in memory before it writes files: about 250 MB at 500 bytes a row.
CHUNK_ROWS = 500_000

#: Times that a commit is tried when something other than a sealing (a compaction, say) came first.
COMMIT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a sealing did. `rows` 0 means that nothing was written and the watermark stayed."""

    version: int
    watermark: int
    rows: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the history of a database: a watermark, and the cluster whose transactions it counts."""

    watermark: int
    cluster: int


def seal(
    lake: Lake,
    rows: pa.Table | Iterable[pa.RecordBatch],
    *,
    watermark_from: int,
    watermark_to: int,
    cluster: int,
) -> Sealed:
    """Add rows with `watermark_from <= insert_xid < watermark_to` and move the watermark to `watermark_to`.

    All or nothing: readers see every row and the new watermark, or neither. On a local disk everything has
    been fsynced when this returns. No rows: nothing is written, because a watermark that moves past nothing
    would only make a new version and so cost every cached answer.

    Errors: StaleWatermarkError when the lake does not stand at `watermark_from` (somebody sealed meanwhile,
    or this very range is sealed already); ClusterMismatchError when the lake counts another cluster's
    transactions; SchemaError for rows that do not fit or lie outside the range. The lake is then unchanged.
    """
    lake.create()
    before = lake.open_table()
    start = Position(watermark_from, cluster)
    _check_stands(before, start)
    actions: list[AddAction] = []
    count = 0
    for chunk in map(conform, _chunks(rows)):
        _check_range(chunk, watermark_from, watermark_to)
        actions += write_day_files(chunk, lake.filesystem)
        count += chunk.num_rows
    if not actions:
        return Sealed(before.version(), watermark_from, 0, 0)
    if lake.local_root is not None:
        durability.sync_files(lake.local_root, [lake.local_root / action.path for action in actions])
    version = _commit(lake, actions, start, Position(watermark_to, cluster))
    return Sealed(version, watermark_to, count, sum(action.size for action in actions))


def rebase(lake: Lake, start: Position, end: Position) -> int:
    """Say that the lake's rows now stand below another watermark, of another cluster; the new version.

    For a dump that was restored elsewhere, once the caller has renumbered the rows that the lake holds
    already. Errors: StaleWatermarkError or ClusterMismatchError when the lake does not stand at `start`.
    """
    lake.create()
    return _commit(lake, [], start, end)


def cluster_number(identity: int | str) -> int:
    """The 63-bit number by which the Delta log knows a database cluster, whatever identifies it.

    A number that fits (PostgreSQL's system identifier) stays itself; anything else is hashed.
    """
    if isinstance(identity, int) and 0 <= identity < 2**63:
        return identity
    return int.from_bytes(hashlib.blake2b(str(identity).encode(), digest_size=8).digest()) >> 1


def _chunks(rows: pa.Table | Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    if isinstance(rows, pa.Table):
        if rows.num_rows:
            yield rows
        return
    held: list[pa.RecordBatch] = []
    for batch in rows:
        held.append(batch)
        if sum(part.num_rows for part in held) >= CHUNK_ROWS:
            yield pa.Table.from_batches(held)
            held = []
    if any(part.num_rows for part in held):
        yield pa.Table.from_batches(held)


def _check_stands(table: DeltaTable, start: Position) -> None:
    watermark, cluster = read_position(table)
    if cluster is not None and cluster != start.cluster:
        raise ClusterMismatchError(start.cluster, cluster)
    if watermark != start.watermark:
        raise StaleWatermarkError(start.watermark, watermark)


def _check_range(rows: pa.Table, watermark_from: int, watermark_to: int) -> None:
    bounds = pc.min_max(rows.column("insert_xid")).as_py()
    if bounds["min"] is not None and (bounds["min"] < watermark_from or bounds["max"] >= watermark_to):
        found = f"{bounds['min']} to {bounds['max']}"
        raise SchemaError(f"rows of transactions {found} lie outside [{watermark_from}, {watermark_to})")


def _commit(lake: Lake, actions: list[AddAction], start: Position, end: Position) -> int:
    for _ in range(COMMIT_TRIES):
        # The place is checked on the very handle that commits: a sealing that was committed before the handle
        # was opened is seen here, and a later one makes the commit fail on the application transaction.
        table = lake.open_table()
        if _is_committed(table, actions):
            return settle(lake, table)
        _check_stands(table, start)
        with suppress(CommitFailedError):
            _write_transaction(table, actions, end)
            return settle(lake, table)
    raise TableError(f"{lake.uri} is too busy: {COMMIT_TRIES} commits in a row were overtaken")


def _write_transaction(table: DeltaTable, actions: list[AddAction], end: Position) -> None:
    table.create_write_transaction(
        list(actions),
        mode="append",
        schema=table.schema(),
        partition_by=[PARTITION],
        commit_properties=CommitProperties(
            app_transactions=[Transaction(WATERMARK, end.watermark), Transaction(CLUSTER, end.cluster)]
        ),
        # Checkpoints are made below, where they can be fsynced before older commits are cleaned away.
        post_commithook_properties=PostCommitHookProperties(
            create_checkpoint=False, cleanup_expired_logs=False
        ),
    )


def _is_committed(table: DeltaTable, actions: list[AddAction]) -> bool:
    """A commit can succeed and its answer be lost: then our files are in the table."""
    ours = {action.path for action in actions}
    return any(file.path in ours for file in list_files(table))


def settle(lake: Lake, table: DeltaTable) -> int:
    """Make what a handle has just committed last, and checkpoint the log now and then; the version."""
    seen = table.version()
    table.update_incremental()
    version = table.version()
    root = lake.local_root
    if root is not None:
        durability.sync_commits(root, seen, version)
    if version % CHECKPOINT_EVERY == 0:
        table.create_checkpoint()
        if root is not None:
            durability.sync_checkpoint(root, version)
        table.cleanup_metadata()
    return version
