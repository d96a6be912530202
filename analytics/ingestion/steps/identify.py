"""Steps that read what an event says about its person: merges, properties, groups.

Only reads the wire; who wins a merge is decided in `analytics.ingestion.identity`, inside the transaction.
Source: PostHog person processing; the direction of an alias is what the wire says, whatever the SDK's
function called its arguments.
"""

from __future__ import annotations

from typing import Any

from analytics.ingestion.event import (
    Event,
    GroupChange,
    MergeKind,
    PersonChange,
    Reason,
    Rejected,
)

IDENTIFY = "$identify"
GROUP_IDENTIFY = "$groupidentify"
_ALIASES = {
    "$create_alias": MergeKind.ALIAS,
    "$merge_dangerously": MergeKind.DANGEROUS,
}
IDENTITY_EVENTS = frozenset({IDENTIFY, GROUP_IDENTIFY, *_ALIASES})


def put_person_change(event: Event) -> None:
    """The merge, person properties and group properties that the event asks for."""
    properties = event.properties
    name = event.event_name
    event.has_person = properties.get("$process_person_profile") is not False
    event.session_id = event.session_id or _text(properties.get("$session_id"))
    if name == GROUP_IDENTIFY:
        event.is_group_only = True
        event.group_change = _group_change(properties)
        return
    change = PersonChange(
        set=_object(properties.get("$set")),
        set_once=_object(properties.get("$set_once")),
        unset=_names(properties.get("$unset")),
    )
    if name == IDENTIFY:
        change.is_identify = True
        change.merge_from = _text(properties.get("$anon_distinct_id"))
    elif name in _ALIASES:
        change.merge_from = _text(properties.get("alias"))
        change.merge_kind = _ALIASES[name]
    if change.set or change.set_once or change.unset or change.is_identify or change.merge_from:
        event.person_change = change
    if change.merge_from:
        event.anonymous_id = event.anonymous_id or change.merge_from


def drop_personless_identity(event: Event) -> None:
    """With person processing off, an event about a person has nothing left to say."""
    if event.has_person:
        return
    event.person_change = None
    if event.event_name in IDENTITY_EVENTS:
        raise Rejected(
            Reason.PERSON_PROCESSING_OFF,
            f"{event.event_name} needs person processing; remove `$process_person_profile: false`",
        )


def _group_change(properties: dict[str, Any]) -> GroupChange | None:
    group_type = _text(properties.get("$group_type"))
    group_key = _text(properties.get("$group_key"))
    if not group_type or not group_key:
        return None
    return GroupChange(group_type[:200], group_key[:200], _object(properties.get("$group_set")))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
