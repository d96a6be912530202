"""Drop the second index that PostgreSQL gets for each indexed text column of UserEvent.

Django adds a `varchar_pattern_ops` twin for LIKE queries; nothing here asks LIKE of these columns, and each twin
costs about a twentieth of an insert.
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def drop_twins(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    table = apps.get_model("analytics", "UserEvent")._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() "
            "AND tablename = %s AND indexname LIKE %s",
            [table, r"%\_like"],
        )
        for (name,) in cursor.fetchall():
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = (("analytics", "0001_initial"),)

    operations = (migrations.RunPython(drop_twins, migrations.RunPython.noop),)
