"""Keeping the lake in shape: few files a day, rollups of closed days, nothing that nobody reads any more.

Each step can be repeated and can stop anywhere; readers and sealing go on meanwhile. One process at a time does it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from django.db import transaction

from analytics import clock
from analytics.store import lake as lakes
from analytics.store import locks

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
    """What a run did. `compacted_days` were rewritten into one file each."""

    compacted_days: int
    built_rollups: int
    deleted_files: int


def run_upkeep() -> Upkeep | None:
    """Compact, roll up and clear away; None while another process does so.

    **Errors**: those of `eventlake.rewriting` and `eventlake.rollups.build`; what was done until then stays.
    """
    with transaction.atomic():
        if not locks.try_hold("upkeep"):
            return None
        return Upkeep(_compact(), _roll_up(), _vacuum())


def _compact() -> int:
    from eventlake.rewriting import Changes, compactable_days, rewrite_days

    lake, now = lakes.lake(), clock.now()
    files = lake.snapshot().files
    closed = [file for file in files if file.day < _closed_before(now)]
    days = compactable_days(closed, most_files=_MOST_FILES_CLOSED)
    days += compactable_days(set(files).difference(closed), most_files=_MOST_FILES_OPEN)
    changes = Changes(now, merges=lakes.merges())
    for day in days:
        rewrite_days(lake, _engine(lake.uri), [day], changes)
    return len(days)


def _roll_up() -> int:
    from eventlake.rollups.build import refresh_rollups

    lake, now = lakes.lake(), clock.now()
    return refresh_rollups(lake, _engine(lake.uri), closed_before=_closed_before(now), now=now).built


def _vacuum() -> int:
    from eventlake.rewriting import vacuum

    lake = lakes.lake()
    return vacuum(lake, retention_hours=_KEEP_OLD_FILES_HOURS) if lake.snapshot().files else 0


def _closed_before(now: datetime) -> date:
    return (now - _CLOSED_AFTER).date()


@cache
def _engine(root: str) -> Engine:
    from eventlake.engine import Engine, Limits

    return Engine(root, Limits(memory_mb=_MEMORY_MB, timeout_s=_TIMEOUT_S))
