"""Whole numbers a day that all processes count together, in Django's cache.

`add` and `incr` are atomic on the servers that a deployment with several processes uses (Redis, Valkey,
Memcached). A key carries its day and goes away by itself.
"""

from __future__ import annotations

from django.core.cache import cache

from analytics import clock, conf

KEEP_S = 2 * 86_400  # a day anywhere in the world has ended by then


class CacheAway(Exception):
    """The cache cannot be asked or does not keep what it is given."""


def key_of(name: str) -> str:
    """The cache key of a number on the present day of the deployment's zone."""
    return f"analytics:language_model:{clock.today(conf.get().zone):%Y%m%d}:{name}"


def add_one(name: str) -> int:
    """The day's number after one was added. **Errors**: `CacheAway`."""
    key = key_of(name)
    try:
        cache.add(key, 0, KEEP_S)
        return int(cache.incr(key))
    except Exception as error:  # each cache backend has errors of its own
        raise CacheAway from error
