"""Loading many clean events at once: demo data, imports, restores.

Where requests bring a few hundred events, this brings a few ten thousand in one transaction: nodes, events and ledger
together, so a load that stops anywhere is simply run again. Rows do not pass the pipeline; the caller vouches that they
are typed, cut to their columns and free of NUL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import OperationalError, connection, transaction

from analytics import clock, conf
from analytics.errors import BadInput
from analytics.ingestion import identity
from analytics.models import LedgerEntry, MergeLog, Person, PersonDistinctId, UserEvent
from analytics.models.choices import Outcome, Source
from analytics.store import events as event_store
from analytics.store import ledger, persons, staging

#: Column of `UserEvent` to its values, one a row. `metadata` is JSON text.
EventBatch = Mapping[str, Sequence[Any]]

REQUIRED_COLUMNS = ("uuid", "distinct_id", "event_name", "timestamp")
_SET_HERE = frozenset({"id", "person_id", "source", "ingest_key", "insert_xid"})
_COLUMNS = frozenset(field.column for field in UserEvent._meta.concrete_fields) - _SET_HERE
_MAX_TRIES = 4
_IDS_AT_ONCE = 5000
_UUIDS_AT_ONCE = 500  # well below the number of parameters that SQLite takes

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many events were new, and how many were stored already."""

    stored: int = 0
    duplicates: int = 0

    def __add__(self, other: BulkResult) -> BulkResult:
        return BulkResult(self.stored + other.stored, self.duplicates + other.duplicates)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person known from elsewhere, such as the host's user table."""

    distinct_id: str
    user_id: int | None
    properties: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """Two ids of one person: events of `source` count as `target` from now on."""

    source: str
    target: str
    event_uuid: UUID | None = None


def load_events(
    batches: Iterable[EventBatch],
    *,
    source: str = Source.BATCH_JOB.value,
    ingest_key: str = "demo",
    on_batch: Callable[[BulkResult], None] | None = None,
) -> BulkResult:
    """Store the events that are not there yet, one transaction a batch; 20,000 to 50,000 rows serve best.

    **Shape**: see `EventBatch`; `REQUIRED_COLUMNS` must be there, other columns of `UserEvent` may. `created_at` and
    `received_at` are the time of the load unless given. `on_batch` is called after each commit.
    **Errors**: `BadInput` for a batch of the wrong shape; `DataError` for a value that the database refuses. Batches
    committed before stay, and the same call again counts them as duplicates.
    """
    total = BulkResult()
    for batch in batches:
        _check(batch)
        if not len(batch["uuid"]):
            continue
        result = _retried(lambda: _load(batch, source, ingest_key))  # noqa: B023
        total += result
        if on_batch is not None:
            on_batch(result)
    return total


def load_persons(known: Iterable[KnownPerson]) -> None:
    """Make the nodes of identified persons, or bring those that exist up to date; given properties win."""
    for chunk in _chunks(known, _IDS_AT_ONCE):
        _retried(lambda: _describe(chunk))  # noqa: B023


def link_ids(links: Iterable[Link], *, reason: str = "identify") -> int:
    """Merge anonymous ids into the persons that they turned out to be; returns how many were merged.

    Ids that are unknown, identified, merged already or roots of others are left as they are. Every merge is logged
    and can be undone.
    """
    linked = 0
    for chunk in _chunks(links, _IDS_AT_ONCE):
        linked += _retried(lambda: _link(chunk, reason))  # noqa: B023
    return linked


def remove_loaded(ingest_key: str, *, id_prefix: str, user_ids: Sequence[int] = ()) -> int:
    """Delete the events of one load with their ledger, and its nodes; returns how many events.

    Nodes go that belong to `user_ids` or whose distinct id starts with `id_prefix`. Events in the lake are not
    touched: rebuild it, or erase the persons.
    """
    with transaction.atomic():
        events, _ = UserEvent.objects.filter(ingest_key=ingest_key).delete()
        LedgerEntry.objects.filter(ingest_key=ingest_key).delete()
    nodes = list(
        PersonDistinctId.objects.filter(distinct_id__startswith=id_prefix).values_list("person_id", flat=True)
    )
    for chunk in _chunks(user_ids, _UUIDS_AT_ONCE):
        nodes += Person.objects.filter(user_id__in=chunk).values_list("id", flat=True)
    for chunk in _chunks(nodes, _IDS_AT_ONCE):
        _remove_nodes(chunk)
    return events


def _check(batch: EventBatch) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in batch]
    unknown = sorted(set(batch) - _COLUMNS)
    if missing or unknown:
        raise BadInput(f"columns missing: {missing or 'none'}; columns that cannot be loaded: {unknown or 'none'}")
    if len({len(values) for values in batch.values()}) > 1:
        raise BadInput("the columns of a batch must have the same length")


def _load(batch: EventBatch, source: str, ingest_key: str) -> BulkResult:
    now = clock.now()
    total = len(batch["uuid"])
    with transaction.atomic():
        columns = {**batch, "person_id": _nodes_of(batch, now)}
        constants = _constants(columns, source, ingest_key, now)
        if connection.vendor == "postgresql":
            stored = staging.insert_new_events(columns, constants)
        else:
            stored = _insert_by_orm(columns, constants)
        counts: Counter[ledger.LedgerKey] = Counter()
        counts[(ingest_key, Outcome.STORED.value, "")] = stored
        counts[(ingest_key, Outcome.DUPLICATE.value, "")] = total - stored
        ledger.add(counts, now)
    return BulkResult(stored, total - stored)


def _nodes_of(batch: EventBatch, now: datetime) -> list[int]:
    """The node of each row, made where there is none; nodes learn which user they are."""
    first_seen: dict[str, datetime] = {}
    users: dict[str, int] = {}
    user_ids = batch.get("user_id") or [None] * len(batch["uuid"])
    for distinct_id, at, user_id in zip(batch["distinct_id"], batch["timestamp"], user_ids, strict=True):
        if distinct_id not in first_seen or at < first_seen[distinct_id]:
            first_seen[distinct_id] = at
        if user_id is not None:
            users[distinct_id] = user_id
    nodes = _find_or_add(first_seen)
    _put_users({nodes[distinct_id].id: user_id for distinct_id, user_id in users.items()}, now)
    return [nodes[distinct_id].id for distinct_id in batch["distinct_id"]]


def _find_or_add(first_seen: Mapping[str, datetime]) -> dict[str, persons.Node]:
    nodes = persons.find_nodes(first_seen)
    new = [persons.NewNode(text, True, at) for text, at in first_seen.items() if text not in nodes]
    if new:
        persons.add_nodes(new)
        nodes |= persons.find_nodes(node.distinct_id for node in new)
    return nodes


def _constants(columns: EventBatch, source: str, ingest_key: str, now: datetime) -> dict[str, Any]:
    """The columns that the batch does not bring and that may not be empty, with their values."""
    values: dict[str, Any] = {
        "source": source,
        "ingest_key": ingest_key,
        "retention_days": conf.get().retention_days,
        "created_at": now,
        "updated_at": now,
        "received_at": now,
    }
    for field in UserEvent._meta.concrete_fields:
        if not (field.primary_key or field.null or field.has_db_default() or field.column in values):
            values[field.column] = field.get_db_prep_save(field.get_default(), connection)
    return {name: value for name, value in values.items() if name not in columns}


def _insert_by_orm(columns: EventBatch, constants: Mapping[str, Any]) -> int:
    """The plain way, for databases with one writer at a time: a row that is refused fails the batch."""
    known: set[UUID] = set()
    for chunk in _chunks(columns["uuid"], _UUIDS_AT_ONCE):
        known |= set(event_store.known_uuids([_uuid(value) for value in chunk]))
    new = []
    values_of_metadata = {"metadata": orjson.loads}
    shared = {name: value for name, value in constants.items() if name != "metadata"}
    for row in zip(*columns.values(), strict=True):
        values = {
            name: values_of_metadata[name](value) if name in values_of_metadata else value
            for name, value in zip(columns, row, strict=True)
        }
        values["uuid"] = _uuid(values["uuid"])
        if values["uuid"] not in known:
            known.add(values["uuid"])
            new.append(UserEvent(**shared, **values))
    UserEvent.objects.bulk_create(new, batch_size=_UUIDS_AT_ONCE)
    return len(new)


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _describe(known: Sequence[KnownPerson]) -> None:
    now = clock.now()
    with transaction.atomic():
        nodes = _find_or_add({person.distinct_id: person.created_at for person in known})
        if connection.vendor == "postgresql":
            rows = [
                (nodes[p.distinct_id].id, p.user_id, orjson.dumps(p.properties).decode(), p.created_at)
                for p in known
            ]
            staging.describe_persons(rows, now)
            return
        by_id = Person.objects.in_bulk([node.id for node in nodes.values()])
        for given in known:
            person = by_id[nodes[given.distinct_id].id]
            person.user_id = person.user_id or given.user_id
            person.properties = {**person.properties, **given.properties}
            person.is_identified = person.has_profile = True
            person.created_at = min(person.created_at, given.created_at)
        fields = ["user", "properties", "is_identified", "has_profile", "created_at"]
        Person.objects.bulk_update(by_id.values(), fields, batch_size=_UUIDS_AT_ONCE)


def _put_users(user_ids: Mapping[int, int], now: datetime) -> None:
    if not user_ids:
        return
    if connection.vendor == "postgresql":
        staging.put_users(user_ids, now)
        return
    for node_id, user_id in user_ids.items():
        Person.objects.filter(id=node_id, user=None).update(user_id=user_id)


def _link(links: Sequence[Link], reason: str) -> int:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            rows = [(link.source, link.target, link.event_uuid) for link in links]
            return staging.link(rows, reason, clock.now())
        return sum(_link_by_orm(link, reason) for link in links)


def _link_by_orm(link: Link, reason: str) -> bool:
    ids = PersonDistinctId.objects.select_related("person__merged_into")
    by_id = {row.distinct_id: row.person for row in ids.filter(distinct_id__in=(link.source, link.target))}
    source, target = by_id.get(link.source), by_id.get(link.target)
    if source is None or target is None or source.merged_into_id or source.is_identified:
        return False
    if source.id == target.root.id or source.merged_nodes.exists():
        return False
    logs = identity.merge_persons(target.root, [source], reason)
    MergeLog.objects.filter(id__in=[log.id for log in logs]).update(event_uuid=link.event_uuid)
    return True


def _remove_nodes(node_ids: Sequence[int]) -> None:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            staging.remove_nodes(node_ids)
        else:
            for chunk in _chunks(node_ids, _UUIDS_AT_ONCE):
                Person.objects.filter(id__in=chunk).delete()


def _retried(write: Callable[[], _T]) -> _T:
    """Run a transaction again when the database broke a deadlock by cancelling it."""
    for _ in range(_MAX_TRIES - 1):
        try:
            return write()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in ("40P01", "40001"):
                raise
    return write()


def _chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
