"""The group of analysts, made by each `migrate` where it is missing, so that people can be put into it."""

from __future__ import annotations

from django.apps import apps
from django.db.models.signals import post_migrate

#: Members may ask about everybody's events; see docs/decisions/0012-roles.md.
ANALYSTS = "analyst"


def connect() -> None:
    """Make the group after each `migrate` of this application."""
    post_migrate.connect(_after_migrate, dispatch_uid="analytics.groups")


def _after_migrate(*, app_config: object, using: str, **_: object) -> None:
    if getattr(app_config, "name", "") != "analytics" or not apps.is_installed("django.contrib.auth"):
        return
    from django.contrib.auth.models import Group
    from django.db import connections

    if Group._meta.db_table in connections[using].introspection.table_names():
        Group.objects.using(using).get_or_create(name=ANALYSTS)
