"""Loading many persons at once: identified persons from the host, the anonymous ids that they went by before.

The counterpart of `analytics.ingestion.bulk`; each call is set-based and may be run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from analytics import clock
from analytics.ingestion import identity
from analytics.ingestion.bulk import chunks, find_or_add_nodes, retried
from analytics.models import LedgerEntry, MergeLog, Person, PersonDistinctId, UserEvent
from analytics.store import staging

_IDS_AT_ONCE = 5000
_ROWS_AT_ONCE = 500  # well below the number of parameters that SQLite takes


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


def load_persons(known: Iterable[KnownPerson]) -> None:
    """Make the nodes of identified persons, or bring those that exist up to date; given properties win."""
    for chunk in chunks(known, _IDS_AT_ONCE):
        retried(lambda: _describe(chunk))  # noqa: B023


def link_ids(links: Iterable[Link], *, reason: str = "identify") -> int:
    """Merge anonymous ids into the persons that they turned out to be; returns how many were merged.

    Ids that are unknown, identified, merged already or roots of others are left as they are. Every merge is
    logged and can be undone.
    """
    linked = 0
    for chunk in chunks(links, _IDS_AT_ONCE):
        linked += retried(lambda: _link(chunk, reason))  # noqa: B023
    return linked


def remove_loaded(ingest_key: str, *, id_prefix: str, user_ids: Sequence[int] = ()) -> int:
    """Delete the events of one load with their ledger, and its nodes; returns how many events.

    Nodes go that belong to `user_ids` or whose distinct id starts with `id_prefix`. Events in the lake are
    not touched: rebuild it, or erase the persons.
    """
    with transaction.atomic():
        events, _ = UserEvent.objects.filter(ingest_key=ingest_key).delete()
        LedgerEntry.objects.filter(ingest_key=ingest_key).delete()
    nodes = list(
        PersonDistinctId.objects.filter(distinct_id__startswith=id_prefix).values_list("person_id", flat=True)
    )
    for chunk in chunks(user_ids, _ROWS_AT_ONCE):
        nodes += Person.objects.filter(user_id__in=chunk).values_list("id", flat=True)
    for chunk in chunks(nodes, _IDS_AT_ONCE):
        _remove_nodes(chunk)
    return events


def _describe(known: Sequence[KnownPerson]) -> None:
    now = clock.now()
    with transaction.atomic():
        nodes = find_or_add_nodes({person.distinct_id: person.created_at for person in known})
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
        Person.objects.bulk_update(by_id.values(), fields, batch_size=_ROWS_AT_ONCE)


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
            for chunk in chunks(node_ids, _ROWS_AT_ONCE):
                Person.objects.filter(id__in=chunk).delete()
