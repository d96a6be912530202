"""`manage.py create_ingest_key LABEL`: make a key for a client."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.errors import AnalyticsError
from analytics.ingestion.keys import create_ingest_key


class Command(BaseCommand):
    """Make an ingest key and print its token."""

    help = "Make a public, write-only ingest key; its label is kept on the events that it brings."

    def add_arguments(self, parser: CommandParser) -> None:
        """The label, and a token where it must be a given one."""
        parser.add_argument("label")
        parser.add_argument("--token", help="use this token instead of a generated one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key."""
        try:
            key = create_ingest_key(options["label"], options["token"])
        except AnalyticsError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(key.token)
