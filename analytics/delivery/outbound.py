"""The one way by which deliveries leave the house: HTTP to an address that was looked up, checked and pinned.

Every address of the name is checked before any is used, and the connection goes to the very address that was checked,
so a name that resolves inward, or to something else a moment later, reaches nothing. Redirects are answers like any
other, proxies of the environment are not used, and time and sizes are bounded.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

from analytics import conf
from analytics.delivery.addresses import Address, is_public, may_be_inside

#: For the whole exchange. Receivers of webhooks are expected to take the message and work on it later.
TIMEOUT_S = 10.0
#: What is read of an answer: enough for an error to show what was wrong.
MAX_ANSWER_BYTES = 64 * 1024
MAX_BODY_BYTES = 8 * 1024 * 1024
_MAX_URL_LENGTH = 2000
_PORTS = {"https": 443, "http": 80}


class NotDelivered(Exception):
    """Nothing, or nothing whole, came back: the receiver may or may not have taken the request."""


class Forbidden(NotDelivered):
    """The address is not one that may be sent to; no connection was made."""


@dataclass(frozen=True)
class Answer:
    """What came back; header names are in lower case, of the body there are the first `MAX_ANSWER_BYTES`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def retry_after_s(self) -> float | None:
        """`Retry-After` in seconds; None without one, or where it is a date."""
        given = self.headers.get("retry-after", "").strip()
        return float(given) if given.isdecimal() and len(given) < 10 else None


@dataclass(frozen=True)
class Place:
    """A URL taken apart, as far as it can be judged without looking its name up."""

    scheme: str
    host: str
    port: int
    target: str
    is_inside: bool  # named in `ANALYTICS_OUTBOUND_PRIVATE_HOSTS`


def find_place(url: str, *, needs_tls: bool = True) -> Place:
    """The place of a URL. **Errors**: `Forbidden` with the rule that it breaks."""
    if len(url) > _MAX_URL_LENGTH or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise Forbidden("the URL is too long, or holds spaces or control characters")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        host = host if ":" in host else host.encode("idna").decode()
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except (ValueError, UnicodeError) as error:
        raise Forbidden("this is not a URL") from error
    if parts.scheme not in _PORTS or not host:
        raise Forbidden("only https:// and http:// URLs with a host")
    if "@" in parts.netloc:
        raise Forbidden("no user name or password in the URL")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii():
        raise Forbidden("the path must be percent-encoded")
    named = conf.get().outbound_private_hosts
    is_inside = f"{host}:{port}" in named or (host in named and port == _PORTS[parts.scheme])
    if not is_inside and port != _PORTS[parts.scheme]:
        raise Forbidden("only the ports 443 for https:// and 80 for http://")
    if not is_inside and needs_tls and parts.scheme != "https":
        raise Forbidden("only https:// URLs")
    return Place(parts.scheme, host, port, target, is_inside)


def find_addresses(place: Place) -> list[Address]:
    """Where the place is now: every address of its name, all of which may be sent to.

    **Errors**: `Forbidden` for a single address that may not, `NotDelivered` for a name that is not found.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotDelivered("the name of the host is not found") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).split("%", 1)[0]) for entry in found]
    may_be_used = may_be_inside if place.is_inside else is_public
    if not addresses or not all(may_be_used(address) for address in addresses):
        raise Forbidden("the name of the host leads to an address that is not public")
    return list(dict.fromkeys(addresses))


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_s: float = TIMEOUT_S,
    needs_tls: bool = True,
) -> Answer:
    """Send a body and read the answer, whatever its status. **Errors**: `NotDelivered`, `Forbidden`."""
    if len(body) > MAX_BODY_BYTES:
        raise Forbidden(f"the body is larger than {MAX_BODY_BYTES} bytes")
    place = find_place(url, needs_tls=needs_tls)
    ends_s = time.monotonic() + timeout_s
    try:
        with _connection(place, ends_s) as link:
            link.request("POST", place.target, body, {**headers, "Accept-Encoding": "identity"})
            with link.getresponse() as answer:
                text = answer.read(MAX_ANSWER_BYTES)
                given = {name.lower(): value for name, value in answer.getheaders()}
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= ends_s:
            raise NotDelivered(f"no whole answer within {timeout_s:g} seconds") from error
        raise NotDelivered(f"the exchange failed: {_kind_of(error)}") from error
    return Answer(answer.status, given, text)


@contextlib.contextmanager
def _connection(place: Place, ends_s: float) -> Iterator[http.client.HTTPConnection]:
    """A connection to a pinned address, which a timer cuts when the time is over, whatever it is doing."""
    with contextlib.closing(_dial(find_addresses(place), place.port, ends_s)) as raw:
        link = http.client.HTTPConnection(place.host, place.port)
        sock = raw
        if place.scheme == "https":  # takes the connection over from `raw`
            link = http.client.HTTPSConnection(place.host, place.port, context=_tls())
            sock = _tls().wrap_socket(raw, server_hostname=place.host, do_handshake_on_connect=False)
        link.sock = sock
        timer = threading.Timer(max(0.0, ends_s - time.monotonic()), _cut, [sock])
        timer.daemon = True
        timer.start()
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            yield link
        finally:
            timer.cancel()
            link.close()
            sock.close()


def _dial(addresses: list[Address], port: int, ends_s: float) -> socket.socket:
    """A connection to the first address that takes one."""
    fault: OSError | None = None
    for number, address in enumerate(addresses):
        left_s = (ends_s - time.monotonic()) / (len(addresses) - number)
        if left_s <= 0:
            break
        try:
            sock = socket.create_connection((str(address), port), timeout=left_s)
        except OSError as error:
            fault = error
            continue
        sock.settimeout(max(0.001, ends_s - time.monotonic()))
        return sock
    raise fault or TimeoutError("no time is left")


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _kind_of(error: Exception) -> str:
    """What failed, without the words of the other side."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid ({error.verify_message})"
    return type(error).__name__
