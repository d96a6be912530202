"""Bring the database to the state that a run needs, and say what came of it as one line of JSON.

Runs as a process of its own before anything serves. Every step may be interrupted and run again: a
generated password is on disk, readable by its owner only, until the supervisor has shown it.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from dataclasses import asdict

import django
from django.core.management import call_command, get_commands
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor

from loopin_backend import env
from loopin_backend.supervisor.prepared import Prepared, login_note

ADMIN_NAME = "admin"
FIRST_KEY_LABEL = "first key"


def prepare() -> Prepared:
    """Migrate, and make the first administrator and the first ingest key where there are none."""
    _migrate()
    new_password = _make_first_admin()
    return Prepared(ADMIN_NAME, new_password, _find_or_make_key(), "demo" in get_commands())


def _migrate() -> None:
    executor = MigrationExecutor(connections["default"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def _make_first_admin() -> str:
    """The password to show, or "" when the administrator knows it already."""
    from django.contrib.auth import get_user_model

    given = env.load().loopin_admin_password.get_secret_value()
    note = login_note(env.load().loopin_data_dir)
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists():
        return note.read_text(encoding="utf-8") if note.exists() else ""
    password = given or secrets.token_urlsafe(12)
    if not given:
        with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(password)
    with transaction.atomic():
        user, _ = users.get_or_create(username=ADMIN_NAME)
        user.is_staff = user.is_superuser = True
        user.set_password(password)
        user.save()
    return "" if given else password


def _find_or_make_key() -> str:
    from analytics.ingestion.keys import create_ingest_key, find_first_token
    from analytics.models import IngestKey

    if IngestKey.objects.exists():
        return find_first_token()  # "" when all are switched off
    given = env.load().loopin_ingest_key.get_secret_value()
    return create_ingest_key(FIRST_KEY_LABEL, given or None).token


def main() -> None:
    """Print the result for the supervisor; every other word goes to standard error."""
    result, sys.stdout = sys.stdout, sys.stderr
    env.use_settings()
    django.setup()
    result.write(json.dumps(asdict(prepare())) + "\n")
    result.flush()


if __name__ == "__main__":
    main()
