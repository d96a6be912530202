"""PostHog, by its own SDK's synchronous call: the SDK makes and reads the requests, our outbound client carries them.

The SDK's queue is not used: it drops events when it is full, after its retries, and with its process. Its `batch_post`
raises whatever goes wrong. **Source**: posthog-python 7.91, `posthog/request.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings

from analytics.delivery import outbound
from analytics.delivery.outgoing import OutgoingEvent
from analytics.delivery.sinks.sink import Refusal, SinkFault

_LIB = "loopin-analytics"
_TIMEOUT_S = 20.0
#: What is about the events themselves; every other status is about the key, the load or the server.
_ABOUT_EVENTS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
#: Over its quota PostHog answers 200 and keeps nothing.
_QUOTA_REST_S = 3600.0


class PostHogSink:
    """Any server that speaks PostHog's `/batch/`; off without `POSTHOG_API_KEY`."""

    name = "posthog"
    #: A body of some hundred kilobytes; ten such requests a second are ten thousand events.
    events_at_once = 1000

    def is_on(self) -> bool:
        """Whether there is a key."""
        return bool(getattr(settings, "POSTHOG_API_KEY", ""))

    def send(self, events: Sequence[OutgoingEvent]) -> None:
        """Post one batch. **Errors**: `SinkFault`, `Refusal`."""
        from posthog.request import APIError, batch_post, determine_server_host

        try:
            answer = batch_post(
                getattr(settings, "POSTHOG_API_KEY", ""),
                determine_server_host(getattr(settings, "POSTHOG_HOST", "https://us.i.posthog.com")),
                gzip=True,
                timeout=_TIMEOUT_S,
                batch=[_message(event) for event in events],
                historical_migration=False,
                session=_Carrier(),
            )
        except APIError as error:
            if error.status in _ABOUT_EVENTS:
                raise Refusal(f"PostHog answered {error.status}") from error
            raise SinkFault(f"PostHog answered {error.status}", error.retry_after) from error
        except outbound.NotDelivered as error:
            raise SinkFault(str(error)) from error
        if _is_over_quota(answer):
            raise SinkFault("PostHog is over its quota, and keeps nothing", _QUOTA_REST_S)


def _message(event: OutgoingEvent) -> dict[str, Any]:
    return {
        "event": event.event_name,
        "distinct_id": event.distinct_id,
        "uuid": str(event.uuid),
        "timestamp": event.timestamp.isoformat(),
        # The address of the request is this server's, not the person's.
        "properties": {**event.properties, "$lib": _LIB, "$geoip_disable": True},
    }


@dataclass(frozen=True)
class _Response:
    """What the SDK reads of a response of `requests`."""

    answer: outbound.Answer

    @property
    def status_code(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> dict[str, str]:
        return {name.title(): value for name, value in self.answer.headers.items()}

    @property
    def text(self) -> str:
        return self.answer.body.decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.answer.body)


class _Carrier:
    """What the SDK takes for a session of `requests`."""

    def post(self, url: str, data: str | bytes, headers: dict[str, str], timeout: float) -> _Response:
        body = data.encode() if isinstance(data, str) else data
        # Whether the address may be a plain one is decided when the server starts: it is the operator's.
        return _Response(outbound.post(url, body, headers, timeout_s=timeout, needs_tls=False))


def _is_over_quota(answer: Any) -> bool:
    try:
        said = answer.json()
    except ValueError:
        return False
    limited = said.get("quota_limited") if isinstance(said, dict) else None
    return isinstance(limited, list) and "events" in limited
