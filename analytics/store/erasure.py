"""Erasing a person: from the database at once, from every sealed file, and from the files of older versions.

Each step is written down in `Erasure`, so that whatever stops half way goes on at the next upkeep. The certificate
is complete when no file that holds anything of the person is left. Backups are the operator's to end.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from analytics import clock
from analytics.errors import NotFound
from analytics.models import ErasedId, Erasure, Person, PersonDistinctId, UserEvent
from analytics.store import kept_answers, personal_data, persons
from analytics.store import lake as lakes

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlake.engine import Engine

logger = logging.getLogger("analytics.erasure")

#: Files of older versions stay this long for whoever is just reading them.
KEEP_OLD_FILES = timedelta(hours=24)

_DIGESTS_AT_ONCE = 500  # well below the number of parameters that SQLite takes


@dataclass(frozen=True)
class Certificate:
    """What was erased, and how far it is. Times are UTC; `completed_at` is None while old files still wait."""

    uuid: UUID
    person_uuid: UUID
    requested_at: datetime
    deleted_rows: int
    rewritten_days: int
    rewritten_at: datetime | None
    completed_at: datetime | None


def digest(distinct_id: str) -> str:
    """What is kept of an erased distinct id."""
    return hashlib.sha256(b"loopin.erased:" + distinct_id.encode("utf-8", "surrogatepass")).hexdigest()


def erased_among(distinct_ids: Iterable[str]) -> set[str]:
    """Those of the distinct ids that were erased."""
    by_digest = {digest(text): text for text in distinct_ids}
    digests = list(by_digest)
    found: set[str] = set()
    for first in range(0, len(digests), _DIGESTS_AT_ONCE):
        part = ErasedId.objects.filter(digest__in=digests[first : first + _DIGESTS_AT_ONCE])
        found |= {by_digest[value] for value in part.values_list("digest", flat=True)}
    return found


def erase(person_uuid: UUID) -> Erasure:
    """Erase a person from the database, in one transaction; `continue_erasures` does the lake.

    **Errors**: `NotFound` for a uuid that names no person.
    """
    with transaction.atomic():
        person = Person.objects.filter(uuid=person_uuid).first()
        if person is None:
            raise NotFound(f"there is no person {person_uuid}")
        persons.read_persons(persons.nodes_under(person.root.pk), lock=True)
        whose = personal_data.identity_of(person.root)
        ErasedId.objects.bulk_create(
            [ErasedId(digest=digest(text)) for text in whose.distinct_ids], ignore_conflicts=True
        )
        erasure = Erasure.objects.create(
            person_uuid=whose.root_uuid, nodes=whose.nodes, deleted_rows=_delete_rows(whose)
        )
    kept_answers.forget_all()
    logger.info("erasure %s: %d rows left the database", erasure.uuid, erasure.deleted_rows)
    return erasure


def continue_erasures(engine: Engine, *, at_once: bool = False) -> int:
    """Take every unfinished erasure as far as it can go; how many were completed.

    `at_once` deletes the files of older versions now, under the feet of whoever is reading them.
    **Errors**: those of `eventlake.rewriting`; it goes on at the next call.
    """
    _catch_late_nodes()
    waiting = list(Erasure.objects.filter(completed_at=None).order_by("pk"))
    if not waiting:
        return 0
    _rewrite(waiting, engine)
    now = clock.now()
    due = [e for e in waiting if at_once or (e.rewritten_at and e.rewritten_at <= now - KEEP_OLD_FILES)]
    if due:
        _delete_old_files(engine, at_once=at_once)
        Erasure.objects.filter(pk__in=[erasure.pk for erasure in due]).update(completed_at=now)
    return len(due)


def certificate(uuid: UUID) -> Certificate:
    """The certificate of an erasure. **Errors**: `NotFound`."""
    found = Erasure.objects.filter(uuid=uuid).first()
    if found is None:
        raise NotFound(f"there is no erasure {uuid}")
    return Certificate(
        uuid=found.uuid,
        person_uuid=found.person_uuid,
        requested_at=found.requested_at,
        deleted_rows=found.deleted_rows,
        rewritten_days=found.rewritten_days,
        rewritten_at=found.rewritten_at,
        completed_at=found.completed_at,
    )


def _delete_rows(whose: personal_data.Identity) -> int:
    """Delete all rows about somebody; the number of events."""
    deleted = {table.model: personal_data.delete_rows(table, whose) for table in personal_data.PERSONAL}
    return deleted[UserEvent]


def _catch_late_nodes() -> None:
    """Nodes that a commit made anew, because it looked before the erasure and wrote after it: they go, too."""
    since = clock.now() - 2 * KEEP_OLD_FILES
    last = Erasure.objects.filter(requested_at__gte=since).order_by("pk").last()
    if last is None:
        return
    made = PersonDistinctId.objects.filter(created_at__gte=since)
    late = erased_among(made.values_list("distinct_id", flat=True))
    if not late:
        return
    with transaction.atomic():
        found = PersonDistinctId.objects.filter(distinct_id__in=late)
        nodes = list(found.values_list("person_id", flat=True))
        whose = personal_data.Identity(last.person_uuid, nodes, sorted(late), [])
        last.nodes = [*last.nodes, *nodes]
        last.deleted_rows += _delete_rows(whose)
        last.rewritten_at = last.completed_at = None
        last.save(update_fields=["nodes", "deleted_rows", "rewritten_at", "completed_at"])


def _rewrite(waiting: Sequence[Erasure], engine: Engine) -> None:
    """Take the rows of all of them out of the newest version; what came in since the last look goes, too."""
    from eventlake.rewriting import Changes, find_days, rewrite_each

    lake = lakes.lake()
    late = [
        _delete_rows(personal_data.Identity(erasure.person_uuid, erasure.nodes, [], []))
        for erasure in waiting
    ]
    nodes = [node for erasure in waiting for node in erasure.nodes]
    changes = Changes(clock.now(), lakes.merges(), erased=_as_table(nodes))
    days = find_days(lake, engine, changes, lake.snapshot().files)
    rewrite_each(lake, engine, days, changes)
    for erasure, rows in zip(waiting, late, strict=True):
        if days or rows or erasure.rewritten_at is None:
            erasure.deleted_rows += rows
            erasure.rewritten_days += len(days)
            erasure.rewritten_at = clock.now()
            erasure.save(update_fields=["deleted_rows", "rewritten_days", "rewritten_at"])


def _delete_old_files(engine: Engine, *, at_once: bool) -> None:
    from eventlake.rewriting import forget_history, vacuum
    from eventlake.rollups.build import refresh_rollups

    kept_answers.forget_all()
    lake, now = lakes.lake(), clock.now()
    if not lake.snapshot().files:
        return
    refresh_rollups(lake, engine, closed_before=now.date(), now=now)
    if at_once:
        forget_history(lake)
        lake.rollups.sweep(now + KEEP_OLD_FILES)
    else:
        vacuum(lake, retention_hours=int(KEEP_OLD_FILES.total_seconds() // 3600))


def _as_table(nodes: list[int]) -> pa.Table:
    import pyarrow as pa

    from eventlake.rewriting import PERSONS_SCHEMA

    return pa.table([pa.array(nodes, pa.int64())], schema=PERSONS_SCHEMA)
