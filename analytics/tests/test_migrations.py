"""Migrations that a running deployment can bear: no long lock on a large table, and the code of before still writes.

The rules read the SQL that each migration runs on PostgreSQL. Those up to `STARTING_POINT` made the first tables; from
there on every migration has to keep them. See docs/guides/upgrading.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now
from django.test import TransactionTestCase

from analytics.models import (
    ArchivedEvent,
    LedgerEntry,
    MergeLog,
    Person,
    PersonDistinctId,
    Receipt,
    RejectedEvent,
    UserBehaviorProfile,
    UserEvent,
)

STARTING_POINT = "0007_metrics_and_delivery"

#: Tables that grow with traffic or with persons.
LARGE = frozenset(
    model._meta.db_table
    for model in (
        ArchivedEvent, LedgerEntry, MergeLog, Person, PersonDistinctId, Receipt, RejectedEvent, UserBehaviorProfile,
        UserEvent,
    )
)  # fmt: skip

_TABLE = r'"?(?P<table>\w+)"?'
_VOLATILE = re.compile(r"DEFAULT\s+(?!'[^']*'|[-\d.]+|true|false|NULL)", re.I)
#: On large tables: what scans or rewrites them under a lock, with the way that does not.
_ON_LARGE = (
    (rf"^CREATE (UNIQUE )?INDEX (?!CONCURRENTLY).* ON {_TABLE}", "use AddIndexConcurrently"),
    (rf"^ALTER TABLE {_TABLE} ALTER COLUMN .* TYPE ", "add a column, fill it in turns, read both"),
    (rf"^ALTER TABLE {_TABLE} ALTER COLUMN .* SET NOT NULL", "add a CHECK that is NOT VALID, validate it, then set it"),
    (rf"^ALTER TABLE {_TABLE} ADD CONSTRAINT .* (UNIQUE|EXCLUDE|PRIMARY KEY)", "make the index concurrently first"),
    (rf"^ALTER TABLE {_TABLE} ADD CONSTRAINT (?!.*NOT VALID).* (CHECK|FOREIGN KEY)", "add it NOT VALID, then validate"),
    (rf"^UPDATE {_TABLE} ", "fill in turns, in a command or a task"),
    (rf"^(LOCK|CLUSTER|VACUUM FULL|TRUNCATE)( TABLE)? {_TABLE}", "nothing may wait for it"),
)  # fmt: skip
#: On every table: what the code of before cannot live with.
_ON_ALL = (
    (rf"^ALTER TABLE {_TABLE} DROP COLUMN ", "stop using it, release, and drop it with the next release"),
    (rf"^DROP TABLE {_TABLE}", "stop using it, release, and drop it with the next release"),
    (rf"^ALTER TABLE {_TABLE} RENAME", "add the new name, release, then take the old one away"),
    (
        rf"^ALTER TABLE {_TABLE} ADD COLUMN (?!.* DEFAULT )(?=.*NOT NULL)",
        "give it db_default or null=True: the code of before does not name it",
    ),
    (
        rf"^ALTER TABLE {_TABLE} ALTER COLUMN .* DROP DEFAULT",
        "give it db_default: the code of before does not name it",
    ),
)


def faults_of(statements: list[str]) -> Iterator[str]:
    """What is wrong with the statements of one migration, each with the way out."""
    made = {found["table"] for text in statements if (found := re.match(rf"^CREATE TABLE {_TABLE}", text))}
    for text in statements:
        for pattern, way_out in _ON_ALL:
            if (found := re.match(pattern, text)) and found["table"] not in made:
                yield f"{text[:120]}: {way_out}"
        for pattern, way_out in _ON_LARGE:
            if (found := re.match(pattern, text)) and found["table"] in LARGE - made:
                yield f"{text[:120]}: {way_out}"
        found = re.match(rf"^ALTER TABLE {_TABLE} ADD COLUMN .*", text)
        if found and found["table"] in LARGE - made and _VOLATILE.search(text):
            yield f"{text[:120]}: only a constant default is added without rewriting the table"


def statements_of(migration: migrations.Migration, state: ProjectState) -> list[str]:
    """The SQL of a migration on PostgreSQL, one statement an entry, without comments."""
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    found = []
    for text in editor.collected_sql:
        for line in text.split("\n"):
            if line.strip() and not line.startswith("--"):
                found.append(" ".join(line.split()))
    return found


class MigrationsTest(TransactionTestCase):
    """The migrations of analytics."""

    def test_a_running_deployment_bears_every_migration_since_the_starting_point(self) -> None:
        loader = MigrationLoader(None)
        plan = list(loader.graph.forwards_plan(loader.graph.leaf_nodes("analytics")[0]))
        ours = [key for key in plan if key[0] == "analytics"]
        later = ours[ours.index(("analytics", STARTING_POINT)) + 1 :]
        for key in later:
            with self.subTest(key[1]):
                state = loader.project_state(key, at_end=False)
                faults = list(faults_of(statements_of(loader.graph.nodes[key], state)))
                self.assertEqual(faults, [])

    def test_the_migrations_are_one_line(self) -> None:
        self.assertFalse(MigrationExecutor(connection).loader.detect_conflicts())

    def test_the_rules_know_what_they_refuse(self) -> None:
        event = ("analytics", STARTING_POINT)
        state = MigrationLoader(None).project_state(event)
        refused: dict[str, migrations.operations.base.Operation] = {
            "AddIndexConcurrently": migrations.AddIndex(
                "userevent", models.Index(fields=["os"], name="events_by_os")
            ),
            "add a column": migrations.AlterField(
                "userevent", "session_id", models.BigIntegerField(default=0)
            ),
            "db_default": migrations.AddField("cohort", "size", models.IntegerField(default=0)),
            "constant default": migrations.AddField(
                "userevent", "seen_at", models.DateTimeField(db_default=Now())
            ),
            "drop it with the next": migrations.RemoveField("alert", "kind"),
            "take the old one away": migrations.RenameField("alert", "kind", "sort"),
            "NOT VALID": migrations.AddConstraint(
                "person", models.CheckConstraint(condition=models.Q(id__gt=0), name="positive")
            ),
            "concurrently first": migrations.AddConstraint(
                "receipt", models.UniqueConstraint(fields=["uuid", "outcome"], name="once")
            ),
            "in turns": migrations.RunSQL("UPDATE analytics_userevent SET os = 'x'"),
        }
        for way_out, operation in refused.items():
            with self.subTest(way_out):
                made = type("Migration", (migrations.Migration,), {"operations": [operation]})(
                    "9999_x", "analytics"
                )
                found = list(faults_of(statements_of(made, state.clone())))
                self.assertTrue(any(way_out in fault for fault in found), found)

    def test_the_rules_let_pass_what_does_no_harm(self) -> None:
        state = MigrationLoader(None).project_state(("analytics", STARTING_POINT))
        allowed: list[migrations.operations.base.Operation] = [
            migrations.AddField("userevent", "note", models.TextField(null=True)),
            migrations.AddField("userevent", "rank", models.IntegerField(db_default=0)),
            migrations.AddIndex("alert", models.Index(fields=["kind"], name="alerts_by_kind")),
            migrations.CreateModel(
                "New", [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField())]
            ),
        ]
        made = type("Migration", (migrations.Migration,), {"operations": allowed})("9999_x", "analytics")
        self.assertEqual(list(faults_of(statements_of(made, state))), [])
