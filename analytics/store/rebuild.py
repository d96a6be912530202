"""Checking the lake against the database, and putting right whatever differs.

The database is the record of the rows that it holds; of archived rows the lake is. A repair notes the rows that
differ as changed (`analytics.store.changes`), so that readers take the database's version from that moment on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.db.models import Exists, Max, OuterRef

from analytics import clock
from analytics.errors import Conflict
from analytics.models import ArchivedEvent, EventChange, UserEvent
from analytics.store import changes, hot, locks
from analytics.store import lake as lakes
from analytics.store.sealing import safe_bound, seal_all
from analytics.store.triggers import unnoted
from analytics.store.upkeep import engine
from eventlake import verify
from eventlake.rewriting import Changes, drop_files, rewrite_each
from eventlake.rollups.build import refresh_rollups
from eventlake.sealing import Position, rebase

if TYPE_CHECKING:
    from eventlake.table import LakeFile

logger = logging.getLogger("analytics.upkeep")

_ROWS = 50_000
_EVENTS = UserEvent._meta.db_table
_SEQUENCE = f"SELECT setval(pg_get_serial_sequence('{_EVENTS}', 'id'), greatest(%s, 1))"


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did.

    `lost_rows` were in files that are gone and are not in the database, as far as numbers of rows tell.
    """

    sealed_rows: int
    repaired_rows: int
    rewritten_days: int
    built_rollups: int
    lost_files: int
    lost_rows: int
    is_rebased: bool


def find_faults() -> Iterator[str]:
    """Whatever is wrong, a sentence each: files, events that are there twice, rollups, rows that differ."""
    lake, now = lakes.lake(), clock.now()
    snapshot = lake.snapshot()
    lakes.check_cluster(snapshot)
    if faults := list(verify.check_files(lake, with_pages=True)):
        yield from map(str, faults)
        return  # without its files nothing else can be read
    yield from verify.check_uuids(lake, engine(), now)
    yield from verify.check_rollups(lake, engine(), now)
    for rows, same in _compare(snapshot.watermark):
        if same.num_rows < rows.num_rows:
            odd = _others(rows, same)
            yield f"{len(odd)} rows of the database differ from the lake or are not in it: ids {odd[:5]} ..."


def rebuild() -> Rebuilt:
    """Make the lake anew from itself and the database: every day rewritten, every difference put right.

    After a restore into another database cluster it also renumbers what the lake compares (see docs/guides/lake.md).
    **Errors**: `Conflict` while another process does upkeep; those of the lake. It can be run again at any time.
    """
    with locks.session("upkeep") as is_ours:
        if not is_ours:
            raise Conflict("upkeep is running; try again when it is through", code="upkeep_running")
        before = lakes.lake().snapshot()
        lost = _drop_lost_files()
        is_rebased = _rebase_if_needed()
        repaired = EventChange.objects.count() if is_rebased else _note_differences()
        changes.merge_changes(engine())
        sealed = seal_all()
        days = {file.day for file in lakes.lake().snapshot().files}
        given = Changes(clock.now(), merges=lakes.merges())
        rewritten = rewrite_each(lakes.lake(), engine(), days, given)
        now = clock.now()
        built = refresh_rollups(lakes.lake(), engine(), closed_before=now.date(), now=now).built
        lost_rows = before.rows + sealed - lakes.lake().snapshot().rows if lost else 0
        if before.version < 0:
            lost_rows = ArchivedEvent.objects.count()
        return Rebuilt(sealed, repaired, rewritten, built, len(lost), max(lost_rows, 0), is_rebased)


def _compare(watermark: int) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Sealed rows of the database in chunks, and those of them that the lake has just so."""
    last_id = 0
    while (rows := hot.sealed_rows(watermark, after_id=last_id, limit=_ROWS)).num_rows:
        ids = verify.find_identical(lakes.lake(), engine(), rows, clock.now())
        yield rows, rows.filter(pc.is_in(rows.column("id"), ids))
        last_id = pc.max(rows.column("id")).as_py()


def _others(rows: pa.Table, same: pa.Table) -> list[int]:
    here = pc.is_in(rows.column("id"), same.column("id").combine_chunks())
    return sorted(rows.filter(pc.invert(here)).column("id").to_pylist())


def _note(ids: list[int]) -> None:
    EventChange.objects.bulk_create([EventChange(event_id=row_id) for row_id in ids], batch_size=5_000)


def _note_differences() -> int:
    total = 0
    for rows, same in _compare(lakes.lake().snapshot().watermark):
        odd = _others(rows, same)
        _note(odd)
        total += len(odd)
    return total


def _drop_lost_files() -> list[LakeFile]:
    lake = lakes.lake()
    lost = [fault.file for fault in verify.check_files(lake, with_pages=True)]
    if lost:
        logger.error("%d files of the lake are lost or damaged; their rows come from the database", len(lost))
        drop_files(lake, lost)
    return lost


def _rebase_if_needed() -> bool:
    """After a restore elsewhere: every row that is here now counts as sealed, and what the lake lacks as changed.

    The rows are committed before the lake moves: a stop in between leaves the mismatch, which says to run it again.
    """
    lake = lakes.lake()
    snapshot = lake.snapshot()
    if snapshot.cluster is None or snapshot.cluster == lakes.cluster():
        return False
    with unnoted():
        locks.hold("seal")
        _lock_events()
        _renumber_clashes()
        bound = safe_bound()
        if connection.vendor == "postgresql":
            UserEvent.objects.update(insert_xid=0)
        else:
            bound = (UserEvent.objects.aggregate(last=Max("id"))["last"] or 0) + 1
        # What is noted of rows that are gone stays: only the notes know that the lake's copies must go.
        there = UserEvent.objects.filter(pk=OuterRef("event_id"))
        EventChange.objects.filter(Exists(there)).delete()
        for rows, same in _compare(bound):
            _note(_others(rows, same))
    rebase(lake, Position(snapshot.watermark, snapshot.cluster), Position(bound, lakes.cluster()))
    return True


def _lock_events() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {_EVENTS} IN EXCLUSIVE MODE")


def _renumber_clashes() -> None:
    """Events stored since the restore can have ids that the lake knows for others: they get new ones."""
    highest = [file.highest_id or 0 for file in lakes.lake().snapshot().files]
    last = max([UserEvent.objects.aggregate(last=Max("id"))["last"] or 0, *highest])
    clashing: list[int] = []
    after = 0
    while chunk := list(
        UserEvent.objects.filter(id__gt=after).order_by("id").values_list("id", "uuid")[:_ROWS]
    ):
        ids, uuids = zip(*chunk, strict=True)
        table = pa.table({"id": pa.array(ids, pa.int64()), "uuid": [str(value) for value in uuids]})
        clashing += verify.find_clashes(lakes.lake(), engine(), table, clock.now()).to_pylist()
        after = ids[-1]
    for row_id in sorted(clashing):
        last += 1
        UserEvent.objects.filter(id=row_id).update(id=last)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_SEQUENCE, [last])
        else:
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last, _EVENTS])
