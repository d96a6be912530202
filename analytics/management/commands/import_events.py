"""`manage.py import_events FILE`: bring in a file of events, with a progress bar, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from analytics.errors import AnalyticsError, Conflict
from analytics.ingestion.imports import importer
from analytics.ingestion.imports.mapping import TARGETS, parse_map


class Command(BaseCommand):
    """Import events from CSV, JSONL or Parquet."""

    help = (
        "Import a file of events (CSV, JSONL or Parquet, also gzipped). Killed in the middle it goes on where it "
        "stopped; run again after the end it changes nothing. Rows that cannot be events are kept with their reason."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file and the meaning of its columns."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--format", default="", help="csv, jsonl or parquet; default by the file's ending"
        )
        parser.add_argument(
            "--map",
            action="append",
            nargs="+",
            default=[],
            metavar="TARGET=COLUMN",
            help=f"which column means what; targets: {', '.join(TARGETS)}. Others become properties.",
        )
        parser.add_argument("--event", default="", help="the event's name, for a file without one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and sum up."""
        pairs = [pair for group in options["map"] for pair in group]
        try:
            columns = parse_map(pairs, options["event"])
            dataset, job = importer.prepare(options["file"], format_name=options["format"], columns=columns)
            total = dataset.total_records
            with tqdm(total=total, initial=dataset.processed, unit="row", file=self.stderr) as bar:

                def show(done: int, _: int) -> None:
                    bar.update(done - bar.n)

                importer.run(dataset, job, show)
        except Conflict as conflict:
            self.stdout.write(conflict.detail)
            return
        except AnalyticsError as error:
            raise CommandError(error.detail) from error
        stored = dataset.processed - dataset.duplicates - dataset.rejected
        self.stdout.write(
            self.style.SUCCESS(
                f"{dataset.name}: {dataset.processed} rows, {stored} stored, {dataset.duplicates} duplicates, "
                f"{dataset.rejected} rejected"
            )
        )
