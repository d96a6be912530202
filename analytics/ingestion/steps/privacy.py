"""Steps that decide what is not kept: the sender's address (`ANALYTICS_IP_MODE`), denied and unlisted properties.

A denied property is gone before any other step can read it, so neither a column nor a refused event's body has it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Any

import orjson
from django.conf import settings

from analytics import conf
from analytics.ingestion.event import Event

_ADDRESS_PROPERTIES = ("$ip", "ip")
#: Properties of a person or group travel in these.
_NESTED = ("$set", "$set_once", "$group_set")


def drop_denied_properties(event: Event) -> None:
    """Take away what `ANALYTICS_DENIED_PROPERTIES` names, and from persons and groups also what is not allowed.

    The receipt says how many they were, never what they held.
    """
    given, properties = conf.get(), event.properties
    if not (given.denied_properties or given.allowed_properties) or not isinstance(properties, dict):
        return
    denied = [name for name in properties if name in given.denied_properties]
    count = len(denied)
    for name in denied:
        del properties[name]
    for holder in _NESTED:
        if isinstance(inner := properties.get(holder), dict):
            properties[holder] = {name: value for name, value in inner.items() if _is_allowed(name, given)}
            count += len(inner) - len(properties[holder])
    if count:
        event.warn(f"denied_properties_removed: {count}")


def drop_unlisted_properties(event: Event) -> None:
    """Where `ANALYTICS_ALLOWED_PROPERTIES` names any, no other one is kept.

    Names that begin with `$` are the SDKs' own and stay; deny those that shall not. The columns of an event are filled
    before this, so the list does not have to name what they are made of.
    """
    given = conf.get()
    if not given.allowed_properties:
        return
    unlisted = [name for name in event.properties if not _is_allowed(name, given)]
    for name in unlisted:
        del event.properties[name]
    if unlisted:
        event.warn(f"unlisted_properties_removed: {len(unlisted)}")


def cleaned_body(body: bytes) -> bytes:
    """What may be kept of the body of an event that its dialect refused: nothing that is denied.

    Nothing at all where only listed properties may be kept, since nobody knows what is a property in it, or where it
    cannot be read.
    """
    given = conf.get()
    if given.allowed_properties:
        return b""
    if not given.denied_properties:
        return body
    try:
        return orjson.dumps(_without(orjson.loads(body), frozenset(given.denied_properties)))
    except (orjson.JSONDecodeError, TypeError):
        return b""


def _is_allowed(name: str, given: conf.AnalyticsSettings) -> bool:
    if name in given.denied_properties:
        return False
    return not given.allowed_properties or name in given.allowed_properties or name.startswith("$")


def _without(value: Any, denied: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, denied) for name, inner in value.items() if name not in denied}
    return [_without(inner, denied) for inner in value] if isinstance(value, list) else value


def put_address(event: Event) -> None:
    """The address by setting: `cut` to its network (default), `full`, `hash` or `none`.

    A server's SDK says `$geoip_disable` because the address is the server's, not the person's: then none is kept.
    """
    properties = event.properties
    given = None
    for name in _ADDRESS_PROPERTIES:
        given = properties.pop(name, None) or given
    if given is None and properties.get("$geoip_disable") is True:
        return
    address = given if isinstance(given, str) else event.arrival.ip
    mode = conf.get().ip_mode
    if mode == "hash" and address:
        properties["$ip_hash"] = hashed(address, event)
    elif mode in ("cut", "full"):
        event.ip_address = kept(address, mode)


def kept(address: str, mode: str) -> str | None:
    """The stored form of an address; None where it is no address.

    Example:
        >>> kept("203.0.113.77", "cut"), kept("2001:db8:1:2::3", "cut"), kept("nonsense", "cut")
        ('203.0.113.0', '2001:db8:1::', None)
    """
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return None
    if mode == "full":
        return str(parsed)
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)


def hashed(address: str, event: Event) -> str:
    """A keyed hash that changes every day (UTC), so that nobody is followed across days by it."""
    day = event.arrival.received_at.date().isoformat()
    key = f"{settings.SECRET_KEY}:{day}".encode()
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()[:32]
