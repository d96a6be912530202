"""`manage.py permission_table`: who may call which route, as Markdown, for docs/reference/permissions.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analytics.api.route_table import render


class Command(BaseCommand):
    """Writes the table to standard output."""

    help = "Who may call which route, as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        self.stdout.write(render(), ending="")
