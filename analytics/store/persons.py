"""Nodes of identity in sets: making them, reading them, moving them from root to root.

Who may merge with whom is decided in `analytics.ingestion.identity`; here are only rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from analytics import clock
from analytics.models import Person, PersonDistinctId

# A node's uuid follows from its distinct id, so that two writers who meet a new id at once make one node.
NODES = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")

_PERSON = Person._meta.db_table
_ID = PersonDistinctId._meta.db_table

_FIND = f"""
SELECT d.distinct_id, p.id, p.merged_into_id, p.has_profile
FROM {_ID} d JOIN {_PERSON} p ON p.id = d.person_id
WHERE d.distinct_id = ANY(%s)
"""  # noqa: S608
# Sorted, so that two writers with the same new ids wait for each other instead of deadlocking.
_ADD_PERSONS = f"""
INSERT INTO {_PERSON} (uuid, properties, is_identified, has_profile, created_at, updated_at)
SELECT w.uuid, '{{}}', false, w.has_profile, w.created_at, %s
FROM unnest(%s::uuid[], %s::boolean[], %s::timestamptz[]) AS w (uuid, has_profile, created_at)
ORDER BY w.uuid
ON CONFLICT (uuid) DO NOTHING
"""  # noqa: S608
_ADD_IDS = f"""
INSERT INTO {_ID} (distinct_id, person_id, created_at)
SELECT w.distinct_id, p.id, %s
FROM unnest(%s::text[], %s::uuid[]) AS w (distinct_id, uuid) JOIN {_PERSON} p ON p.uuid = w.uuid
ORDER BY w.distinct_id
ON CONFLICT DO NOTHING
"""  # noqa: S608
_UPDATE = f"""
UPDATE {_PERSON} p
SET properties = w.properties::jsonb, is_identified = w.is_identified, has_profile = w.has_profile,
    created_at = w.created_at, updated_at = %s
FROM unnest(%s::bigint[], %s::text[], %s::boolean[], %s::boolean[], %s::timestamptz[])
    AS w (id, properties, is_identified, has_profile, created_at)
WHERE p.id = w.id
"""  # noqa: S608


@dataclass(slots=True)
class Node:
    """One node: the id that its events carry, and the root that it counts as."""

    id: int
    root_id: int
    has_profile: bool


@dataclass(slots=True)
class NewNode:
    """What is known of a distinct id that has no node yet."""

    distinct_id: str
    has_profile: bool
    created_at: datetime


def node_uuid(distinct_id: str) -> uuid.UUID:
    """The uuid of the node that belongs to a distinct id."""
    return uuid.uuid5(NODES, "loopin:" + distinct_id)


def find_nodes(distinct_ids: Iterable[str]) -> dict[str, Node]:
    """The nodes that exist, by distinct id."""
    wanted = list(distinct_ids)
    if not wanted:
        return {}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [wanted])
            rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    else:
        rows = list(
            PersonDistinctId.objects.filter(distinct_id__in=wanted).values_list(
                "distinct_id", "person_id", "person__merged_into_id", "person__has_profile"
            )
        )
    return {text: Node(id_, root or id_, profile) for text, id_, root, profile in rows}


def add_nodes(new: Sequence[NewNode]) -> None:
    """Make nodes and their distinct ids; those that somebody else has just made stay as they are."""
    if not new:
        return
    uuids = [node_uuid(node.distinct_id) for node in new]
    now = clock.now()
    if connection.vendor != "postgresql":
        _add_nodes_by_orm(new, uuids)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD_PERSONS,
            [now, uuids, [n.has_profile for n in new], [n.created_at for n in new]],
        )
        cursor.execute(_ADD_IDS, [now, [n.distinct_id for n in new], uuids])


def _add_nodes_by_orm(new: Sequence[NewNode], uuids: Sequence[uuid.UUID]) -> None:
    Person.objects.bulk_create(
        [
            Person(uuid=node_id, has_profile=node.has_profile, created_at=node.created_at)
            for node, node_id in zip(new, uuids, strict=True)
        ],
        ignore_conflicts=True,  # on the uuid alone, and read back below
    )
    by_uuid = {person.uuid: person for person in Person.objects.filter(uuid__in=uuids)}
    PersonDistinctId.objects.bulk_create(
        [
            PersonDistinctId(distinct_id=node.distinct_id, person=by_uuid[node_id])
            for node, node_id in zip(new, uuids, strict=True)
        ],
        ignore_conflicts=True,
    )


def read_persons(ids: Iterable[int], *, lock: bool) -> dict[int, Person]:
    """Persons by id; locked in the order of their ids, so that two lockers cannot deadlock."""
    persons = Person.objects.filter(id__in=sorted(set(ids))).order_by("id")
    if lock and connection.features.has_select_for_update:
        persons = persons.select_for_update(no_key=connection.features.has_select_for_no_key_update)
    return {person.id: person for person in persons}


def update_persons(persons: Sequence[Person]) -> None:
    """Write properties and flags of locked persons back."""
    if not persons:
        return
    if connection.vendor != "postgresql":
        Person.objects.bulk_update(
            persons, ["properties", "is_identified", "has_profile", "created_at"], batch_size=500
        )
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _UPDATE,
            [
                clock.now(),
                [p.id for p in persons],
                [orjson.dumps(p.properties).decode() for p in persons],
                [p.is_identified for p in persons],
                [p.has_profile for p in persons],
                [p.created_at for p in persons],
            ],
        )


def move_nodes(root_of: Mapping[int, int]) -> None:
    """Point nodes at roots: node id to root id; a node that is its own root points nowhere."""
    by_root: dict[int, list[int]] = {}
    for node_id, root_id in root_of.items():
        by_root.setdefault(root_id, []).append(node_id)
    now = clock.now()
    for root_id, node_ids in by_root.items():
        nodes = Person.objects.filter(id__in=node_ids)
        nodes.exclude(id=root_id).update(merged_into_id=root_id, updated_at=now)
        nodes.filter(id=root_id).update(merged_into=None, updated_at=now)


def nodes_under(root_id: int) -> list[int]:
    """Ids of the root itself and of every node that counts as it."""
    under = Person.objects.filter(merged_into_id=root_id).order_by("id")
    return [root_id, *under.values_list("id", flat=True)]
