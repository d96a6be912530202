"""`manage.py backup FOLDER`: database and lake, consistent with one another, while events arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.errors import AnalyticsError
from analytics.models import UserEvent
from analytics.store import backup
from eventlake.errors import LakeError


class Command(BaseCommand):
    """Make one backup."""

    help = (
        "Write the database and the lake into a new folder, with a manifest of checksums. Nothing has to be stopped. "
        "The folder appears when it is complete."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("folder", type=Path, help="a folder that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say what is in it."""
        try:
            made = backup.make(options["folder"].absolute())
        except AnalyticsError as error:
            raise CommandError(error.detail) from error
        except (LakeError, OSError) as error:
            raise CommandError(str(error)) from error
        size_mb = sum(file.size_bytes for file in made.files) / 1e6
        rows = made.rows_of(UserEvent._meta.db_table)
        self.stdout.write(
            self.style.SUCCESS(
                f"{options['folder']}: {rows:,} events in the database, {made.lake_rows:,} in the lake, "
                f"{len(made.files)} files, {size_mb:.1f} MB"
            )
        )
