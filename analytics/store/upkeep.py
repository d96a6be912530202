"""Keeping the lake in shape and in step with the database: one process at a time, every step safe to repeat.

Every quarter of an hour: changed rows, erasures, few files a day, rollups of closed days. Every day as well: rows
whose retention ended, persons who were merged, rows that leave the database for the lake alone. A step that fails is
logged and does not keep the others from their work; readers and sealing go on meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from analytics import clock
from analytics.store import archive, changes, erasure, locks
from analytics.store import lake as lakes

if TYPE_CHECKING:
    from eventlake.engine import Engine

logger = logging.getLogger("analytics.upkeep")

#: A UTC day is closed this long after its end: most late events have come by then.
_CLOSED_AFTER = timedelta(hours=1)

#: Files that a day may have before they are made one: the present day gains one with every sealing.
_MOST_FILES_OPEN = 32
_MOST_FILES_CLOSED = 1

#: Files that no version names any more stay for those who are just reading them.
_KEEP_OLD_FILES_HOURS = 24

#: More than a question may use: a rewrite sorts a whole day.
_MEMORY_MB = 2048
_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Upkeep:
    """What a run did: rows whose change is in the lake now, erasures completed, days made one file, and so on."""

    merged_changes: int
    completed_erasures: int
    compacted_days: int
    built_rollups: int
    deleted_files: int


@dataclass(frozen=True)
class Cleanup:
    """What a daily run did: rows that ended, days of the lake rewritten, rows archived, left and kept back."""

    expired_rows: int
    rewritten_days: int
    archived_rows: int
    deleted_rows: int
    differing_rows: int


def run_upkeep() -> Upkeep | None:
    """What is done every quarter of an hour; None while another process does upkeep."""
    with locks.session("upkeep") as is_ours:
        if not is_ours:
            return None
        lakes.check_cluster(lakes.lake().snapshot())
        return Upkeep(
            merged_changes=_step(lambda: changes.merge_changes(engine())),
            completed_erasures=_step(lambda: erasure.continue_erasures(engine())),
            compacted_days=_step(_compact),
            built_rollups=_step(_roll_up),
            deleted_files=_step(_vacuum),
        )


def run_cleanup() -> Cleanup | None:
    """What is done every day; None while another process does upkeep."""
    with locks.session("upkeep") as is_ours:
        if not is_ours:
            return None
        lakes.check_cluster(lakes.lake().snapshot())
        expired = _step(lambda: archive.expire(clock.now()))
        _step(lambda: changes.merge_changes(engine()))
        rewritten = _step(_rewrite_stale)
        archived = archive.Archived()
        try:
            archived = archive.archive(engine())
        except Exception:
            logger.exception("archiving failed; it is tried again tomorrow")
        return Cleanup(expired, rewritten, archived.marked, archived.deleted, archived.differing)


@cache
def _engine(root: str) -> Engine:
    from eventlake.engine import Engine, Limits

    return Engine(root, Limits(memory_mb=_MEMORY_MB, timeout_s=_TIMEOUT_S))


def engine() -> Engine:
    """The engine of this work, with more memory and time than a question has."""
    return _engine(lakes.lake().uri)


def _step(work: Callable[[], int]) -> int:
    """What the work says, or 0 where it failed: it is found again by the next run."""
    try:
        return work()
    except Exception:
        logger.exception("a step of upkeep failed; the next run tries it again")
        return 0


def _compact() -> int:
    from eventlake.rewriting import Changes, days_of_undone, days_to_compact, rewrite_each

    lake, now = lakes.lake(), clock.now()
    days = days_to_compact(
        lake.snapshot().files,
        closed_before=_closed_before(now),
        most_open=_MOST_FILES_OPEN,
        most_closed=_MOST_FILES_CLOSED,
    )
    merges = lakes.merges()
    days += days_of_undone(lake, merges)  # until then they are read the slow way
    return rewrite_each(lake, engine(), days, Changes(now, merges=merges))


def _rewrite_stale() -> int:
    """Days with rows whose retention ended, or whose person counts as somebody else by now."""
    from eventlake.rewriting import Changes, find_days, rewrite_each

    lake = lakes.lake()
    given = Changes(clock.now(), merges=lakes.merges())
    days = find_days(lake, engine(), given, lake.snapshot().files)
    return rewrite_each(lake, engine(), days, given)


def _roll_up() -> int:
    from eventlake.rollups.build import refresh_rollups

    lake, now = lakes.lake(), clock.now()
    return refresh_rollups(lake, engine(), closed_before=_closed_before(now), now=now).built


def _vacuum() -> int:
    from eventlake.rewriting import vacuum

    lake = lakes.lake()
    return vacuum(lake, retention_hours=_KEEP_OLD_FILES_HOURS) if lake.snapshot().files else 0


def _closed_before(now: datetime) -> date:
    return (now - _CLOSED_AFTER).date()
