"""`manage.py erased_ids`: digests of all erased ids, for a restore of an older backup."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analytics.models import ErasedId


class Command(BaseCommand):
    """Print them."""

    help = "Print the digests of erased ids, one a line. Keep them where the backups are not; restore takes them."

    def handle(self, *args: Any, **options: Any) -> None:
        """One a line."""
        for digest in ErasedId.objects.order_by("digest").values_list("digest", flat=True).iterator():
            self.stdout.write(digest)
