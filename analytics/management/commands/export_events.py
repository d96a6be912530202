"""`manage.py export_events FILE`: write stored events to a file, with a progress bar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from analytics.errors import AnalyticsError
from analytics.reports.exports import ExportFormat, export_events


class Command(BaseCommand):
    """Export events as CSV, JSON lines or Parquet."""

    help = (
        "Write stored events to a file (CSV, JSON lines or Parquet), sealed and fresh ones alike, in constant "
        "memory. The file appears under its name when it is complete."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file and the range."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--format", default="", choices=["", *ExportFormat], help="default by the file's ending"
        )
        parser.add_argument("--from", dest="date_from", metavar="DATE", help="ISO date or instant; included")
        parser.add_argument("--to", dest="date_to", metavar="DATE", help="ISO date or instant; not included")
        parser.add_argument("--timezone", help="IANA name of the zone of the dates")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export and sum up."""
        path: Path = options["file"]
        name = options["format"] or path.suffix.lstrip(".")
        if name not in set(ExportFormat):
            raise CommandError(f"use --format {', '.join(ExportFormat)}, or a file with that ending")
        try:
            rows = self._write(path, ExportFormat(name), options)
        except AnalyticsError as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from error
        size_mb = path.stat().st_size / 1e6
        self.stdout.write(self.style.SUCCESS(f"{path.name}: {rows} events, {size_mb:.1f} MB"))

    def _write(self, path: Path, kind: ExportFormat, options: dict[str, Any]) -> int:
        """The number of events."""
        total, unfinished = 0, path.with_name(f".{path.name}.part")
        with tqdm(unit="event", file=self.stderr) as bar:

            def count(rows: int) -> None:
                nonlocal total
                total += rows
                bar.update(rows)

            bounds = (options["date_from"], options["date_to"], options["timezone"])
            export = export_events(kind, *bounds, on_rows=count)
            bar.total = export.rows_at_most
            try:
                with unfinished.open("wb") as file:
                    for chunk in export.chunks:
                        file.write(chunk)
                unfinished.replace(path)
                bar.total = total  # the bound counted rows that were deleted or changed since
                bar.refresh()
            finally:
                unfinished.unlink(missing_ok=True)
        return total
