"""PostHog's capture protocol, v1: `POST /i/v1/analytics/events`, whose answer has a verdict for each event.

Headers say who sends and when, the body holds only events. What is wrong with the request refuses all of it; what is
wrong with one event refuses that event alone. Source: PostHog `rust/capture/src/v1`, the contracts of
`posthog-sdk-test-harness`, the SDKs posthog-python 7.91 and posthog-node 5.70.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from analytics.errors import BadInput, UnsupportedMedia
from analytics.ingestion.dialects.envelope import (
    Envelope,
    Wire,
    as_list,
    as_object,
    as_properties,
    bearer,
    one_token,
    refuse_recording,
)
from analytics.ingestion.event import Arrival, Event, Reason, Rejected
from analytics.ingestion.timestamps import parse_time

REQUEST_ID = "PostHog-Request-Id"
SDK_INFO = "PostHog-Sdk-Info"
ATTEMPT = "PostHog-Attempt"
REQUEST_TIMESTAMP = "PostHog-Request-Timestamp"
REQUIRED_HEADERS = ("Content-Type", "User-Agent", SDK_INFO, ATTEMPT, REQUEST_ID, REQUEST_TIMESTAMP)
MAX_NAME_CHARACTERS = 200  # of an event and of a distinct id: longer ones are refused here, not cut as in v0
_MAX_ECHO_CHARACTERS = 100  # of a uuid that is none; an answer need not repeat a novel
_MAX_SDK_INFO_CHARACTERS = 200
_POSITIVE = re.compile(r"[0-9]{1,9}")


def read(wire: Wire) -> Envelope:
    """The envelope of a v1 request.

    Errors: `NotAuthenticated`; `UnsupportedMedia` for another content type; `BadInput` for a header that is missing
    or unreadable, a body of another shape, no event at all, or a uuid that stands there twice.
    """
    token = one_token([bearer(wire.headers)], "`Authorization: Bearer <key>`")
    sent_at = _read_headers(wire.headers)
    outer = wire.data if isinstance(wire.data, dict) else {}
    items = as_list(outer.get("batch"), "batch")
    if not items:
        raise BadInput("`batch` holds no event; send at least one", code="empty_batch")
    if _rfc3339(outer.get("created_at")) is None:
        raise BadInput("`created_at` must be a time in RFC 3339, with its offset", code="invalid_batch")
    library = _library(wire.headers[SDK_INFO.lower()])
    return Envelope(
        token=token,
        items=[_from_library(item, library) for item in items] if library else items,
        sent_at=sent_at,
        is_historical=outer.get("historical_migration") is True,
        names=_names(items),
    )


def _read_headers(headers: Mapping[str, str]) -> datetime:
    """When the client sent this, once every header that v1 needs is there and readable."""
    missing = [name for name in REQUIRED_HEADERS if not headers.get(name.lower(), "").strip()]
    if missing:
        raise BadInput(f"headers are missing: {', '.join(missing)}", code="missing_required_headers")
    content_type = headers["content-type"].partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedMedia(
            f"Content-Type {content_type!r} is not read; send application/json",
            code="unsupported_content_type",
        )
    attempt = headers[ATTEMPT.lower()].strip()
    if not _POSITIVE.fullmatch(attempt) or int(attempt) < 1:
        raise _unreadable(ATTEMPT, "a whole number from 1")
    if not is_request_id(headers[REQUEST_ID.lower()]):
        raise _unreadable(REQUEST_ID, "a UUID")
    sent_at = _rfc3339(headers[REQUEST_TIMESTAMP.lower()])
    if sent_at is None:
        raise _unreadable(REQUEST_TIMESTAMP, "a time in RFC 3339, with its offset")
    return sent_at


def _unreadable(header: str, wanted: str) -> BadInput:
    return BadInput(f"the header {header} must be {wanted}", code="invalid_header_value")


def is_request_id(text: str) -> bool:
    """Whether this is a request id, which an answer repeats.

    Example:
        >>> is_request_id("0198c7a0-5a5e-7c3f-9d7e-1f2a3b4c5d6e"), is_request_id("17"), is_request_id("")
        (True, False, False)
    """
    return text.isascii() and text.isprintable() and _parsed(text) is not None


def _parsed(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None


def _rfc3339(given: Any) -> datetime | None:
    """The time that a text names, which must say its offset: as a guess, it would move every event."""
    if not isinstance(given, str):
        return None
    try:
        named = datetime.fromisoformat(given.strip())
    except ValueError:
        return None
    return parse_time(named) if named.tzinfo is not None else None


def _library(sdk_info: str) -> dict[str, str]:
    """`$lib` and `$lib_version` of "name/version"; nothing where the header says something else.

    Example:
        >>> _library("posthog-python/7.91.1")
        {'$lib': 'posthog-python', '$lib_version': '7.91.1'}
        >>> _library("curl")
        {}
    """
    name, _, version = (part.strip() for part in sdk_info.rpartition("/"))
    is_usable = name and version and len(sdk_info) <= _MAX_SDK_INFO_CHARACTERS
    if not is_usable or not sdk_info.isascii() or not sdk_info.isprintable():
        return {}
    return {"$lib": name, "$lib_version": version}


def _from_library(item: Any, library: dict[str, str]) -> Any:
    """The item with the SDK that brought it, which the header knows better than its properties."""
    properties = item.get("properties") or {} if isinstance(item, dict) else None
    return {**item, "properties": {**properties, **library}} if isinstance(properties, dict) else item


def _names(items: list[Any]) -> list[str]:
    """The uuid of each item as the client wrote it, which is what it will look for; empty where it wrote none.

    Errors: `BadInput` for a uuid that two items share: one verdict could not speak for both.
    """
    names: list[str] = []
    seen: set[uuid.UUID] = set()
    for item in items:
        given = item.get("uuid") if isinstance(item, dict) else None
        is_name = isinstance(given, str) and given.isascii() and len(given) <= _MAX_ECHO_CHARACTERS
        name = given if isinstance(given, str) and is_name else ""
        names.append(name)
        parsed = _parsed(name)
        if parsed is None:
            continue
        if parsed in seen:
            raise BadInput(
                f"two events of this batch have the uuid {parsed}; give each its own",
                code="duplicate_event_uuid",
            )
        seen.add(parsed)
    return names


def to_event(item: object, arrival: Arrival, index: int) -> Event:
    """One v1 item as an event.

    Errors: `Rejected` for what v1 does not take: no uuid, a name or id of another type or over 200 characters,
    options of another type, a session recording.
    """
    raw = as_object(item)
    refuse_recording(raw.get("event"))
    properties = as_properties(raw.get("properties"))
    _put_options(raw.get("options"), properties)
    unusable = [
        name for name in ("session_id", "window_id") if not _put_text(raw.get(name), f"${name}", properties)
    ]
    event = Event(
        arrival=arrival,
        index=index,
        given_name=_name(raw.get("event"), "event", Reason.INVALID_EVENT_NAME),
        given_distinct_id=_name(raw.get("distinct_id"), "distinct_id", Reason.INVALID_DISTINCT_ID),
        given_uuid=_given_uuid(raw.get("uuid")),
        given_timestamp=raw.get("timestamp"),
        properties=properties,
    )
    if parse_time(event.given_timestamp) is None:
        unusable.append("timestamp")
    for name in unusable:
        event.warn(f"{name}_not_usable")
    return event


def _given_uuid(given: Any) -> str:
    """The uuid's text; whether it is one is for the pipeline to say."""
    if not isinstance(given, str) or not given.strip():
        raise Rejected(Reason.INVALID_UUID, "`uuid` is missing; send one for each event")
    return given.strip()


def _name(given: Any, field: str, reason: Reason) -> str | None:
    """The text of an event's name or distinct id; that it is there is for the pipeline to say."""
    if given is None:
        return None
    if not isinstance(given, str):
        raise Rejected(reason, f"`{field}` must be a text")
    text = given.strip()
    if len(text) > MAX_NAME_CHARACTERS:
        raise Rejected(reason, f"`{field}` has {len(text)} characters; the limit is {MAX_NAME_CHARACTERS}")
    return text


def _put_text(given: Any, name: str, properties: dict[str, Any]) -> bool:
    """Set a property to a text, which beats what the properties say; False where it is something else."""
    if isinstance(given, str):
        properties[name] = given
    return given is None or isinstance(given, str)


def _as_flag(given: Any) -> bool | None:
    """True or false, in the spellings that v1 takes; None for anything else."""
    if isinstance(given, bool):
        return given
    if isinstance(given, int | float):
        return given != 0
    spelled = given.strip().lower() if isinstance(given, str) else ""
    return {"true": True, "1": True, "false": False, "0": False}.get(spelled)


def _as_word(given: Any) -> str | None:
    """A text, also of a whole number; None for anything else."""
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given if isinstance(given, str) else None


# Option of an event, the property that says the same in v0, how it is read, and what it must be.
_OPTIONS: tuple[tuple[str, str, Callable[[Any], Any], str], ...] = (
    ("cookieless_mode", "$cookieless_mode", _as_flag, "true or false"),
    ("disable_skew_correction", "$ignore_sent_at", _as_flag, "true or false"),
    ("process_person_profile", "$process_person_profile", _as_flag, "true or false"),
    ("product_tour_id", "$product_tour_id", _as_word, "a text"),
)


def _put_options(options: Any, properties: dict[str, Any]) -> None:
    """The options as the properties that the pipeline knows; unknown options are ignored."""
    if options is None:
        return
    if not isinstance(options, dict):
        raise Rejected(Reason.INVALID_OPTIONS, "`options` must be a JSON object")
    for option, name, as_value, wanted in _OPTIONS:
        if options.get(option) is None:
            continue
        value = as_value(options[option])
        if value is None:
            raise Rejected(Reason.INVALID_OPTIONS, f"`options.{option}` must be {wanted}")
        properties[name] = value
