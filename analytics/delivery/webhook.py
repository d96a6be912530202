"""Messages as signed JSON to a URL of the receiver's."""

from __future__ import annotations

from http import HTTPStatus

import orjson

from analytics import clock
from analytics.delivery import outbound, signing
from analytics.models import OutboxMessage
from analytics.store.outbox import Try

_USER_AGENT = "Loopin-Analytics"


def check_url(url: str) -> str:
    """What is wrong with a webhook's URL, as far as it shows without looking its name up; empty if nothing is."""
    try:
        outbound.find_place(url)
    except outbound.Forbidden as error:
        return str(error)
    return ""


def send_webhook(url: str, secret: str, message: OutboxMessage) -> Try:
    """Post a message; any status from 200 to 299 is a delivery, 410 ends it, everything else is tried again.

    The address is checked anew each time, and the signature has the time of this try.
    """
    body = body_of(message)
    signature = signing.sign(secret, str(message.uuid), body, clock.now())
    headers = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, **signature}
    try:
        answer = outbound.post(url, body, headers)
    except outbound.NotDelivered as error:
        return Try(str(error))
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Try(status_code=answer.status)
    error_text = f"the receiver answered {answer.status}"
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        error_text += "; redirects are not followed"
    return Try(
        error_text,
        status_code=answer.status,
        retry_after_s=answer.retry_after_s,
        is_final=answer.status == HTTPStatus.GONE,
    )


def body_of(message: OutboxMessage) -> bytes:
    """The JSON of a message, the same at each try: `id`, `type`, `timestamp` of its making, `data`."""
    return orjson.dumps(
        {
            "id": str(message.uuid),
            "type": message.kind,
            "timestamp": message.created_at.isoformat(),
            "data": message.payload,
        }
    )
