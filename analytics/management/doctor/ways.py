"""The five ways by which an event gets in, each tried with one event of the doctor's own person."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from analytics import clock
from analytics.errors import AnalyticsError
from analytics.ingestion.capture import track
from analytics.ingestion.visitor import ANONYMOUS_COOKIE, SESSION_COOKIE
from analytics.management.doctor.servers import NoServer, Reply, Server

#: The name of the doctor's events; whoever forwards events sees them under it, and can tell them by it.
EVENT_NAME = "loopin_doctor"
API = "/api/analytics"


@dataclass(frozen=True)
class Patient:
    """Whose events they are: a person that exists for this examination only."""

    token: str
    distinct_id: str = field(default_factory=lambda: f"loopin-doctor-{secrets.token_hex(8)}")


@dataclass(frozen=True)
class Sent:
    """What came of one way: the event's uuid where we chose it, or what is wrong and the fix."""

    way: str
    uuid: uuid.UUID | None = None
    wrong: str = ""
    fix: str = ""


def send_native(server: Server, patient: Patient) -> Sent:
    """Our own API, with an ingest key."""
    event = uuid.uuid4()
    body = {
        "event_name": EVENT_NAME,
        "uuid": str(event),
        "distinct_id": patient.distinct_id,
        "metadata": {"way": "native"},
    }
    headers = {"Authorization": f"Bearer {patient.token}"}
    return _judged("native API", event, server.call("POST", f"{API}/events/track", body, headers))


def send_posthog(server: Server, patient: Patient) -> Sent:
    """What PostHog's SDKs send (v0)."""
    event = uuid.uuid4()
    item = {
        "event": EVENT_NAME,
        "uuid": str(event),
        "distinct_id": patient.distinct_id,
        "timestamp": clock.now().isoformat(),
        "properties": {"way": "posthog"},
    }
    return _judged(
        "PostHog v0", event, server.call("POST", "/batch/", {"api_key": patient.token, "batch": [item]})
    )


def send_segment(server: Server, patient: Patient) -> Sent:
    """What Segment's SDKs send."""
    event = uuid.uuid4()
    body = {
        "writeKey": patient.token,
        "event": EVENT_NAME,
        "messageId": str(event),
        "userId": patient.distinct_id,
        "timestamp": clock.now().isoformat(),
        "properties": {"way": "segment"},
    }
    return _judged("Segment", event, server.call("POST", "/v1/track", body))


def send_track(_: Server, patient: Patient) -> Sent:
    """`analytics.track()`, which stores in this process."""
    try:
        event = track(EVENT_NAME, distinct_id=patient.distinct_id, metadata={"way": "track"})
    except AnalyticsError as error:
        return Sent("track()", wrong=error.detail, fix="read the detail; the database check says more")
    return Sent("track()", event)


def send_request(server: Server, patient: Patient) -> Sent:
    """A page that is not there, asked for by the doctor's person: the middleware sees it all the same."""
    cookies = f"{ANONYMOUS_COOKIE}={patient.distinct_id}; {SESSION_COOKIE}={patient.distinct_id}"
    reply = server.call("GET", f"/{patient.distinct_id}", None, {"Cookie": cookies})
    if reply.status in (301, 302, 307, 308):
        return Sent("middleware", wrong=f"the request was redirected ({reply.status})", fix=_HTTPS)
    if reply.status == 400:
        return Sent("middleware", wrong="the request was refused (400)", fix=_HOST)
    return Sent("middleware")


Way = Callable[[Server, Patient], Sent]
WAYS: tuple[Way, ...] = (send_native, send_posthog, send_segment, send_track, send_request)

_HTTPS = "give --url with https://, or set ANALYTICS_TRUSTED_PROXIES where a proxy speaks HTTPS"
_HOST = "ALLOWED_HOSTS must hold the host of --url"
_FIXES: dict[int, str] = {
    301: _HTTPS,
    302: _HTTPS,
    400: "the answer above says what is wrong; ALLOWED_HOSTS must hold the host of --url",
    401: "the server does not know the key: it may use another database; look at its DATABASE_URL",
    403: "something in front of the server refuses it; look at the proxy",
    404: "include analytics.urls at the root of the project's routes",
    413: "raise the body limit of the proxy in front",
    429: "raise ANALYTICS_RATE_LIMIT_PER_MINUTE, or wait a minute",
    503: "the server's database is away or busy; look at its log",
}


def try_way(way: Way, server: Server, patient: Patient) -> Sent:
    """Send one event; a server that is not there is a finding like any other."""
    try:
        return way(server, patient)
    except NoServer as error:
        name = _NAMES[way]
        return Sent(name, wrong=f"{server.name} does not answer: {error}", fix="start it, or give its --url")


_NAMES: dict[Any, str] = {
    send_native: "native API",
    send_posthog: "PostHog v0",
    send_segment: "Segment",
    send_track: "track()",
    send_request: "middleware",
}


def _judged(way: str, event: uuid.UUID, reply: Reply) -> Sent:
    if reply.status in (200, 201):
        return Sent(way, event)
    words = f": {reply.said}" if reply.said else ""
    return Sent(way, wrong=f"answered {reply.status}{words}", fix=_FIXES.get(reply.status, "look at its log"))
