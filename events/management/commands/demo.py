"""`manage.py demo`: fill the project with a believable meetup product."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analytics import clock
from analytics.ingestion.bulk import BulkResult
from events.demo import runs
from events.demo.plan import Plan, to_datetime


class Command(BaseCommand):
    """Make demo data; see `events.demo` for what it is like and `events.demo.incidents` for what is hidden in it."""

    help = (
        "Make a believable meetup product: people of five kinds, seasons, funnels, churn, revenue, feedback, and two "
        "planted incidents (a payment outage three weeks before the end, a traffic spike six weeks before it). The "
        "same seed and end make the same rows; running it again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Size, seed and end."""
        parser.add_argument("--users", type=int, default=2000, help="members, at least 10 (default: 2000)")
        parser.add_argument("--days", type=int, default=120, help="days, at least 7 (default: 120)")
        parser.add_argument("--seed", type=int, default=7, help="another seed, another world (default: 7)")
        parser.add_argument(
            "--now",
            metavar="ISO",
            help="end at this instant (default: the end of the same demo made before, else the present)",
        )
        parser.add_argument("--fresh", action="store_true", help="remove all demo data first")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the demo, with a progress bar on standard error."""
        plan = self._plan(options)
        if options["fresh"]:
            self.stdout.write(f"Removed {runs.remove_all():,} demo events.")
        demo = runs.Demo(plan)
        if demo.events_loaded is not None:
            self.stdout.write(f"This demo is here already ({demo.events_loaded:,} events); nothing to add.")
            return
        events = demo.prepare().count
        with tqdm(
            total=events, unit=" events", unit_scale=True, desc="demo", disable=not options["verbosity"]
        ) as bar:
            result = demo.load(lambda done: _move(bar, done))
        self.stdout.write(
            f"{plan.users:,} users over {plan.days} days up to {to_datetime(plan.ends_ms):%Y-%m-%d %H:%M} UTC: "
            f"{result.stored:,} events stored, {result.duplicates:,} were there already."
        )

    def _plan(self, options: dict[str, Any]) -> Plan:
        size = {"seed": options["seed"], "users": options["users"], "days": options["days"]}
        if options["now"]:
            ends_at = _instant(options["now"])
        else:
            known = None if options["fresh"] else runs.find_end(**size)
            ends_at = known or clock.now()
        if ends_at > clock.now():
            raise CommandError("--now lies in the future; demo data ends in the past or at present")
        try:
            return Plan(**size, ends_at=ends_at)
        except ValueError as error:
            raise CommandError(str(error)) from error


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--now is not an ISO date or time: {text}") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _move(bar: Any, done: BulkResult) -> None:
    bar.update(done.stored + done.duplicates)
