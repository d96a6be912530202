"""What can happen, and the table in which it is gathered."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from events.demo import incidents
from events.demo.arrays import Ints, Random, Table
from events.demo.plan import Plan
from events.demo.world import World

Columns = dict[str, Ints | int]

_NOT_FOUND_RATIO = 0.003
_MEDIAN_MS = 85.0


class Kind(IntEnum):
    """What happened."""

    PAGE = 0
    VIEWED = 1
    REQUESTED = 2
    ACCEPTED = 3
    DECLINED = 4
    PAID = 5
    FAILED = 6
    REFUNDED = 7
    ATTENDED = 8
    MISSED = 9
    FEEDBACK = 10
    CREATED = 11
    CANCELLED = 12
    SIGNED_UP = 13
    IDENTIFIED = 14
    VERIFIED = 15
    LOGIN = 16
    LOGIN_FAILED = 17
    LOGOUT = 18


class Page(IntEnum):
    """The pages of the product."""

    NONE = -1
    LIST = 0
    MEETUP = 1
    PAY = 2
    FEEDBACK = 3
    SIGN_UP = 4
    LOGIN = 5
    CREATE = 6


class Gathering:
    """Events being gathered; `devices` are those of each member."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sessions = int(world.visits.session.max()) + 1 if len(world.visits.session) else 0
        self.table = Table(
            kind=0,
            who=0,
            at_ms=0,
            session=-1,
            meetup=-1,
            device=-1,
            page=-1,
            detail=-1,
            response_ms=-1,
            status=-1,
        )

    def add(self, kind: Kind, count: int, **columns: Ints | int) -> None:
        """Append events of one kind."""
        self.table.add(count, kind=kind, **columns)

    def add_pages(self, plan: Plan, rng: Random, at_ms: Ints, **columns: Ints | int) -> None:
        """Page views with their response: slower and more often broken during the spike."""
        count = len(at_ms)
        spike = incidents.traffic_spike(plan).holds(at_ms)
        slowness = np.where(spike, incidents.SPIKE_SLOWNESS, 1.0)
        response_ms = rng.lognormal(np.log(_MEDIAN_MS), 0.55, count) * slowness
        broken = rng.random(count) < np.where(
            spike, incidents.SPIKE_ERROR_RATIO, incidents.NORMAL_ERROR_RATIO
        )
        status = np.where(broken, 500, np.where(rng.random(count) < _NOT_FOUND_RATIO, 404, 200))
        response_ms = np.where(broken, response_ms + rng.integers(500, 4000, count), response_ms)
        self.table.add(
            count,
            kind=Kind.PAGE,
            at_ms=at_ms,
            response_ms=np.maximum(response_ms, 5).astype(np.int64),
            status=status,
            **columns,
        )

    def new_sessions(self, count: int) -> Ints:
        """Sessions of their own, for acts outside the visits."""
        numbers = np.arange(self.sessions, self.sessions + count)
        self.sessions += count
        return numbers
