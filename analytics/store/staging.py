"""Many rows at once on PostgreSQL: COPY into a staging table, then one statement to the real one.

Staging tables live for one transaction, so that they work behind any connection pool. What the rows mean is
not known here; `analytics.ingestion.bulk` decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from analytics.models import ArchivedEvent, MergeLog, Person, PersonDistinctId, UserEvent

_EVENT = UserEvent._meta.db_table
_ARCHIVED = ArchivedEvent._meta.db_table
_PERSON = Person._meta.db_table
_ID = PersonDistinctId._meta.db_table
_MERGE = MergeLog._meta.db_table
_STAGED_EVENTS = "loopin_staged_event"
_STAGED_LINKS = "loopin_staged_link"

# What COPY's text format reads as structure. Source: PostgreSQL manual, COPY, "Text Format".
_STRUCTURE = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

_DESCRIBE = f"""
UPDATE {_PERSON} p
SET user_id = coalesce(p.user_id, w.user_id), properties = p.properties || w.properties::jsonb,
    is_identified = true, has_profile = true, created_at = least(p.created_at, w.created_at), updated_at = %s
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
    AS w (id, user_id, properties, created_at)
WHERE p.id = w.id
"""  # noqa: S608
_PUT_USERS = f"""
UPDATE {_PERSON} p SET user_id = w.user_id, updated_at = %s
FROM unnest(%s::bigint[], %s::bigint[]) AS w (id, user_id)
WHERE p.id = w.id AND p.user_id IS NULL
"""  # noqa: S608

_STAGE_LINKS = f"""
CREATE TEMPORARY TABLE {_STAGED_LINKS} ON COMMIT DROP AS
SELECT w.position, w.event_uuid, s.person_id AS source_id, t.person_id AS target_id
FROM unnest(%s::text[], %s::text[], %s::uuid[]) WITH ORDINALITY AS w (source, target, event_uuid, position)
JOIN {_ID} s ON s.distinct_id = w.source
JOIN {_ID} t ON t.distinct_id = w.target
"""  # noqa: S608
# In the order of ids, as every other locker of persons.
_LOCK_LINKED = f"""
SELECT p.id FROM {_PERSON} p
WHERE p.id IN (
    SELECT source_id FROM {_STAGED_LINKS}
    UNION
    SELECT coalesce(t.merged_into_id, t.id) FROM {_STAGED_LINKS} l JOIN {_PERSON} t ON t.id = l.target_id)
ORDER BY p.id FOR NO KEY UPDATE
"""  # noqa: S608
# One source for each target at a time: the log of the second merge shows the target as the first left it.
_LINK_ONE_EACH = f"""
WITH linkable AS (
    SELECT DISTINCT ON (target_root) l.target_root, l.source_id, l.event_uuid
    FROM (
        SELECT coalesce(t.merged_into_id, t.id) AS target_root, link.source_id, link.event_uuid, link.position
        FROM {_STAGED_LINKS} link JOIN {_PERSON} t ON t.id = link.target_id
    ) l
    JOIN {_PERSON} s ON s.id = l.source_id
    WHERE s.merged_into_id IS NULL AND NOT s.is_identified AND s.id <> l.target_root
      AND NOT EXISTS (SELECT FROM {_PERSON} under WHERE under.merged_into_id = s.id)
      AND NOT EXISTS (SELECT FROM {_STAGED_LINKS} other WHERE other.target_id = s.id)
    ORDER BY target_root, l.position
), logged AS (
    INSERT INTO {_MERGE} (target_id, source_id, reason, event_uuid, moved_nodes, target_before, created_at)
    SELECT t.id, l.source_id, %s, l.event_uuid, jsonb_build_array(l.source_id),
           jsonb_build_object('properties', t.properties, 'created_at', t.created_at,
                              'is_identified', t.is_identified), %s
    FROM linkable l JOIN {_PERSON} t ON t.id = l.target_root
    ORDER BY t.id
), moved AS (
    UPDATE {_PERSON} s SET merged_into_id = l.target_root, has_profile = true, updated_at = %s
    FROM linkable l WHERE s.id = l.source_id
)
UPDATE {_PERSON} t
SET properties = s.properties || t.properties, created_at = least(s.created_at, t.created_at),
    is_identified = true, has_profile = true, updated_at = %s
FROM linkable l JOIN {_PERSON} s ON s.id = l.source_id
WHERE t.id = l.target_root
"""  # noqa: S608


def insert_new_events(columns: Mapping[str, Sequence[Any]], constants: Mapping[str, Any]) -> int:
    """Insert the events whose uuid is not stored yet; returns how many those were.

    **Shape**: `columns` are columns of `UserEvent` with one value a row (None for NULL, `metadata` as JSON
    text); `constants` are columns with one value for all rows.
    **Errors**: `DataError` for a value that a column refuses; then nothing is inserted.
    """
    names = list(columns)
    _check_names([*names, *constants])
    staged = ", ".join(f'"{name}"' for name in names)
    target = ", ".join(f'"{name}"' for name in [*names, *constants])
    values = "".join(", %s" for _ in constants)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_STAGED_EVENTS} ON COMMIT DROP AS "  # noqa: S608
            f"SELECT {staged} FROM {_EVENT} WITH NO DATA"
        )
        copy_columns(cursor, f"COPY {_STAGED_EVENTS} ({staged}) FROM STDIN", columns)
        # By uuid, so that two loaders with the same events wait for each other instead of deadlocking.
        cursor.execute(
            f"INSERT INTO {_EVENT} ({target}) SELECT {staged}{values} FROM {_STAGED_EVENTS} AS staged "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT FROM {_ARCHIVED} archived WHERE archived.uuid = staged.uuid) "
            "ORDER BY uuid ON CONFLICT (uuid) DO NOTHING",
            list(constants.values()),
        )
        stored: int = cursor.rowcount
        # Several batches may share one transaction, as they do in tests.
        cursor.execute(f"DROP TABLE {_STAGED_EVENTS}")
    return stored


def put_users(user_ids: Mapping[int, int], at: Any) -> None:
    """Remember which user a node is, where no user is known yet: node id to user id."""
    nodes = sorted(user_ids)
    with connection.cursor() as cursor:
        cursor.execute(_PUT_USERS, [at, nodes, [user_ids[node] for node in nodes]])


def describe_persons(rows: Sequence[tuple[int, int | None, str, Any]], at: Any) -> None:
    """Identify nodes and set their properties: (node id, user id, properties as JSON text, first seen)."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_DESCRIBE, [at, *(list(column) for column in zip(*rows, strict=True))])


def link(links: Sequence[tuple[str, str, Any]], reason: str, at: Any) -> int:
    """Merge the node of each source id into the root of its target id, logged so that each can be undone.

    Only anonymous nodes that nothing else was merged into are moved; returns how many. Links are (source id,
    target id, uuid of the event that asked).
    """
    linked = 0
    with connection.cursor() as cursor:
        cursor.execute(_STAGE_LINKS, [list(column) for column in zip(*links, strict=True)])
        cursor.execute(_LOCK_LINKED)
        while True:
            cursor.execute(_LINK_ONE_EACH, [reason, at, at, at])
            if not cursor.rowcount:
                break
            linked += cursor.rowcount
        cursor.execute(f"DROP TABLE {_STAGED_LINKS}")
    return linked


def remove_nodes(node_ids: Sequence[int]) -> None:
    """Delete nodes with their distinct ids and merges; what was merged into them stands alone again."""
    ids = list(node_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {_MERGE} WHERE source_id = ANY(%s) OR target_id = ANY(%s)",  # noqa: S608
            [ids, ids],
        )
        cursor.execute(f"DELETE FROM {_ID} WHERE person_id = ANY(%s)", [ids])  # noqa: S608
        cursor.execute(
            f"UPDATE {_PERSON} SET merged_into_id = NULL WHERE merged_into_id = ANY(%s) AND id <> ALL(%s)",  # noqa: S608
            [ids, ids],
        )
        cursor.execute(f"DELETE FROM {_PERSON} WHERE id = ANY(%s)", [ids])  # noqa: S608


def copy_columns(cursor: CursorWrapper, statement: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Rows as COPY text, encoded column by column: three times as fast as adapting value by value."""
    # Columns that share one list of values (`timestamp` and `created_at`) are encoded once.
    encoded = {key: _texts(values) for key, values in {id(v): v for v in columns.values()}.items()}
    texts = [encoded[id(values)] for values in columns.values()]
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write("".join(line + "\n" for line in map("\t".join, zip(*texts, strict=True))))


def _texts(values: Sequence[Any]) -> list[str]:
    """One column as COPY text.

    Example:
        >>> _texts([None, "a\\tb", 7])
        ['\\\\N', 'a\\\\tb', '7']
    """
    texts = ["" if value is None else value if type(value) is str else str(value) for value in values]
    if _STRUCTURE.search("\x1f".join(texts)):
        texts = [text.translate(_ESCAPES) for text in texts]
    if None in values:
        return ["\\N" if value is None else text for value, text in zip(values, texts, strict=True)]
    return texts


def _check_names(names: Sequence[str]) -> None:
    """Names reach the statement as identifiers: only the model's own may."""
    unknown = set(names) - {field.column for field in UserEvent._meta.concrete_fields}
    if unknown:
        raise ValueError(f"UserEvent has no column {', '.join(sorted(unknown))}")
