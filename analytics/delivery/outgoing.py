"""An event as it may leave the house: who and what and when, and of its properties those on the list, nothing else.

`ANALYTICS_FORWARD_PROPERTIES` is the list, empty by default. It holds for properties of events and of persons alike
(`$set`, `$set_once`, `$group_set`), and for columns under the names of PostHog's properties.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics import conf
from analytics.models import UserEvent

#: Properties that stand in columns of their own.
_COLUMNS = {
    "$browser": "browser",
    "$current_url": "page_url",
    "$device_type": "device_type",
    "$ip": "ip_address",
    "$os": "os",
    "$pathname": "page_path",
    "$raw_user_agent": "user_agent",
    "$referrer": "referrer",
    "$session_id": "session_id",
}
#: What changes persons and groups: let through by what is inside, whatever the list says of the whole.
_CHANGES = ("$set", "$set_once", "$unset", "$group_set")
#: Without these the other side would count persons differently: ids, as the distinct id itself is one.
_IDENTITY = {
    "$identify": ("$anon_distinct_id",),
    "$create_alias": ("alias",),
    "$merge_dangerously": ("alias",),
    "$groupidentify": ("$group_type", "$group_key"),
}


@dataclass(frozen=True)
class OutgoingEvent:
    """What a sink gets of an event."""

    uuid: UUID
    event_name: str
    distinct_id: str
    timestamp: datetime
    properties: Mapping[str, Any]


def to_outgoing(event: UserEvent) -> OutgoingEvent:
    """The event without what may not leave."""
    return OutgoingEvent(
        uuid=event.uuid,
        event_name=event.event_name,
        distinct_id=event.distinct_id,
        timestamp=event.timestamp,
        properties=_allowed(event, frozenset(conf.get().forward_properties)),
    )


def _allowed(event: UserEvent, names: Collection[str]) -> dict[str, Any]:
    given: Mapping[str, Any] = event.metadata if isinstance(event.metadata, dict) else {}
    properties = {name: given[name] for name in names if name in given and name not in _CHANGES}
    for name in names:
        if name in _COLUMNS and name not in properties and getattr(event, _COLUMNS[name]):
            properties[name] = getattr(event, _COLUMNS[name])
    for name in _CHANGES:
        if kept := _of_list(given.get(name), names):
            properties[name] = kept
    for name in _IDENTITY.get(event.event_name, ()):
        if name in given:
            properties[name] = given[name]
    if given.get("$process_person_profile") is False:
        properties["$process_person_profile"] = False
    return properties


def _of_list(change: Any, names: Collection[str]) -> Any:
    """Of properties that are set, or names of those that are removed, the ones on the list."""
    if isinstance(change, dict):
        return {key: value for key, value in change.items() if key in names}
    if isinstance(change, list):
        return [name for name in change if isinstance(name, str) and name in names]
    return None
