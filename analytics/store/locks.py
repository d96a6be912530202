"""Locks that belong to no row: one holder at a time across all processes, freed with the transaction."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def hold(name: str) -> None:
    """Wait for, and hold until the transaction ends, the lock of this name.

    SQLite has one writer at a time and needs none.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number(name)])


def try_hold(name: str) -> bool:
    """Hold the lock of this name until the transaction ends, if nobody else does."""
    if connection.vendor != "postgresql":
        return True
    return _ask("SELECT pg_try_advisory_xact_lock(%s)", name)


@contextmanager
def session(name: str) -> Iterator[bool]:
    """Hold the lock of this name outside of any transaction, if nobody else does; whether it is held.

    For long work of many transactions. It belongs to the connection, which must not change hands meanwhile: behind a
    pool in transaction mode give this work a direct connection.
    """
    if connection.vendor != "postgresql":
        yield True
        return
    if not _ask("SELECT pg_try_advisory_lock(%s)", name):
        yield False
        return
    try:
        yield True
    finally:
        if connection.is_usable():
            _ask("SELECT pg_advisory_unlock(%s)", name)


def _ask(statement: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [_number(name)])
        row = cursor.fetchone()
    return bool(row and row[0])


def limit_lock_wait(milliseconds: int) -> None:
    """Let no statement of this transaction wait longer than this for somebody else's lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])


def _number(name: str) -> int:
    return zlib.crc32(b"loopin:" + name.encode())
