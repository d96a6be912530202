"""`manage.py lake_upkeep`: compact the lake, roll closed days up and clear old files away, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analytics.store.upkeep import run_upkeep


class Command(BaseCommand):
    """Run the lake's upkeep once."""

    help = (
        "Compact the lake, roll closed days up, clear old files away. Safe at any time and beside a worker."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what was done."""
        done = run_upkeep()
        if done is None:
            self.stdout.write("another process is doing it")
            return
        self.stdout.write(
            self.style.SUCCESS(
                f"compacted {done.compacted_days} days, built {done.built_rollups} segments of rollups, "
                f"deleted {done.deleted_files} files"
            )
        )
