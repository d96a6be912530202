"""Putting a backup back: checked whole before anything is touched, compared afterwards, and fit to go on.

Persons who were erased since the backup are erased again: their digests come from the deployment that is replaced and
from lists that the caller has. Another database cluster counts other transactions, so the lake is rebased.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.db.models import Q

from analytics.errors import BadInput, Conflict, Unavailable
from analytics.models import ErasedId, Erasure, PersonDistinctId
from analytics.store import erasure, kept_answers
from analytics.store import lake as lakes
from analytics.store.backup import database, lake_copy
from analytics.store.backup.manifest import Manifest, check_files, read_manifest
from analytics.store.rebuild import find_faults, rebuild
from analytics.store.upkeep import engine

logger = logging.getLogger("analytics.backup")

#: Tables that `migrate` and the first start fill, and those of logins: no reason to refuse.
_OF_A_FRESH_START = (
    "django_", "auth_", "axes_", "token_blacklist_", "sqlite_", "analytics_ingestkey", "analytics_workcursor",
    "analytics_sinkstate", "analytics_predictionmodel", "analytics_ledgerentry",
)  # fmt: skip


@dataclass(frozen=True)
class Restored:
    """What a restore did. `erased_again` are persons whose erasure is younger than the backup."""

    manifest: Manifest
    erased_again: int
    is_rebased: bool


def restore(folder: Path, *, is_forced: bool = False, erased: Iterable[str] = ()) -> Restored:
    """Replace the database and the lake by a backup; `erased` are digests of ids that must not come back.

    Web server and workers must be stopped. It can be run again after a stop at any moment.
    **Errors**: `BadInput` for a folder that is no complete, undamaged backup of this kind of database; `Conflict` over
    a deployment with data unless `is_forced`, or where somebody still uses it; `Unavailable` with the database's words.
    """
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    if manifest.vendor != connection.vendor:
        raise BadInput(f"this is a backup of {manifest.vendor}, and the database is {connection.vendor}")
    if not is_forced and (filled := _filled()):
        raise Conflict(f"there is data: {', '.join(filled[:5])}; use --force to replace it", code="not_empty")
    digests = {*erased, *_erased_here()}
    database.load(folder)
    lake_copy.put_back(folder)
    if odd := list(database.differing(manifest.tables)):
        raise Unavailable(f"what was restored is not what was backed up: {'; '.join(odd[:5])}")
    kept_answers.forget_all()
    again = _erase_again(digests, manifest)
    is_rebased = _go_on()
    if faults := list(find_faults()):
        raise Unavailable(f"the restored lake is not as the database says: {'; '.join(faults[:5])}")
    logger.info("restored the backup of %s", manifest.made_at)
    return Restored(manifest, again, is_rebased)


def _filled() -> list[str]:
    """What would be lost: tables with rows, and the lake."""
    tables = [name for name in database.filled_tables() if not name.startswith(_OF_A_FRESH_START)]
    return [*tables, *(["the lake"] if lakes.lake().snapshot().rows else [])]


def _erased_here() -> set[str]:
    if ErasedId._meta.db_table not in connection.introspection.table_names():
        return set()
    return set(ErasedId.objects.values_list("digest", flat=True))


def _erase_again(digests: set[str], manifest: Manifest) -> int:
    """Erase who was erased since, and let what the lake's copy had not yet forgotten be looked for again."""
    Erasure.objects.filter(Q(rewritten_at__gte=manifest.lake_read_at)).update(
        rewritten_at=None, completed_at=None
    )
    late = digests.difference(ErasedId.objects.values_list("digest", flat=True))
    if not late:
        return 0
    ErasedId.objects.bulk_create([ErasedId(digest=digest) for digest in sorted(late)], ignore_conflicts=True)
    ids = PersonDistinctId.objects.select_related("person__merged_into").iterator()
    roots = {row.person.root.uuid for row in ids if erasure.digest(row.distinct_id) in late}
    for root in sorted(roots):
        erasure.erase(root)
    return len(roots)


def _go_on() -> bool:
    """Make the lake one that this cluster can seal into, without anything of the erased; whether it was rebased."""
    snapshot = lakes.lake().snapshot()
    is_rebased = snapshot.cluster is not None and snapshot.cluster != lakes.cluster()
    if is_rebased:
        rebuild()
    if Erasure.objects.filter(completed_at=None).exists():
        erasure.continue_erasures(engine(), at_once=True)
    return is_rebased
