"""What one demo is: its size, its seed and its end. Everything else follows."""

from __future__ import annotations

import hashlib
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from events.demo.arrays import Random

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

MIN_USERS = 10
MIN_DAYS = 7

#: Every distinct id of an anonymous demo visitor begins with it, so that the demo can find its own again.
ANONYMOUS_PREFIX = "demo-"
_NAMESPACE = uuid.UUID("3b6b0f0e-6a5e-4d57-9a0e-5f1c2f6f4b11")


@dataclass(frozen=True)
class Plan:
    """One demo: `users` people over `days` whole UTC days and the present day up to `ends_at`.

    Errors: `ValueError` for fewer than 10 users or 7 days, or an end without a time zone.
    """

    users: int
    days: int
    seed: int
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.users < MIN_USERS or self.days < MIN_DAYS:
            raise ValueError(f"a demo has at least {MIN_USERS} users and {MIN_DAYS} days")
        if self.ends_at.tzinfo is None:
            raise ValueError("the end of a demo needs a time zone")

    @property
    def ends_ms(self) -> int:
        """The end; nothing happens at it or after it."""
        return int(self.ends_at.timestamp() * 1000)

    @property
    def last_day_ms(self) -> int:
        """Midnight (UTC) of the day in which the demo ends."""
        return self.ends_ms // DAY_MS * DAY_MS

    @property
    def starts_ms(self) -> int:
        """The first instant: midnight (UTC), `days` days before the last day."""
        return self.last_day_ms - self.days * DAY_MS

    @property
    def key(self) -> str:
        """A short name that two different demos do not share."""
        text = f"{self.seed}:{self.users}:{self.days}:{self.ends_ms}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def generator(self, part: str) -> Random:
        """The random numbers of one part; parts do not disturb one another."""
        return np.random.default_rng([abs(self.seed), self.users, self.days, zlib.crc32(part.encode())])

    def namespace(self, kind: str) -> uuid.UUID:
        """The namespace of the uuids of one kind of row."""
        return uuid.uuid5(_NAMESPACE, f"{self.key}:{kind}")


def to_datetime(at_ms: int) -> datetime:
    """Milliseconds since the epoch as an aware UTC datetime.

    Example:
        >>> to_datetime(1500).isoformat()
        '1970-01-01T00:00:01.500000+00:00'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC)
