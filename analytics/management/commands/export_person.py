"""`manage.py export_person PERSON FILE`: everything that is stored about one person, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.errors import AnalyticsError
from analytics.management.person import uuid_of
from analytics.reports.person_export import export_person


class Command(BaseCommand):
    """Export one person."""

    help = (
        "Write everything that is stored about a person to a JSON file: ids, properties, events, profile, insights, "
        "receipts, refused events. The file appears under its name when it is complete, readable by you alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The person and the file."""
        parser.add_argument("person", help="uuid or distinct id of the person")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Export and say where."""
        path: Path = options["file"]
        unfinished = path.with_name(f".{path.name}.part")
        try:
            chunks = export_person(uuid_of(options["person"]))
            unfinished.touch(mode=0o600)
            with unfinished.open("wb") as file:
                file.writelines(chunks)
            unfinished.replace(path)
        except AnalyticsError as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        self.stdout.write(self.style.SUCCESS(f"{path.name}: {path.stat().st_size:,} bytes"))
