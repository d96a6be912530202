"""`manage.py erase_person PERSON`: erase a person everywhere, and print the certificate."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.errors import NotFound
from analytics.management.person import uuid_of
from analytics.store import erasure
from analytics.store.upkeep import engine


class Command(BaseCommand):
    """Erase one person."""

    help = "Erase a person from the database and from every file of the lake. There is no way back."

    def add_arguments(self, parser: CommandParser) -> None:
        """The person, and how fast."""
        parser.add_argument("person", help="uuid or distinct id of the person")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--at-once",
            action="store_true",
            help="delete files of older versions now, not tomorrow; questions that are just read fail once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase and certify."""
        person = uuid_of(options["person"])
        if not options["yes"] and input(f"Erase {person} for good? [y/N] ").strip().lower() != "y":
            raise CommandError("nothing was erased")
        try:
            erased = erasure.erase(person)
        except NotFound as error:
            raise CommandError(error.detail) from error
        erasure.continue_erasures(engine(), at_once=options["at_once"])
        for name, value in asdict(erasure.certificate(erased.uuid)).items():
            self.stdout.write(f"{name}: {value if value is not None else 'not yet; upkeep completes it'}")
