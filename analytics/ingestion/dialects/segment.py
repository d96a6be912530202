"""Segment's HTTP tracking protocol: `/v1/batch`, `/v1/track` ... and the browser's `/v1/t` ... `/v1/b`.

Source: Segment HTTP API documentation; segment-analytics-python 2.4, @segment/analytics-node 3.1.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime
from typing import Any

from analytics.errors import BadInput
from analytics.ingestion.dialects.envelope import (
    Envelope,
    Wire,
    as_list,
    as_object,
    bearer,
    one_token,
)
from analytics.ingestion.event import Arrival, Event, Reason, Rejected
from analytics.ingestion.timestamps import parse_time

MAX_BATCH_MESSAGES = 2500
# Namespace of uuids made from message ids that are no UUID ("node-next-1700000000-...").
MESSAGE_IDS = uuid.UUID("c2c0a3f4-5a0e-4e0e-9a56-3d1b2c9a7f10")

_TYPE_OF_PATH = {
    "t": "track",
    "track": "track",
    "i": "identify",
    "identify": "identify",
    "p": "page",
    "page": "page",
    "s": "screen",
    "screen": "screen",
    "g": "group",
    "group": "group",
    "a": "alias",
    "alias": "alias",
}


def read(wire: Wire) -> Envelope:
    """The envelope of a tracking request.

    Errors: `MalformedBody`, `NotAuthenticated`, `BadInput` over 2,500 messages.
    """
    outer = wire.data if isinstance(wire.data, dict) else {}
    last = wire.path.rstrip("/").rsplit("/", 1)[-1]
    is_single = last in _TYPE_OF_PATH
    if is_single:
        items: list[Any] = [{"type": _TYPE_OF_PATH[last], **outer}]
    else:
        items = as_list(outer.get("batch"), "batch")
    if len(items) > MAX_BATCH_MESSAGES:
        raise BadInput(
            f"a batch holds at most {MAX_BATCH_MESSAGES} messages; split it", code="batch_too_long"
        )
    context = outer.get("context")
    if isinstance(context, dict) and not is_single:
        items = [_in_context(item, context) for item in items]
    return Envelope(
        token=_token(outer, wire),
        items=items,
        sent_at=parse_time(outer.get("sentAt")),
        is_single=is_single,
    )


def _in_context(item: Any, context: dict[str, Any]) -> Any:
    """The item with the batch's context; its own wins."""
    return (
        {**item, "context": {**context, **_object(item.get("context"))}} if isinstance(item, dict) else item
    )


def _token(outer: dict[str, Any], wire: Wire) -> str:
    """The body's `writeKey`, else HTTP Basic with the key as user name, else Bearer."""
    if outer.get("writeKey"):
        return one_token([outer["writeKey"]])
    scheme, _, credentials = wire.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(credentials.strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            decoded = ""
        return one_token([decoded.partition(":")[0]])
    return one_token([bearer(wire.headers)], "`writeKey`")


def to_event(item: object, arrival: Arrival, index: int) -> Event:
    """One Segment message as an event.

    Errors: `Rejected` for an unknown `type`.
    """
    raw = as_object(item)
    kind = raw.get("type")
    build = _BUILDERS.get(kind) if isinstance(kind, str) else None
    if build is None:
        raise Rejected(
            Reason.UNKNOWN_MESSAGE_TYPE, "`type` must be track, identify, page, screen, group or alias"
        )
    name, properties = build(raw)
    context = _object(raw.get("context"))
    _put_context(properties, context)
    user_id, anonymous_id = raw.get("userId"), raw.get("anonymousId")
    event = Event(
        arrival=arrival,
        index=index,
        given_name=name,
        given_distinct_id=user_id if user_id not in (None, "") else anonymous_id,
        given_uuid=_uuid(raw.get("messageId"), properties),
        given_timestamp=raw.get("originalTimestamp") or raw.get("timestamp"),
        properties=properties,
    )
    event.anonymous_id = str(anonymous_id) if anonymous_id not in (None, "") else ""
    return event


def sent_at_of(item: object) -> datetime | None:
    """The `sentAt` of a single message, for requests whose envelope has none."""
    return parse_time(item.get("sentAt")) if isinstance(item, dict) else None


def _uuid(message_id: Any, properties: dict[str, Any]) -> uuid.UUID | None:
    """The message id as the event's uuid; one that is no UUID is kept beside its derived one."""
    if not isinstance(message_id, str) or not message_id:
        return None
    try:
        return uuid.UUID(message_id)
    except ValueError:
        properties["$message_id"] = message_id[:100]
        return uuid.uuid5(MESSAGE_IDS, message_id.encode("utf-8", "backslashreplace").decode())


def _object(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _track(raw: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return raw.get("event"), _object(raw.get("properties"))


def _identify(raw: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    properties: dict[str, Any] = {"$set": _object(raw.get("traits"))}
    user_id, anonymous_id = raw.get("userId"), raw.get("anonymousId")
    if user_id not in (None, "") and anonymous_id not in (None, ""):
        properties["$anon_distinct_id"] = anonymous_id
    # An identify without a user id only describes the device: no one becomes identified by it.
    return ("$identify" if user_id not in (None, "") else "$set"), properties


def _page(raw: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    properties = _object(raw.get("properties"))
    for source, target in (("url", "$current_url"), ("path", "$pathname"), ("referrer", "$referrer")):
        if source in properties:
            properties.setdefault(target, properties[source])
    _put_label(raw, properties)
    return "$pageview", properties


def _screen(raw: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    properties = _object(raw.get("properties"))
    _put_label(raw, properties)
    properties.setdefault("$screen_name", raw.get("name"))
    return "$screen", properties


def _put_label(raw: dict[str, Any], properties: dict[str, Any]) -> None:
    for name in ("name", "category"):
        if raw.get(name):
            properties.setdefault(name, raw[name])


def _group(raw: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    traits = _object(raw.get("traits"))
    group_type = str(traits.get("type") or traits.get("groupType") or "group")
    return "$groupidentify", {
        "$group_type": group_type,
        "$group_key": raw.get("groupId"),
        "$group_set": traits,
        "$groups": {group_type: raw.get("groupId")},
    }


def _alias(raw: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "$create_alias", {"alias": raw.get("previousId")}


_BUILDERS = {
    "track": _track,
    "identify": _identify,
    "page": _page,
    "screen": _screen,
    "group": _group,
    "alias": _alias,
}


def _put_context(properties: dict[str, Any], context: dict[str, Any]) -> None:
    """What Segment says beside the event, under the names that the pipeline knows."""
    library = _object(context.get("library"))
    page = _object(context.get("page"))
    known: dict[str, Any] = {
        "$lib": library.get("name"),
        "$lib_version": library.get("version"),
        "$ip": context.get("ip"),
        "$user_agent": context.get("userAgent"),
        "$current_url": page.get("url"),
        "$pathname": page.get("path"),
        "$referrer": page.get("referrer"),
        "$os": _object(context.get("os")).get("name"),
        "$device_type": _object(context.get("device")).get("type"),
        "$locale": context.get("locale"),
        "$timezone": context.get("timezone"),
        "$session_id": context.get("sessionId"),
    }
    for name, value in _object(context.get("campaign")).items():
        known[f"utm_{'campaign' if name == 'name' else name}"] = value
    if isinstance(context.get("groupId"), str):
        known["$groups"] = {"group": context["groupId"]}
    for name, value in known.items():
        if value is not None:
            properties.setdefault(name, value)
