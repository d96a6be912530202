"""`manage.py debug_analytics`: integrity of the data, the AI services, and the calculation of metrics.

Source: specification, "Debug Commands". An event without a user is somebody who was not logged in, not an orphan as in
the specification's sketch; an orphan is an event that belongs to no person at all.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.models import Person, UserEvent

#: It describes a group; its distinct id names nobody.
GROUP_EVENT = "$groupidentify"


class Command(BaseCommand):
    """Each option is one check; without options all three are made."""

    help = "Debug analytics system"

    def add_arguments(self, parser: CommandParser) -> None:
        """The specification's three."""
        parser.add_argument("--check-data", action="store_true", help="Check data integrity")
        parser.add_argument("--test-ai", action="store_true", help="Test AI services")
        parser.add_argument("--check-metrics", action="store_true", help="Check metrics calculation")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the checks; an error of one lets the others go on, and the exit code tell."""
        checks = {
            "check_data": self.check_data_integrity,
            "test_ai": self.test_ai_services,
            "check_metrics": self.check_metrics_calculation,
        }
        wanted = [name for name in checks if options[name]] or list(checks)
        broken = [name for name in wanted if not checks[name]()]
        if broken:
            raise CommandError(f"failed: {', '.join(name.replace('_', '-') for name in broken)}")

    def check_data_integrity(self) -> bool:
        """Whether every event has a uuid and, where one is named, a person."""
        self.stdout.write("Checking data integrity...")
        anonymous = UserEvent.objects.filter(user=None).count()
        self.stdout.write(f"{anonymous} events of visitors who were not logged in")
        faults = {
            "events without UUID": UserEvent.objects.filter(uuid__isnull=True).count(),
            "orphaned events: they name somebody and have no person": UserEvent.objects.filter(person=None)
            .exclude(distinct_id="")
            .exclude(event_name=GROUP_EVENT)
            .count(),
            "events of persons that are not there": UserEvent.objects.exclude(person=None)
            .exclude(person__in=Person.objects.all())
            .count(),
            "merged persons that do not lead to their person in one step": Person.objects.exclude(
                merged_into__merged_into=None
            ).count(),
        }
        for what, count in faults.items():
            if count:
                self.stdout.write(self.style.ERROR(f"Found {count} {what}"))
        if not any(faults.values()):
            self.stdout.write(self.style.SUCCESS("Data integrity check completed"))
        return not any(faults.values())

    def test_ai_services(self) -> bool:
        """Whether a text gets a sentiment."""
        from analytics.ai_services.sentiment.service import SentimentAnalysisService

        self.stdout.write("Testing AI services...")
        try:
            found = SentimentAnalysisService().analyze_text_sentiment("I love how easy this was, thank you!")
        except Exception as error:  # whatever it is, the operator wants to read it here
            self.stdout.write(self.style.ERROR(f"Sentiment analysis failed: {error}"))
            return False
        self.stdout.write(
            self.style.SUCCESS(f"Sentiment analysis: {found['sentiment']} ({found['score']:.2f})")
        )
        return True

    def check_metrics_calculation(self) -> bool:
        """Whether the day's metrics can be worked out; they are stored, as by the task."""
        from analytics.metrics import MetricsProcessor

        self.stdout.write("Checking metrics calculation...")
        try:
            results = MetricsProcessor.process_daily_metrics()
        except Exception as error:  # whatever it is, the operator wants to read it here
            self.stdout.write(self.style.ERROR(f"Metrics calculation failed: {error}"))
            return False
        kpis, kris = len(results.get("kpis", {})), len(results.get("kris", {}))
        self.stdout.write(self.style.SUCCESS(f"Metrics calculated: {kpis} KPIs, {kris} KRIs"))
        return True
