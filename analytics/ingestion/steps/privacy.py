"""Step that decides how much of the sender's address is kept (`ANALYTICS_IP_MODE`)."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

from django.conf import settings

from analytics import conf
from analytics.ingestion.event import Event

_ADDRESS_PROPERTIES = ("$ip", "ip")


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
