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
_MIN_RELOAD_S = 0.5  # how often unknown keys may cause a query


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


class KeyRing:
    """The active keys of this process, read again every few seconds."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._loaded_at = float("-inf")
        self._lock = threading.Lock()

    def is_fresh_for(self, token: str) -> bool:
        """Whether `label_of` can answer for this token without the database."""
        age_s = time.monotonic() - self._loaded_at
        return age_s < (_MAX_AGE_S if token in self._labels else _MIN_RELOAD_S)

    def label_of(self, token: str) -> str:
        """The label of an active key.

        Errors: `NotAuthenticated` for an unknown key, `Unavailable` when that cannot be known now.
        """
        if not self.is_fresh_for(token):
            self._reload(token)
        label = self._labels.get(token)
        if label is None:
            raise NotAuthenticated("there is no such ingest key, or it is switched off", code="invalid_key")
        return label

    def forget(self) -> None:
        """Read the keys again at the next call (a key has changed, or a test begins)."""
        self._loaded_at = float("-inf")

    def _reload(self, token: str) -> None:
        with self._lock:
            if self.is_fresh_for(token):
                return
            try:
                rows = IngestKey.objects.filter(is_active=True).values_list("token", "label")
                self._labels = dict(rows)
                self._loaded_at = time.monotonic()
            except (DatabaseError, InterfaceError) as error:
                if token not in self._labels:
                    raise Unavailable("the keys cannot be checked now; send again") from error


ring = KeyRing()
