"""A small population whose habits are known: regulars who stay, drifters who leave, buyers who convert.

Events come from a seed, so that a test can say what a model must find in them.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.auth.models import User

from analytics.ingestion.bulk import load_events

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAYS = 120


def make_users(count: int) -> list[User]:
    """Users without a password."""
    return User.objects.bulk_create(
        [User(username=f"member{number}", password="!") for number in range(count)]
    )


def make_population(count: int = 240, *, seed: int = 7) -> list[User]:
    """Users of whom a third visits nearly every day, a third every fourth day, and a third left at some time.

    The first third converts on every third visit, the second did so until half of the time had passed.
    """
    users = make_users(count)
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number, user in enumerate(users):
        kind = number % 3
        rate = (0.8, 0.25, 0.6)[kind]
        leaves = rng.integers(20, DAYS) if kind == 2 else DAYS
        days = np.flatnonzero(rng.random(DAYS) < rate)
        for visit, day in enumerate(days[days < leaves]):
            at = NOW - timedelta(days=DAYS - int(day), minutes=int(rng.integers(0, 600)))
            rows.append(visit_of(user, "page_viewed", at))
            if (kind == 0 and visit % 3 == 0) or (kind == 1 and day < DAYS // 2):
                rows.append(visit_of(user, "payment_succeeded", at + timedelta(minutes=3), "conversion"))
    load(rows)
    return users


def visit_of(
    user: User, name: str, at: datetime, kind: str = "user_action", **columns: Any
) -> dict[str, Any]:
    """One event of a user."""
    return {
        "uuid": uuid.uuid4(),
        "distinct_id": str(user.pk),
        "user_id": user.pk,
        "event_name": name,
        "event_type": kind,
        "timestamp": at,
        "session_id": f"{user.pk}-{at:%Y%m%d}",
        "metadata": "{}",
        **columns,
    }


def load(rows: list[dict[str, Any]]) -> None:
    """Store rows with the same columns."""
    if rows:
        load_events([{name: [row[name] for row in rows] for name in rows[0]}])
