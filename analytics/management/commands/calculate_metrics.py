"""`manage.py calculate_metrics`: work metrics out for a range of days in one pass."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics import clock, conf
from analytics.errors import AnalyticsError
from analytics.metrics import MetricsProcessor


class Command(BaseCommand):
    """Metrics of many days at once: after an import, a changed definition, or a metric of your own."""

    help = "Work all metrics out for a range of days. Safe at any time and beside a worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--from` and `--to`, both included."""
        parser.add_argument(
            "--from", dest="first", type=date.fromisoformat, help="first day; default a year ago"
        )
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last day; default today")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what was written."""
        last = options["last"] or clock.today(conf.get().zone)
        first = options["first"] or last - timedelta(days=365)
        started_s = time.monotonic()
        try:
            done = MetricsProcessor.backfill(first, last)
        except AnalyticsError as error:
            raise CommandError(error.detail) from error
        spent_s = time.monotonic() - started_s
        days = (done.last - done.first).days + 1
        self.stdout.write(self.style.SUCCESS(f"{days} days, {done.rows} values in {spent_s:.1f} s"))
