"""Signatures of webhooks: HMAC-SHA256 over id, time and body, so that a receiver knows sender, age and wholeness.

**Source**: the Standard Webhooks specification, 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`), for which
receivers find libraries in most languages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

#: The specification leaves the window to the receiver; five minutes are its libraries' choice.
TOLERANCE_S = 300
_PREFIX = "whsec_"
_SECRET_BYTES = 32


class BadSignature(Exception):
    """The request was not signed with this secret, was changed, or is too old or too new."""


def new_secret() -> str:
    """A random secret in the specification's form."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers of a body that is sent at this time."""
    seconds = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{_digest(secret, message_id, seconds, body)}",
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a request that is genuine and fresh: what a receiver does. **Errors**: `BadSignature`.

    Header names in lower case. A receiver also remembers the ids of the last days: a message may come twice.
    """
    message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not seconds.isdecimal() or abs(now.timestamp() - int(seconds)) > TOLERANCE_S:
        raise BadSignature("too old, too new, or without a time")
    wanted = _digest(secret, message_id, seconds, body).encode()
    given = [part.partition(",") for part in headers.get("webhook-signature", "").split()]
    if not any(
        version == "v1" and hmac.compare_digest(wanted, value.encode()) for version, _, value in given
    ):
        raise BadSignature("not signed with this secret")
    return message_id


def _digest(secret: str, message_id: str, seconds: str, body: bytes) -> str:
    signed = f"{message_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """The bytes of a secret in the specification's form, else those of its letters."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError:
            return secret.encode()
    return secret.encode()
