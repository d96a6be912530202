"""All stored events of a range in constant memory: batches of sealed ones from files, of others from the database.

The lake's version and its watermark are taken once, at the start. Rows that are sealed meanwhile are read from the
database, where they stay for days, so that none is missed and none comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count

from analytics.models import Person
from analytics.store import lake as lakes

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlake.table import LakeSnapshot

#: Ten thousand events of a kilobyte are ten megabytes, of which a handful exist at a time.
BATCH_ROWS = 10_000

#: Persons whose uuid is remembered while an export runs.
_KNOWN_PERSONS = 100_000


@dataclass(frozen=True)
class EventStream:
    """The events of a half-open range as they were at one moment. `changed`: rows whose sealed copy is outdated."""

    snapshot: LakeSnapshot
    changed: tuple[int, ...]
    from_at: datetime
    to_at: datetime

    @property
    def rows_at_most(self) -> int:
        """An upper bound of the number of events, for a progress bar."""
        sealed = sum(file.rows for file in self.snapshot.files_between(self.from_at, self.to_at))
        hot: int = self._hot().aggregate(count=Count("id"))["count"]
        return sealed + hot + len(self.changed)

    def batches(self) -> Iterator[pa.Table]:
        """Tables with the columns of `eventlake.schema.FILE_SCHEMA`, in no order. **Errors**: the lake's."""
        import pyarrow as pa

        from analytics.store import changes
        from eventlake.periods import Span
        from eventlake.scanning import scan

        superseded = changes.as_table(self.changed)
        span = Span(self.from_at, self.to_at)
        for batch in scan(self.snapshot, span, superseded, batch_rows=BATCH_ROWS):
            yield pa.Table.from_batches([batch])
        yield from self._hot_batches()
        yield from self._changed_batches()

    def _hot(self) -> Any:
        from analytics.store import hot

        fresh = hot.events_from(self.snapshot.watermark)
        return fresh.filter(timestamp__gte=self.from_at, timestamp__lt=self.to_at)

    def _hot_batches(self) -> Iterator[pa.Table]:
        from analytics.store import hot

        last = 0
        while ids := list(
            self._hot().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS]
        ):
            yield _of_files(hot.rows_of(ids))
            last = ids[-1]

    def _changed_batches(self) -> Iterator[pa.Table]:
        """Sealed rows that changed since, as the database has them now."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from analytics.store import hot
        from eventlake.schema import INSTANT

        for first in range(0, len(self.changed), BATCH_ROWS):
            rows = _of_files(hot.rows_of(self.changed[first : first + BATCH_ROWS]))
            is_sealed = pc.less(hot.watermarks(rows), pa.scalar(self.snapshot.watermark, pa.int64()))
            start, end = (pa.scalar(at, INSTANT) for at in (self.from_at, self.to_at))
            at = rows.column("timestamp")
            rows = rows.filter(pc.and_(is_sealed, pc.and_(pc.greater_equal(at, start), pc.less(at, end))))
            if rows.num_rows:
                yield rows


def open_stream(from_at: datetime, to_at: datetime) -> EventStream:
    """The events of a range as of now. **Errors**: the lake's."""
    from analytics.store import changes

    changed = changes.pending()  # before the snapshot, as everywhere
    snapshot = lakes.lake().snapshot()
    lakes.check_cluster(snapshot)
    return EventStream(snapshot, tuple(changed), from_at, to_at)


class PersonUuids:
    """Uuids of the persons whom nodes count as now, looked up batch by batch."""

    def __init__(self) -> None:
        self._known: dict[int, str | None] = {}

    def of(self, nodes: pa.ChunkedArray) -> pa.Array:
        """The uuid of each node's person as text; null without one, and for one who was erased."""
        import pyarrow as pa

        asked: list[int] = [node for node in nodes.unique().to_pylist() if node is not None]
        if len(self._known) > _KNOWN_PERSONS:
            self._known.clear()
        unknown = [node for node in asked if node not in self._known]
        rows = Person.objects.filter(pk__in=unknown).values_list("pk", "uuid", "merged_into__uuid")
        found: dict[int, UUID] = {node: root or own for node, own, root in rows}
        self._known |= {node: str(found[node]) if node in found else None for node in unknown}
        return pa.array(
            [None if node is None else self._known[node] for node in nodes.to_pylist()], pa.string()
        )


def _of_files(rows: pa.Table) -> pa.Table:
    from eventlake.schema import FILE_SCHEMA, conform

    return conform(rows).select(FILE_SCHEMA.names)
