"""Questions about the database itself that stay cheap however much is in it: for health and debug pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, models, transaction

from analytics.models import UserEvent

_TABLE = UserEvent._meta.db_table
#: The primary key leads to the newest rows; those of the last hour are among them, or there are more than asked for.
_RECENT = (
    f"SELECT count(*) FROM (SELECT created_at FROM {_TABLE} ORDER BY id DESC LIMIT %s) AS newest "  # noqa: S608
    "WHERE created_at >= %s"
)
#: Up to so many rows are counted one by one; of more the planner's estimate is near enough.
_COUNTED_ROWS = 10_000


def takes_writes() -> bool:
    """Whether the database answers, is neither a standby nor read-only, and commits: a message of a few bytes goes into
    its log and nowhere else.

    **Errors**: `DatabaseError`, also when nothing can be written (a full disk).
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT 1")
            return True
        cursor.execute("SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT pg_logical_emit_message(true, 'loopin', 'ready?')")
        return True


@contextmanager
def limited(limit_s: float) -> Iterator[None]:
    """A transaction whose statements end after so long, where the database can end them."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {int(limit_s * 1000)}")
        yield


def count_recent_events(since: datetime, most: int) -> int:
    """Events that were stored since, at most so many."""
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, [most, since])
        return int(cursor.fetchone()[0])


def estimate_rows(model: type[models.Model]) -> int:
    """Rows of a table: exact for a small one, the planner's estimate for a large one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [model._meta.db_table]
            )
            found = cursor.fetchone()
        if found is not None and found[0] > _COUNTED_ROWS:
            return int(found[0])
    return model._default_manager.order_by()[: 2 * _COUNTED_ROWS].count()
