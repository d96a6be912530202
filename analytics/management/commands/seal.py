"""`manage.py seal`: seal committed events into the lake now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analytics.store.sealing import seal_all


class Command(BaseCommand):
    """Run one sealing to its end."""

    help = "Seal committed events into the lake. Safe to run at any time and beside a worker."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal and say how many."""
        self.stdout.write(self.style.SUCCESS(f"sealed {seal_all()} events"))
