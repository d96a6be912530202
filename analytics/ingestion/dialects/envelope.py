"""What all dialects share: the request as it came, and the envelope that a dialect reads from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analytics.errors import MalformedBody, NotAuthenticated
from analytics.ingestion.event import Reason, Rejected

MAX_TOKEN_LENGTH = 64


@dataclass(slots=True, frozen=True)
class Wire:
    """One request, undecoded in meaning: header names in lower case, `data` the parsed JSON."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    data: Any
    received_at: datetime


@dataclass(slots=True)
class Envelope:
    """The parts of a request that stand around its events."""

    token: str
    items: list[Any]
    sent_at: datetime | None = None
    is_historical: bool = False
    is_single: bool = False  # one bare event: its fault is the request's fault
    names: list[str] = field(default_factory=list)  # what an answer calls each item; empty: by its uuid


def bearer(headers: Mapping[str, str]) -> str:
    """The credentials of `Authorization: Bearer`; empty where there are none."""
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    return credentials if scheme.lower() == "bearer" else ""


def one_token(candidates: list[Any], place: str = "`api_key`") -> str:
    """The one key that a request names; `place` is where a request without one should put it.

    Errors: `NotAuthenticated` when there is none, more than one, or one that cannot be a key.
    """
    tokens = {token.strip() for token in candidates if isinstance(token, str) and token.strip()}
    if not tokens:
        raise NotAuthenticated(f"the request names no ingest key; send it as {place}", code="missing_key")
    if len(tokens) > 1:
        raise NotAuthenticated("the request names several ingest keys; send one", code="several_keys")
    token = tokens.pop()
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii() or not token.isprintable():
        raise NotAuthenticated("the ingest key is malformed", code="invalid_key")
    if token.startswith("phx_"):
        raise NotAuthenticated(
            "this is a personal API key; send the ingest key (lk_...)", code="personal_key"
        )
    return token


def as_object(item: Any) -> dict[str, Any]:
    """The item itself, when it is a JSON object.

    Errors: `Rejected`.
    """
    if not isinstance(item, dict):
        raise Rejected(Reason.NOT_AN_OBJECT, "an event must be a JSON object")
    return item


def as_properties(given: Any) -> dict[str, Any]:
    """A copy of an item's properties; nothing at all counts as an empty object.

    Errors: `Rejected`.
    """
    if given is not None and not isinstance(given, dict):
        raise Rejected(Reason.INVALID_PROPERTIES, "`properties` must be a JSON object")
    return dict(given or {})


def refuse_recording(name: Any) -> None:
    """Refuse a session recording, which this product does not keep.

    Errors: `Rejected`.
    """
    if name == "$snapshot":
        raise Rejected(Reason.UNSUPPORTED_EVENT, "session recordings are not kept; switch them off")


def as_list(items: Any, what: str) -> list[Any]:
    """The items themselves, when they are a JSON array.

    Errors: `MalformedBody`.
    """
    if not isinstance(items, list):
        raise MalformedBody(f"`{what}` must be an array of events")
    return items
