"""`manage.py rebuild_lake`: make the lake anew from itself and the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.errors import Conflict
from analytics.store.rebuild import rebuild
from eventlake.errors import LakeError


class Command(BaseCommand):
    """Rebuild once."""

    help = "Rewrite every day of the lake and put right what differs; needed after a restore elsewhere."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what was done."""
        try:
            done = rebuild()
        except (Conflict, LakeError) as error:
            raise CommandError(str(error)) from error
        if done.is_rebased:
            self.stdout.write("the lake now counts the transactions of this database cluster")
        if done.lost_files or done.lost_rows:
            text = (
                f"{done.lost_files} files were lost; {done.lost_rows} of their rows are not in the database"
            )
            self.stdout.write(self.style.WARNING(text))
        self.stdout.write(
            self.style.SUCCESS(
                f"{done.repaired_rows} rows put right, {done.sealed_rows} sealed, {done.rewritten_days} days "
                f"rewritten, {done.built_rollups} segments of rollups built"
            )
        )
