"""Who a person is made of: the merges that made it, and other persons who may be the same.

Suggestions rest on plain equality (the same user of this project, the same e-mail address in the properties), never on
likeness; each names its reason, and nothing is merged by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import OperationalError
from django.db.models import Q

from analytics.errors import BadInput, NotFound
from analytics.models import MergeLog, Person, PersonDistinctId
from analytics.store import condition, person_lists

logger = logging.getLogger("analytics.reports")

_MOST_MERGES, _MOST_SUGGESTED = 50, 5
#: Addresses have no index: where looking for them takes longer, there is no suggestion.
_LIMIT_S = 0.25
_ADDRESSES = ("email", "$email")


@dataclass(frozen=True)
class Merge:
    """One merge of a person. `source_id` and `target_id` are ids by which the two sides are known."""

    id: int
    source_id: str
    target_id: str
    reason: str
    moved_ids: int
    created_at: datetime
    undone_at: datetime | None
    can_undo: bool


@dataclass(frozen=True)
class Suggestion:
    """Another person who may be the same; `same` is "user" or "email"."""

    uuid: UUID
    distinct_id: str
    same: str


@dataclass(frozen=True)
class Identity:
    """The newest merges of a person, and suggestions; None where looking for them took too long."""

    merges: list[Merge]
    suggestions: list[Suggestion] | None


def identity_of(uuid: UUID) -> Identity:
    """Merges and suggestions of a person. **Errors**: `NotFound`."""
    root = find_root(uuid)
    return Identity(_merges(root), _suggestions(root))


def find_root(uuid: UUID) -> Person:
    """The person that a uuid leads to. **Errors**: `NotFound`."""
    node = Person.objects.select_related("merged_into").filter(uuid=uuid).first()
    if node is None:
        raise NotFound("there is no such person")
    return node.root


def find_other(text: str, than: UUID) -> Person:
    """The person with exactly this distinct id or uuid.

    **Errors**: `NotFound` where nobody has it, `BadInput` where it is the same person already.
    """
    wanted = text.strip().replace("\0", "")
    node = Person.objects.select_related("merged_into").filter(own_distinct_id__distinct_id=wanted).first()
    if node is None:
        try:
            node = Person.objects.select_related("merged_into").filter(uuid=UUID(wanted)).first()
        except ValueError:
            node = None
    if node is None:
        raise NotFound("nobody goes by exactly this distinct id or uuid")
    if node.root.pk == find_root(than).pk:
        raise BadInput("this id belongs to the same person already", code="nothing_to_merge")
    return node.root


def id_of(person: Person) -> str:
    """The oldest id by which a person is known; the uuid of one without any."""
    known = person_lists.distinct_ids_of([person.pk], each=1)[person.pk]
    return known[0] if known else str(person.uuid)


def _merges(root: Person) -> list[Merge]:
    nodes = Person.objects.filter(Q(pk=root.pk) | Q(merged_into=root)).values("pk")
    logs = MergeLog.objects.select_related("source", "target").filter(
        Q(source__in=nodes) | Q(target__in=nodes)
    )
    rows = list(logs.order_by("-pk")[:_MOST_MERGES])
    names = _names(side for row in rows for side in (row.source_id, row.target_id))
    return [
        Merge(
            id=row.pk,
            source_id=names.get(row.source_id, str(row.source.uuid)),
            target_id=names.get(row.target_id, str(row.target.uuid)),
            reason=row.reason,
            moved_ids=len(row.moved_nodes),
            created_at=row.created_at,
            undone_at=row.undone_at,
            can_undo=row.undone_at is None and row.source.merged_into_id is not None,
        )
        for row in rows
    ]


def _names(nodes: Iterable[int]) -> dict[int, str]:
    """The distinct id that each node owns."""
    owned = PersonDistinctId.objects.filter(person_id__in=set(nodes))
    return dict(owned.values_list("person_id", "distinct_id"))


def _suggestions(root: Person) -> list[Suggestion] | None:
    others = person_lists.everybody().exclude(pk=root.pk).order_by("-pk")
    try:
        with condition.limited(_LIMIT_S):
            found = []
            if root.user_id is not None:
                found += [(row, "user") for row in others.filter(user_id=root.user_id)[:_MOST_SUGGESTED]]
            for name in _ADDRESSES:
                address = root.properties.get(name)
                if isinstance(address, str) and "@" in address:
                    same = Q(properties__email=address) | Q(**{"properties__$email": address})
                    found += [(row, "email") for row in others.filter(same)[:_MOST_SUGGESTED]]
    except OperationalError:
        logger.info("looking for the same address took too long")
        return None
    once = {row.pk: (row, same) for row, same in reversed(found)}
    ids = person_lists.distinct_ids_of(once, each=1)
    chosen = list(once.values())[:_MOST_SUGGESTED]
    return [Suggestion(row.uuid, (ids[row.pk] or [str(row.uuid)])[0], same) for row, same in chosen]
