"""`manage.py restore FOLDER`: put a backup in the place of the database and the lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.errors import AnalyticsError
from analytics.store import backup
from eventlake.errors import LakeError


class Command(BaseCommand):
    """Restore one backup."""

    help = (
        "Check a backup, put it in the place of the database and the lake, and compare. Stop the web server and the "
        "workers first; run migrate afterwards if the code is newer than the backup."
    )
    requires_system_checks: list[str] = []  # the database may be empty
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """What to restore."""
        parser.add_argument("folder", type=Path, help="a folder that manage.py backup has made")
        parser.add_argument("--force", action="store_true", help="replace a deployment that has data")
        parser.add_argument(
            "--erased",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="digests of ids that were erased since, one a line (manage.py erased_ids writes them)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what was done."""
        try:
            digests = [digest for file in options["erased"] for digest in file.read_text().split()]
            done = backup.restore(options["folder"].absolute(), is_forced=options["force"], erased=digests)
        except AnalyticsError as error:
            raise CommandError(error.detail) from error
        except (LakeError, OSError) as error:
            raise CommandError(str(error)) from error
        if done.erased_again:
            self.stdout.write(
                f"{done.erased_again} persons who were erased since the backup were erased again"
            )
        if done.is_rebased:
            self.stdout.write("the lake now counts the transactions of this database cluster")
        self.stdout.write(
            self.style.SUCCESS(
                f"restored the backup of {done.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC: "
                f"{len(done.manifest.tables)} tables compared, the lake is as the database says"
            )
        )
