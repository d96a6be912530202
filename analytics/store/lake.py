"""The deployment's lake, and one consistent source of hot and cold rows for an analysis.

Order matters: which rows have changed, then the lake's snapshot, then those rows and the ones at or above its
watermark. A row that is sealed in between is still in the database, so it is read once, from there; a change that is
merged in between is read from the database, too. The lake's libraries are imported at first use: they weigh
a hundred megabytes, and a process that only takes events in never needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max

from analytics import clock, conf
from analytics.models import Person

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlake.engine import Engine
    from eventlake.source import Source
    from eventlake.table import Lake, LakeSnapshot

_PERSONS = Person._meta.db_table
_MERGED = f"SELECT id, merged_into_id FROM {_PERSONS} WHERE merged_into_id IS NOT NULL ORDER BY id"  # noqa: S608


def lake() -> Lake:
    """The lake at `ANALYTICS_LAKE_URI`."""
    given = conf.get()
    uri = given.lake_uri or str(Path(settings.BASE_DIR) / ".loopin" / "lake")
    return _lake(uri, tuple(sorted(given.lake_storage_options.items())), str(given.zone))


@cache
def _lake(uri: str, storage_options: tuple[tuple[str, str], ...], zone: str) -> Lake:
    from eventlake.table import Lake

    return Lake(uri, dict(storage_options) or None, zone)


def forget() -> None:
    """Read the lake anew: another one stands in its place."""
    _lake.cache_clear()


def engine() -> Engine:
    """The process's engine for that lake."""
    return _engine(lake().uri)


@cache
def _engine(root: str) -> Engine:
    from eventlake.engine import Engine

    return Engine(root)


def source(from_at: datetime, to_at: datetime) -> Source:
    """Everything that an analysis of [from_at, to_at) reads, fresh to the last commit.

    **Errors**: `ClusterMismatchError` after a restore into another cluster, until `manage.py rebuild_lake` has run.
    """
    from analytics.store import changes, hot
    from eventlake.source import Source

    changed = changes.pending()
    snapshot = lake().snapshot()
    check_cluster(snapshot)
    fresh_to = clock.now()
    return Source(
        snapshot=snapshot,
        hot=hot.rows_from(snapshot.watermark, from_at=from_at, to_at=to_at, changed=changed),
        fresh_to=fresh_to,
        merges=merges(),
        superseded=changes.as_table(changed),
    )


def check_cluster(snapshot: LakeSnapshot) -> None:
    """**Errors**: `ClusterMismatchError` where the lake counts the transactions of another database cluster."""
    from eventlake.errors import ClusterMismatchError

    if snapshot.cluster is not None and snapshot.cluster != cluster():
        raise ClusterMismatchError(cluster(), snapshot.cluster)


def cluster() -> int:
    """The number by which the lake knows this database cluster."""
    return _cluster(str(sorted((key, str(value)) for key, value in connection.settings_dict.items())))


@cache
def _cluster(_: str) -> int:
    from eventlake.sealing import cluster_number

    if connection.vendor != "postgresql":
        return cluster_number(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier FROM pg_control_system()")
        return cluster_number(int(cursor.fetchone()[0]))


def state() -> tuple[object, ...]:
    """A fingerprint of everything that `source` reads: equal states mean equal rows.

    Rows above the watermark are only ever added (counted, with the newest id), or noted as changed; merges and erasures
    have logs of their own.
    """
    from analytics.models import Erasure, EventChange, MergeLog
    from analytics.store import hot

    notes = EventChange.objects.aggregate(last=Max("id"), count=Count("id"))
    snapshot = lake().snapshot()
    check_cluster(snapshot)
    rows = hot.count_from(snapshot.watermark)
    merged = MergeLog.objects.aggregate(last=Max("id"))["last"]
    undone = MergeLog.objects.exclude(undone_at=None).aggregate(last=Max("undone_at"), count=Count("id"))
    erased = Erasure.objects.aggregate(last=Max("id"))["last"]
    segments = tuple(segment.name for segment in snapshot.segments)
    database = str(connection.settings_dict["NAME"])
    known = (snapshot.root, snapshot.version, segments, database, str(conf.get().zone))
    return (*known, *notes.values(), *rows, merged, *undone.values(), erased)


def persons_with(names: Iterable[str]) -> pa.Table:
    """Columns root_id, properties (JSON text): persons that have at least one of these properties."""
    import orjson
    import pyarrow as pa

    from eventlake.source import PERSONS_SCHEMA

    people = Person.objects.filter(merged_into=None)
    if connection.vendor == "postgresql":
        people = people.filter(properties__has_any_keys=sorted(names))
    rows = list(people.values_list("id", "properties"))
    texts = [orjson.dumps(properties).decode() for _, properties in rows]
    return pa.table([[row[0] for row in rows], texts], schema=PERSONS_SCHEMA)


def merges() -> pa.Table:
    """Columns person_id, root_id: what every merged node counts as now.

    Nodes of an erased person stay one person, so that files which were written before still count as resolved.
    """
    import pyarrow as pa

    from analytics.models import Erasure
    from eventlake.merges import SCHEMA

    if connection.vendor == "postgresql":
        from analytics.store.copying import copy_rows

        living = copy_rows(_MERGED, (), {name: pa.int64() for name in SCHEMA.names}).cast(SCHEMA)
    else:
        moved = list(Person.objects.exclude(merged_into=None).values_list("id", "merged_into_id"))
        living = pa.table(_columns(moved), schema=SCHEMA)
    erased = [
        (node, nodes[0]) for nodes in Erasure.objects.values_list("nodes", flat=True) for node in nodes[1:]
    ]
    return pa.concat_tables([living, pa.table(_columns(erased), schema=SCHEMA)])


def _columns(rows: Sequence[tuple[int, int]]) -> list[pa.Array]:
    import pyarrow as pa

    return [pa.array((row[place] for row in rows), pa.int64()) for place in (0, 1)]


def is_sealed(insert_xid: int, row_id: int) -> bool:
    """Whether a stored row is in the lake already."""
    from analytics.store.hot import watermark_of

    return watermark_of(insert_xid, row_id) < lake().snapshot().watermark
