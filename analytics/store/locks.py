"""Locks that belong to no row: one holder at a time across all processes, freed with the transaction."""

from __future__ import annotations

import zlib

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
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number(name)])
        row = cursor.fetchone()
    return bool(row and row[0])


def limit_lock_wait(milliseconds: int) -> None:
    """Let no statement of this transaction wait longer than this for somebody else's lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])


def _number(name: str) -> int:
    return zlib.crc32(b"loopin:" + name.encode())
