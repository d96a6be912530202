"""`manage.py debug_analytics`: the specification's three options, and an exit code that tells."""

from __future__ import annotations

import io
from unittest import mock

from django.core.management import CommandError, call_command

from analytics.models import Person, UserEvent
from analytics.tests.cast import LakeTestCase, posthog_event, send_batch


class DebugAnalyticsTest(LakeTestCase):
    def run_it(self, *options: str) -> str:
        out = io.StringIO()
        call_command("debug_analytics", *options, stdout=out)
        return out.getvalue()

    def test_data_that_is_whole_passes_and_visitors_are_no_orphans(self) -> None:
        send_batch(posthog_event(), posthog_event("$groupidentify", properties=GROUP))
        said = self.run_it("--check-data")
        self.assertIn("2 events of visitors who were not logged in", said)
        self.assertIn("Data integrity check completed", said)
        self.assertNotIn("sentiment", said.lower())

    def test_an_event_without_a_person_is_an_orphan(self) -> None:
        send_batch(posthog_event())
        UserEvent.objects.update(person=None)
        with self.assertRaisesRegex(CommandError, "check-data"):
            self.run_it("--check-data")

    def test_a_person_that_is_gone_is_found(self) -> None:
        send_batch(posthog_event())
        Person.objects.all().delete()
        with self.assertRaises(CommandError) as caught:
            self.run_it("--check-data")
        self.assertEqual(caught.exception.returncode, 1)

    def test_the_analyser_of_sentiments_is_tried(self) -> None:
        self.assertRegex(self.run_it("--test-ai"), r"Sentiment analysis: positive \(0\.\d\d\)")

    def test_an_analyser_that_fails_is_named_with_its_reason(self) -> None:
        out = io.StringIO()
        service = "analytics.ai_services.sentiment.service.SentimentAnalysisService.analyze_text_sentiment"
        with (
            mock.patch(service, side_effect=OSError("no lexicon")),
            self.assertRaisesRegex(CommandError, "test-ai"),
        ):
            call_command("debug_analytics", "--test-ai", stdout=out)
        self.assertIn("Sentiment analysis failed: no lexicon", out.getvalue())

    def test_the_day_s_metrics_are_worked_out(self) -> None:
        self.assertRegex(self.run_it("--check-metrics"), r"Metrics calculated: \d+ KPIs, \d+ KRIs")

    def test_without_options_all_three_are_made(self) -> None:
        said = self.run_it()
        for words in ("Data integrity check completed", "Sentiment analysis: ", "Metrics calculated: "):
            self.assertIn(words, said)


GROUP = {"$group_type": "company", "$group_key": "acme", "$group_set": {}}
