"""Synthetic events of a realistic shape, made column by column, so that ten million take less than a minute.

Persons come and go, sessions are walks through a product with a funnel, properties have a long tail, and some
persons are known under two nodes. A day is made at a time. Same count, same seed: same events.
"""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from eventlake.tests.synthetic.days import World

__all__ = ["World", "synthetic_events"]


def synthetic_events(count: int, *, start: dt.datetime, days: int = 90, seed: int = 7) -> pa.Table:
    """`count` events over `days` days from `start`, in order of time; ids from 1, merges already applied."""
    return pa.concat_tables(World(count, start=start, days=days, seed=seed, has_merges=False).days())
