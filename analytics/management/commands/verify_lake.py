"""`manage.py verify_lake`: compare the lake with itself and with the database; exit code 1 when something is wrong."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.store.rebuild import find_faults
from eventlake.errors import LakeError


class Command(BaseCommand):
    """Check everything, mend nothing."""

    help = "Check the lake's files, its events, its rollups, and that it holds every sealed row just so."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what is wrong."""
        try:
            faults = list(find_faults())
        except LakeError as error:
            raise CommandError(str(error)) from error
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults; `manage.py rebuild_lake` puts right what can be")
        self.stdout.write(self.style.SUCCESS("the lake is as the database says"))
