"""`manage.py doctor`: send an event in every way, follow it to an analysis, name the hop that fails and its fix."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.management.doctor.examination import Wanted, examine
from analytics.management.doctor.finding import Finding, State

_LOCAL = "http://127.0.0.1:8000"


class Command(BaseCommand):
    """Examine the deployment."""

    help = (
        "Check database, Redis, queues, lake, disk, clock, keys and settings; send an event in each way, follow it "
        "until an analysis shows it, and take it out again. Exit code 1 when something fails."
    )
    requires_system_checks: list[str] = []  # what they find is one of the findings

    def add_arguments(self, parser: CommandParser) -> None:
        """Which server, how long, which key."""
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--url", default=_LOCAL, help=f"a running server; default {_LOCAL}")
        place.add_argument(
            "--in-process", action="store_true", help="ask no server: answer and seal in this process"
        )
        parser.add_argument("--key", default="", help="an ingest key; default the oldest active one")
        parser.add_argument(
            "--wait", type=float, default=45.0, metavar="SECONDS", help="for sealing; default 45"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine and say so line by line."""
        url = "" if options["in_process"] else options["url"]
        failures = 0
        for finding in examine(Wanted(url, options["wait"], options["key"])):
            failures += finding.state is State.FAIL
            self._show(finding)
        if failures:
            raise CommandError(f"{failures} {'hop fails' if failures == 1 else 'hops fail'}")
        self.stdout.write(self.style.SUCCESS("an event gets from every door to an analysis"))

    def _show(self, finding: Finding) -> None:
        style = {State.OK: self.style.SUCCESS, State.NOTE: self.style.WARNING, State.FAIL: self.style.ERROR}
        self.stdout.write(
            f"{style[finding.state](f'{finding.state:<4}')}  {finding.hop:<11} {finding.detail}"
        )
        if finding.fix:
            self.stdout.write(f"      {'':<11} fix: {finding.fix}")
