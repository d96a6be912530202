"""Loading many clean events at once: demo data, imports, restores.

Where requests bring a few hundred events, this brings a few ten thousand in one transaction: nodes, events
and ledger together, so a load that stops anywhere is simply run again. Rows do not pass the pipeline: the
caller vouches that they are typed, cut to their columns and free of NUL.
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
from analytics.enrichment import engagement_level, intent
from analytics.errors import BadInput
from analytics.ingestion.event import Reason
from analytics.models import Person, UserEvent
from analytics.models.choices import Outcome, Source
from analytics.store import erasure, ledger, persons, staging
from analytics.store import events as event_store

#: Column of `UserEvent` to its values, one a row. `metadata` is JSON text.
EventBatch = Mapping[str, Sequence[Any]]

REQUIRED_COLUMNS = ("uuid", "distinct_id", "event_name", "timestamp")
_SET_HERE = frozenset({"id", "person_id", "source", "ingest_key", "insert_xid"})
_COLUMNS = frozenset(field.column for field in UserEvent._meta.concrete_fields) - _SET_HERE
_MAX_TRIES = 4
_ROWS_AT_ONCE = 500  # well below the number of parameters that SQLite takes

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many events were new, and how many were stored already."""

    stored: int = 0
    duplicates: int = 0

    def __add__(self, other: BulkResult) -> BulkResult:
        return BulkResult(self.stored + other.stored, self.duplicates + other.duplicates)


def load_events(
    batches: Iterable[EventBatch],
    *,
    source: str = Source.BATCH_JOB.value,
    ingest_key: str = "demo",
    on_batch: Callable[[BulkResult], None] | None = None,
) -> BulkResult:
    """Store the events that are not there yet, one transaction a batch; 20,000 to 50,000 rows serve best.

    **Shape**: see `EventBatch`; `REQUIRED_COLUMNS` must be there, other columns of `UserEvent` may.
    `created_at` and `received_at` are the time of the load unless given. `on_batch` follows each commit.
    **Errors**: `BadInput` for a batch of the wrong shape; `DataError` for a value that the database refuses.
    Batches committed before stay, and the same call again counts them as duplicates.
    """
    total = BulkResult()
    for batch in batches:
        _check(batch)
        if not len(batch["uuid"]):
            continue
        result = retried(lambda: _load(batch, source, ingest_key))  # noqa: B023
        total += result
        if on_batch is not None:
            on_batch(result)
    return total


def _check(batch: EventBatch) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in batch]
    unknown = sorted(set(batch) - _COLUMNS)
    if missing or unknown:
        raise BadInput(f"columns missing: {missing}; columns that cannot be loaded: {unknown}")
    if len({len(values) for values in batch.values()}) > 1:
        raise BadInput("the columns of a batch must have the same length")


def _load(batch: EventBatch, source: str, ingest_key: str) -> BulkResult:
    now = clock.now()
    with transaction.atomic():
        batch, refused = _without_erased(batch)
        total = len(batch["uuid"])
        if refused:
            ledger.add(
                Counter({(ingest_key, Outcome.REJECTED.value, Reason.ERASED_PERSON.value): refused}), now
            )
        if not total:
            return BulkResult()
        columns = {**_meanings(batch), **batch, "person_id": _nodes_of(batch, now)}
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


def _meanings(batch: EventBatch) -> EventBatch:
    """Intent and engagement level of each row, as the pipeline gives them."""
    names = batch["event_name"]
    types = batch.get("event_type") or [""] * len(names)
    pairs = list(zip(names, types, strict=True))
    meanings = {pair: (intent.classify(*pair), engagement_level.level_of(*pair)) for pair in set(pairs)}
    found = [meanings[pair] for pair in pairs]
    return {
        "intent_classification": [meaning[0] for meaning in found],
        "engagement_level": [meaning[1] for meaning in found],
    }


def _without_erased(batch: EventBatch) -> tuple[EventBatch, int]:
    """The batch without rows of persons who were erased, and how many those are."""
    erased = erasure.erased_among(set(batch["distinct_id"]))
    if not erased:
        return batch, 0
    kept = [place for place, text in enumerate(batch["distinct_id"]) if text not in erased]
    return {name: [values[place] for place in kept] for name, values in batch.items()}, len(
        batch["distinct_id"]
    ) - len(kept)


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
    nodes = find_or_add_nodes(first_seen)
    _put_users({nodes[distinct_id].id: user_id for distinct_id, user_id in users.items()}, now)
    return [nodes[distinct_id].id for distinct_id in batch["distinct_id"]]


def find_or_add_nodes(first_seen: Mapping[str, datetime]) -> dict[str, persons.Node]:
    """The nodes of distinct ids, made where there is none; inside the caller's transaction."""
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
            values[str(field.column)] = field.get_db_prep_save(field.get_default(), connection)
    return {name: value for name, value in values.items() if name not in columns}


def _insert_by_orm(columns: EventBatch, constants: Mapping[str, Any]) -> int:
    """The plain way, for databases with one writer at a time: a row that is refused fails the batch."""
    shared = {name: value for name, value in constants.items() if name != "metadata"}
    typed = {**columns, "uuid": [_uuid(value) for value in columns["uuid"]]}
    if "metadata" in columns:
        typed["metadata"] = [orjson.loads(text) for text in columns["metadata"]]
    seen: set[UUID] = set()
    for chunk in chunks(typed["uuid"], _ROWS_AT_ONCE):
        seen |= set(event_store.known_uuids(chunk))
    new = []
    for row in zip(*typed.values(), strict=True):
        event = UserEvent(**shared, **dict(zip(typed, row, strict=True)))
        if event.uuid not in seen:
            seen.add(event.uuid)
            new.append(event)
    UserEvent.objects.bulk_create(new, batch_size=_ROWS_AT_ONCE)
    return len(new)


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _put_users(user_ids: Mapping[int, int], now: datetime) -> None:
    if not user_ids:
        return
    if connection.vendor == "postgresql":
        staging.put_users(user_ids, now)
        return
    for node_id, user_id in user_ids.items():
        Person.objects.filter(id=node_id, user=None).update(user_id=user_id)


def retried(write: Callable[[], _T]) -> _T:
    """Run a transaction again when the database broke a deadlock by cancelling it."""
    for _ in range(_MAX_TRIES - 1):
        try:
            return write()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in ("40P01", "40001"):
                raise
    return write()


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of at most `size`, in order."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
