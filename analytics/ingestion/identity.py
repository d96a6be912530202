"""Who an event belongs to, and what it changes about them: nodes, merges, person and group properties.

Runs inside the commit's transaction, over all its events in the order received. Rules of a merge of `source` into
`target` (Source: PostHog `person-merge-service.ts`): the same person, nothing to do; one of the ids is new, attach
it to the other's person; both known, merge unless the source is already identified, which only
`$merge_dangerously` overrides. The target's properties win, the oldest `created_at` stays, the result is identified.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from analytics.errors import Unavailable
from analytics.ingestion.event import Event, MergeKind, PersonChange
from analytics.models import MergeLog, Person, PersonGroup
from analytics.store import persons as store

# Ids that many devices share by mistake; merging by them would melt strangers into one person.
# Source: PostHog's list, v0 and v1.
SHARED_IDS = frozenset(
    {
        "", "anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined",
        "null", "none", "nan", "true", "false", "0", "[object object]", "backend", "system", "user",
        "anonymous-user", "00000000-0000-0000-0000-000000000000",
    }
)  # fmt: skip
_MAX_RESOLVES = 4


def is_shared_id(distinct_id: str) -> bool:
    """Whether an id cannot mean one person.

    Example:
        >>> is_shared_id(" 'Undefined' "), is_shared_id("u-17")
        (True, False)
    """
    return distinct_id.strip().strip("'\"").strip().lower() in SHARED_IDS


@dataclass(slots=True)
class _Identities:
    """The nodes of one commit, and the roots that it may change."""

    nodes: dict[str, store.Node]
    roots: dict[int, Person]
    known: set[str]  # ids with a profile before the event at hand
    moved: dict[int, int] = field(default_factory=dict)  # node id to its new root id
    merges: list[MergeLog] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)

    def root(self, distinct_id: str) -> Person:
        return self.roots[self.nodes[distinct_id].root_id]


def resolve(events: Sequence[Event]) -> None:
    """Give every event its node, and apply what the events say about persons and groups."""
    nodes, known = _nodes_of(events)
    for event in events:
        if not event.is_group_only:
            event.person_id = nodes[event.distinct_id].id
    _link_users(events, nodes)
    _apply_groups(events)
    changing = [event for event in events if _may_change(event, nodes)]
    if changing:
        _apply(changing, nodes, known)


def _nodes_of(events: Sequence[Event]) -> tuple[dict[str, store.Node], set[str]]:
    """Nodes of all ids that the events name, made where missing; and the ids known before."""
    wanted: dict[str, store.NewNode] = {}
    for event in events:
        if event.is_group_only:
            continue
        for distinct_id in _ids_of(event):
            node = wanted.get(distinct_id)
            if node is None:
                at = event.timestamp or event.arrival.received_at
                wanted[distinct_id] = store.NewNode(distinct_id, event.has_person, at)
            elif event.has_person:
                node.has_profile = True
    nodes = store.find_nodes(wanted)
    known = {distinct_id for distinct_id, node in nodes.items() if node.has_profile}
    missing = [node for distinct_id, node in wanted.items() if distinct_id not in nodes]
    if missing:
        store.add_nodes(missing)
        nodes |= store.find_nodes(node.distinct_id for node in missing)
    return nodes, known


def _ids_of(event: Event) -> tuple[str, ...]:
    change = event.person_change
    if change is None or not change.merge_from:
        return (event.distinct_id,)
    change.merge_from = change.merge_from[:200]
    if is_shared_id(change.merge_from) or is_shared_id(event.distinct_id):
        event.warn("shared_id_not_merged")
        change.merge_from = ""
        return (event.distinct_id,)
    return (event.distinct_id, change.merge_from)


def _may_change(event: Event, nodes: dict[str, store.Node]) -> bool:
    if event.is_group_only:
        return False
    return event.person_change is not None or (event.has_person and not nodes[event.distinct_id].has_profile)


def _link_users(events: Sequence[Event], nodes: dict[str, store.Node]) -> None:
    """Remember which Django user a node is, where the server itself knows it."""
    users = {
        nodes[event.distinct_id].id: event.arrival.user_id
        for event in events
        if event.arrival.user_id is not None and not event.is_group_only
    }
    for node_id, user_id in users.items():
        Person.objects.filter(id=node_id, user=None).update(user_id=user_id)


def _apply_groups(events: Iterable[Event]) -> None:
    for event in events:
        change = event.group_change
        if change is None:
            continue
        group, _ = PersonGroup.objects.select_for_update().get_or_create(
            group_type=change.group_type, group_key=change.group_key
        )
        group.properties = {**group.properties, **change.set}
        group.save(update_fields=["properties", "updated_at"])


def _apply(events: Sequence[Event], nodes: dict[str, store.Node], known: set[str]) -> None:
    roots = _locked_roots(events, nodes)
    state = _Identities(nodes, roots, known)
    for event in events:
        if state.nodes[event.distinct_id].root_id not in roots:
            continue  # nothing that this event asks for differs from what is there
        _apply_one(event, state)
        if event.has_person:
            known.add(event.distinct_id)
    store.move_nodes(state.moved)
    store.update_persons([roots[id_] for id_ in sorted(state.changed)])
    MergeLog.objects.bulk_create(state.merges)


def _locked_roots(events: Sequence[Event], nodes: dict[str, store.Node]) -> dict[int, Person]:
    """The roots that the events will change, locked, with `nodes` brought up to date.

    A merge elsewhere may move a root between our look and our lock; then we look again.
    """
    for _ in range(_MAX_RESOLVES):
        ids = {nodes[text].root_id for event in events for text in _ids_of(event)}
        seen = store.read_persons(ids, lock=False)
        needed = {
            nodes[text].root_id
            for event in events
            if _differs(event, seen.get(nodes[event.distinct_id].root_id))
            for text in _ids_of(event)
        }
        roots = store.read_persons(needed, lock=True)
        if len(roots) == len(needed) and all(p.merged_into_id is None for p in roots.values()):
            return roots
        nodes |= store.find_nodes(nodes)
    raise Unavailable("persons are being merged at this moment; send again")


def _differs(event: Event, person: Person | None) -> bool:
    """Whether the event could change anything about the person as just read."""
    change = event.person_change
    if person is None or change is None or change.merge_from or not person.has_profile:
        return True
    now = person.properties
    return (
        (change.is_identify and not person.is_identified)
        or any(now.get(name, _MISSING) != value for name, value in change.set.items())
        or any(name not in now for name in change.set_once)
        or any(name in now for name in change.unset)
    )


_MISSING = object()


def _apply_one(event: Event, state: _Identities) -> None:
    change = event.person_change or PersonChange()
    if change.merge_from:
        _merge(event, change, state)
    person = state.root(event.distinct_id)
    properties = {**change.set_once, **person.properties, **change.set}
    for name in change.unset:
        properties.pop(name, None)
    if change.is_identify:
        person.is_identified = True
    person.properties = properties
    person.has_profile = person.has_profile or event.has_person
    state.changed.add(person.id)


def _merge(event: Event, change: PersonChange, state: _Identities) -> None:
    source, target = state.root(change.merge_from), state.root(event.distinct_id)
    if source.id == target.id:
        return
    source_known = change.merge_from in state.known
    target_known = event.distinct_id in state.known
    state.known.add(change.merge_from)
    if source_known and not target_known:
        source, target = target, source  # the new id joins the person that exists
    elif source_known and source.is_identified and change.merge_kind is not MergeKind.DANGEROUS:
        event.warn("cannot_merge_already_identified")
        return
    _join(state, target, source, reason=str(change.merge_kind), event_uuid=event.uuid)


def _join(
    state: _Identities, target: Person, source: Person, *, reason: str, event_uuid: UUID | None
) -> None:
    """Make every node of `source` count as `target`, and log how to take it back."""
    moving = set(store.nodes_under(source.id))
    moving |= {id_ for id_, root_id in state.moved.items() if root_id == source.id}
    moving -= {id_ for id_, root_id in state.moved.items() if root_id != source.id}
    state.merges.append(
        MergeLog(
            target=target,
            source=source,
            reason=reason,
            event_uuid=event_uuid,
            moved_nodes=sorted(moving),
            target_before={
                "properties": target.properties,
                "created_at": target.created_at.isoformat(),
                "is_identified": target.is_identified,
            },
        )
    )
    for node_id in moving:
        state.moved[node_id] = target.id
    for node in state.nodes.values():
        if node.root_id == source.id:
            node.root_id = target.id
    target.properties = {**source.properties, **target.properties}
    target.created_at = min(target.created_at, source.created_at)
    target.is_identified = True
    target.has_profile = True
    source.has_profile = True
    state.changed |= {target.id, source.id}


def merge_persons(target: Person, sources: Sequence[Person], reason: str) -> list[MergeLog]:
    """Merge persons by hand, inside the caller's transaction; returns the log rows, each undoable."""
    ids = [target.id, *(source.id for source in sources)]
    roots = store.read_persons(ids, lock=True)
    state = _Identities({}, roots, set())
    for source in sources:
        if source.id != target.id:
            _join(state, roots[target.id], roots[source.id], reason=reason, event_uuid=None)
    store.move_nodes(state.moved)
    store.update_persons([roots[id_] for id_ in sorted(state.changed)])
    return MergeLog.objects.bulk_create(state.merges)


def split(merge: MergeLog, root: Person, source: Person) -> None:
    """Take one merge back: its nodes return to `source`, and `root` loses what only `source` had brought."""
    before: dict[str, Any] = merge.target_before.get("properties", {})
    for name, value in source.properties.items():
        if name not in before and root.properties.get(name, _MISSING) == value:
            del root.properties[name]
    store.move_nodes(dict.fromkeys(merge.moved_nodes, source.id))
    store.update_persons([root, source])
