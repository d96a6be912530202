"""The database's own name for the transaction that inserts a row.

PostgreSQL numbers transactions; every id below a snapshot's `xmin` is finished for good, which makes
the id an exact watermark without locks (PostgreSQL manual, "Transaction ID and Snapshot Information
Functions"). SQLite has one writer at a time, so there row ids already arrive in commit order and the
column stays 0.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler


class CurrentTransactionId(models.Func):
    """SQL expression: the id of the present transaction as a bigint; 0 where there is none."""

    function = ""
    template = "0"
    output_field = models.BigIntegerField()
    allowed_default = True

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        """`pg_current_xact_id()`, through text because xid8 has no direct cast to bigint."""
        sql, params = self.as_sql(
            compiler, connection, template="(pg_current_xact_id()::text::bigint)", **context
        )
        return sql, list(params)
