"""Merging persons by hand and taking any merge back: the public acts, each one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from analytics import clock
from analytics.errors import BadInput, Conflict, NotFound
from analytics.ingestion import identity
from analytics.models import MergeLog, Person, UserEvent
from analytics.store import persons as store


@dataclass(frozen=True)
class MergePreview:
    """What a merge joins, before it does (`merge_ids` empty) or after."""

    persons: int
    distinct_ids: int
    events: int
    merge_ids: list[int]


def merge(target: UUID, sources: Sequence[UUID], *, dry_run: bool = False) -> MergePreview:
    """Merge the `sources` into the `target`; with `dry_run` only say what it would join.

    **Units**: `events` counts stored rows of the database, without archived ones.
    **Errors**: `NotFound` for a uuid that names no person, `BadInput` for nothing to merge.
    """
    with transaction.atomic():
        people = [_root(uuid) for uuid in dict.fromkeys([target, *sources])]
        people = list({person.id: person for person in people}.values())
        if len(people) < 2:
            raise BadInput("name at least one other person to merge", code="nothing_to_merge")
        nodes = [node for person in people for node in store.nodes_under(person.id)]
        events = UserEvent.objects.filter(person_id__in=nodes).count()
        logs = [] if dry_run else identity.merge_persons(people[0], people[1:], "manual")
    return MergePreview(len(people), len(nodes), events, [log.id for log in logs])


def undo(merge_id: int) -> MergeLog:
    """Take one merge back; both sides are persons of their own again, with their events.

    Events that arrived since then go with the id that brought them. Errors: `NotFound`, `Conflict` when it is
    undone already.
    """
    with transaction.atomic():
        log = MergeLog.objects.select_for_update().filter(id=merge_id).first()
        if log is None:
            raise NotFound(f"there is no merge {merge_id}")
        if log.undone_at is not None:
            raise Conflict("this merge has been undone already", code="already_undone")
        root_id = Person.objects.values_list("merged_into_id", flat=True).get(id=log.source_id)
        if root_id is None:
            raise Conflict("the source is a person of its own already", code="already_split")
        locked = store.read_persons([root_id, log.source_id], lock=True)
        identity.split(log, locked[root_id], locked[log.source_id])
        log.undone_at = clock.now()
        log.save(update_fields=["undone_at"])
    return log


def _root(uuid: UUID) -> Person:
    person = Person.objects.select_related("merged_into").filter(uuid=uuid).first()
    if person is None:
        raise NotFound(f"there is no person {uuid}")
    return person.root
