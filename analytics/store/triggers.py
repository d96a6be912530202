"""Triggers that note which event rows changed or went, whoever did it and in whatever way.

They are put in place after every `migrate`, because SQLite drops a table's triggers when a migration rebuilds it.
Inserts pay nothing. Upkeep itself (`unnoted`) leaves no note: what it does to a row is in the lake already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate

from analytics.models import EventChange, UserEvent

_EVENTS = UserEvent._meta.db_table
_CHANGES = EventChange._meta.db_table
_NAME = "analytics_note_event"
_SETTING = "analytics.upkeep"

#: Columns that only upkeep writes.
_OWN = {"is_archived", "archived_at", "insert_xid"}

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('{_SETTING}', true), '') <> 'on' THEN
        INSERT INTO {_CHANGES} (event_id) SELECT id FROM old_rows;
    END IF;
    RETURN NULL;
END
$$
"""  # noqa: S608
_POSTGRES = """
CREATE OR REPLACE TRIGGER {name}_{act} AFTER {act} ON {events}
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION {name}()
"""
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {name}_{act} AFTER {act}{columns} ON {events}
BEGIN INSERT INTO {changes} (event_id, noted_at) VALUES (OLD.id, strftime('%Y-%m-%d %H:%M:%f', 'now')); END
"""
_EXISTS = "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s"


def connect() -> None:
    """Put the triggers in place after each `migrate` of this application."""
    post_migrate.connect(_after_migrate, dispatch_uid="analytics.triggers")


def _after_migrate(*, app_config: object, using: str, **_: object) -> None:
    if getattr(app_config, "name", "") == "analytics":
        install(connections[using])


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers where they are missing and the tables exist."""
    tables = connection.introspection.table_names()
    if _EVENTS not in tables or _CHANGES not in tables:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_EXISTS, [_EVENTS, f"{_NAME}%"])
            if cursor.fetchone() == (2,):
                return
            cursor.execute(_FUNCTION)
            for act in ("update", "delete"):
                cursor.execute(_POSTGRES.format(name=_NAME, act=act, events=_EVENTS))
        elif connection.vendor == "sqlite":
            columns_of = (str(field.column) for field in UserEvent._meta.concrete_fields)
            kept = [name for name in columns_of if name not in _OWN]
            for act, columns in (("update", f" OF {', '.join(kept)}"), ("delete", "")):
                cursor.execute(
                    _SQLITE.format(name=_NAME, act=act, columns=columns, events=_EVENTS, changes=_CHANGES)
                )


@contextmanager
def unnoted(using: str = "default") -> Iterator[None]:
    """A transaction whose changes of event rows leave no note. On SQLite only `_OWN` columns leave none."""
    connection = connections[using]
    with transaction.atomic(using=using):
        _switch(connection, "on")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                _switch(connection, "off")


def _switch(connection: BaseDatabaseWrapper, state: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [_SETTING, state])
