"""The people and requests that appear in many tests."""

from __future__ import annotations

import gzip
import json
import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.test import Client, TransactionTestCase, override_settings

from analytics.ingestion.keys import create_ingest_key, ring

TOKEN = "lk_test_key_of_the_shop"
LABEL = "shop"


def make_key() -> None:
    """The key that test requests carry."""
    ring.forget()
    create_ingest_key(LABEL, TOKEN)


def alice() -> User:
    """An ordinary user."""
    return User.objects.create_user("alice", "alice@example.org", "alice-password-1")


def sam_the_staff() -> User:
    """A member of staff."""
    return User.objects.create_user("sam", "sam@example.org", "sam-password-1", is_staff=True)


def posthog_event(name: str = "clicked", distinct_id: Any = "u1", **extra: Any) -> dict[str, Any]:
    """One PostHog capture item with a fresh uuid."""
    return {
        "event": name,
        "distinct_id": distinct_id,
        "uuid": str(uuid.uuid4()),
        "properties": {},
        **extra,
    }


def send(path: str, body: Any, *, compressed: bool = False, **headers: Any) -> Any:
    """POST a JSON body as an SDK does; the answer of Django's test client."""
    data = json.dumps(body).encode() if not isinstance(body, bytes) else body
    if compressed:
        data = gzip.compress(data)
        headers["headers"] = {"Content-Encoding": "gzip", **headers.get("headers", {})}
    return Client().post(path, data, content_type="application/json", **headers)


def send_batch(*events: dict[str, Any], **outer: Any) -> Any:
    """POST events to `/batch/`."""
    return send("/batch/", {"api_key": TOKEN, "batch": list(events), **outer})


class LakeTestCase(TransactionTestCase):
    """Tests with a lake of their own, in `folder`, and an ingest key."""

    def setUp(self) -> None:
        make_key()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(override_settings(ANALYTICS_LAKE_URI=str(self.folder)))
