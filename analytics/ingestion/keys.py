"""Ingest keys: making them, and looking them up without a query per request.

A key is public and may only write events. An unknown key is refused only when the database has said so; while
the database is away the answer is "try again", because a client drops its events for good on a 401.
"""

from __future__ import annotations

import secrets
import threading
import time

from django.db import DatabaseError, InterfaceError, transaction

from analytics.errors import BadInput, NotAuthenticated, Unavailable
from analytics.models import IngestKey

_PREFIX = "lk_"
_MAX_AGE_S = 5.0  # how long a switched-off key may go on
_REFUSAL_AGE_S = 0.5  # how long an unknown key stays refused without asking again
_MAX_LOOKUPS_PER_S = 20  # how often unknown keys may cause a query; made-up ones must not load the database
_MAX_REFUSED = 1000


def create_ingest_key(label: str, token: str | None = None) -> IngestKey:
    """A new active key; with `token` that very token, and no change if it exists under this label.

    Errors: `BadInput` for a token that clients could not send, or a label in use.
    """
    token = token or _PREFIX + secrets.token_urlsafe(24)
    if len(token) > 64 or not token.isascii() or not token.isprintable() or token != token.strip():
        raise BadInput("an ingest key is printable ASCII of at most 64 characters", code="invalid_key")
    with transaction.atomic():
        same = IngestKey.objects.filter(token=token).first()
        if same is not None:
            return same
        if IngestKey.objects.filter(label=label).exists():
            raise BadInput(f"there is a key labelled {label!r}; choose another label", code="label_in_use")
        return IngestKey.objects.create(label=label, token=token)


def find_first_token() -> str:
    """The token of the oldest active key; empty when there is none."""
    tokens = IngestKey.objects.filter(is_active=True).order_by("id").values_list("token", flat=True)
    return tokens.first() or ""


class KeyRing:
    """The active keys of this process, read again every few seconds and whenever an unknown one comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labels: dict[str, str] = {}
        self.forget()

    def forget(self) -> None:
        """Read the keys again at the next call (a key has changed, or a test begins)."""
        self._loaded_at = float("-inf")
        self._refused_at: dict[str, float] = {}
        self._second_began_at = float("-inf")
        self._lookups = 0

    def is_fresh_for(self, token: str) -> bool:
        """Whether `label_of` can answer for this token without the database."""
        now = time.monotonic()
        if token in self._labels:
            return now - self._loaded_at < _MAX_AGE_S
        return now - self._refused_at.get(token, float("-inf")) < _REFUSAL_AGE_S

    def label_of(self, token: str) -> str:
        """The label of an active key.

        Errors: `NotAuthenticated` for an unknown key, `Unavailable` when that cannot be known now.
        """
        if not self.is_fresh_for(token):
            with self._lock:
                if not self.is_fresh_for(token):
                    self._reload(token)
        label = self._labels.get(token)
        if label is None:
            raise NotAuthenticated("there is no such ingest key, or it is switched off", code="invalid_key")
        return label

    def _reload(self, token: str) -> None:
        is_known = token in self._labels
        if not is_known and not self._may_look_up():
            raise Unavailable("too many unknown keys are asked for; send again", code="overloaded")
        try:
            self._labels = dict(IngestKey.objects.filter(is_active=True).values_list("token", "label"))
        except (DatabaseError, InterfaceError) as error:
            if not is_known:
                raise Unavailable("the keys cannot be checked now; send again") from error
            return
        self._loaded_at = time.monotonic()
        if token not in self._labels:
            if len(self._refused_at) >= _MAX_REFUSED:
                self._refused_at.clear()
            self._refused_at[token] = self._loaded_at

    def _may_look_up(self) -> bool:
        """Count one look-up of an unknown key; False when this second has had its share."""
        now = time.monotonic()
        if now - self._second_began_at >= 1:
            self._second_began_at, self._lookups = now, 0
        self._lookups += 1
        return self._lookups <= _MAX_LOOKUPS_PER_S


ring = KeyRing()
