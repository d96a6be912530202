"""What events mean: by rules in the pipeline, and in batches for texts and for whatever the pipeline did not see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.test import SimpleTestCase, TestCase, TransactionTestCase, override_settings

from analytics.ai_services.enriching import enrich, enrich_new
from analytics.enrichment.engagement_level import level_of
from analytics.enrichment.intent import Intent, classify
from analytics.enrichment.texts import text_of
from analytics.models import EventChange, UserEvent
from analytics.tests.cast import alice, make_key, posthog_event, send_batch
from analytics.tests.population import NOW, load, visit_of

#: Names that were not looked at while the words were chosen.
FRESH_NAMES = {
    "explore": "hero_clicked|Page Viewed|screen_opened|detail_page_seen|catalog_browsed",
    "search": "keyword_searched|facet_selected|no_results_shown|sorted_by_price",
    "register": "user_registered|activation_completed|Account Created|welcome_tour_finished",
    "authenticate": "login_success|otp_verified|session_started_after_login|logged_in_with_google",
    "consider": "product_added_to_favorites|compare_opened|shipping_estimated|price_viewed",
    "purchase": "order_confirmed|cart_abandoned|payment_method_added|subscription_created|deposit_made",
    "cancel": "plan_cancelled|cancel_subscription_clicked|refund_issued|user_deleted_account",
    "create": "document_created|image_uploaded|task_added|template_saved|entry_edited",
    "participate": "seat_booked|event_rsvp|quest_started|attended_webinar|application_sent",
    "communicate": "message_received|shared_link|comment_posted|follow_clicked|team_invited",
    "feedback": "review_posted|feedback_sent|survey_started|rating_changed",
    "support": "help_opened|support_contacted|chat_with_agent_started|ticket_submitted",
    "configure": "language_selected|notifications_turned_off|profile_photo_changed|webhook_created",
    "learn": "lesson_started|video_completed|article_opened|tutorial_skipped",
    "system": "error_shown|crash_reported|webhook_failed|api_timeout|cron_finished",
}


class FakeScorer:
    """Scores by the first word; "bad" breaks a batch, as a poisoned text would."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def analyze_many(self, texts: Sequence[str]) -> list[Any]:
        self.batches.append(list(texts))
        return [SimpleNamespace(score=self.analyze_text_sentiment(text)["score"]) for text in texts]

    def analyze_text_sentiment(self, text: str) -> dict[str, Any]:
        if text == "bad":
            raise ValueError(text)
        return {"score": 0.5 if text.startswith("good") else -0.5}


class IntentTest(SimpleTestCase):
    def test_fresh_names_are_mostly_understood_and_never_left_open(self) -> None:
        pairs = [(intent, name) for intent, names in FRESH_NAMES.items() for name in names.split("|")]
        found = [classify(name) for _, name in pairs]
        right = sum(intent == answer for (intent, _), answer in zip(pairs, found, strict=True))
        self.assertGreaterEqual(right / len(pairs), 0.88)
        self.assertNotIn("", found)
        self.assertEqual({intent.value for intent in Intent}, set(FRESH_NAMES))

    def test_case_and_separators_do_not_matter(self) -> None:
        for name in ("addedToCart", "added_to_cart", "Added To Cart", "ADDED-TO-CART"):
            self.assertEqual(classify(name), "purchase")

    def test_a_name_without_a_known_word_has_no_intent(self) -> None:
        self.assertEqual([classify(name) for name in ("xyzzy", "", "名前", "\x00")], [""] * 4)

    def test_errors_and_pages_are_known_by_their_type(self) -> None:
        self.assertEqual((classify("xyzzy", "error"), classify("xyzzy", "page_view")), ("system", "explore"))

    def test_a_level_follows_from_type_and_intent(self) -> None:
        found = [
            level_of("xyzzy", "conversion"),
            level_of("comment_added"),
            level_of("search"),
            level_of("xyzzy"),
        ]
        self.assertEqual(found, ["very_high", "high", "medium", "low"])
        self.assertEqual(level_of("payment_page", "page_view"), "low")
        self.assertEqual(level_of("$exception", "error"), "")


class TextTest(SimpleTestCase):
    def test_the_first_text_of_the_known_properties_counts(self) -> None:
        self.assertEqual(text_of({"rating": 5, "comment": " Nice ", "message": "  "}), "Nice")
        self.assertEqual(text_of({"message": 5}), "")
        self.assertEqual(text_of({"message": "boom"}, "error"), "")

    @override_settings(ANALYTICS_TEXT_PROPERTIES=("note",))
    def test_the_properties_are_a_setting(self) -> None:
        self.assertEqual(text_of({"note": "a", "message": "b"}), "a")


class PipelineTest(TransactionTestCase):
    def test_an_event_arrives_with_intent_and_level(self) -> None:
        make_key()
        send_batch(posthog_event("payment_succeeded"), posthog_event("xyzzy"))
        found = dict(UserEvent.objects.values_list("event_name", "intent_classification"))
        self.assertEqual(found, {"payment_succeeded": "purchase", "xyzzy": ""})
        self.assertEqual(UserEvent.objects.get(event_name="payment_succeeded").engagement_level, "very_high")

    def test_bulk_loads_and_the_orm_do_the_same(self) -> None:
        user = alice()
        load([visit_of(user, "comment_added", NOW)])
        UserEvent.objects.create(user=user, event_name="comment_added", event_type="user_action")
        levels = UserEvent.objects.values_list("intent_classification", "engagement_level")
        self.assertEqual(list(levels), [("communicate", "high")] * 2)


class BatchTest(TestCase):
    def make(self, message: str | None, **columns: Any) -> UserEvent:
        metadata = {} if message is None else {"message": message}
        return UserEvent.objects.create(event_name="feedback_given", metadata=metadata, **columns)

    def test_texts_are_scored_together_and_written_at_once(self) -> None:
        events = [self.make("good one"), self.make("awful"), self.make(None)]
        scorer = FakeScorer()
        with self.assertNumQueries(2):
            found = enrich([event.pk for event in events], scorer)
        self.assertEqual((found.processed, found.changed, found.errors), (3, 2, 0))
        self.assertEqual(scorer.batches, [["good one", "awful"]])
        scores = list(UserEvent.objects.order_by("pk").values_list("sentiment_score", flat=True))
        self.assertEqual(scores, [0.5, -0.5, None])

    def test_twice_changes_nothing(self) -> None:
        events = [self.make("good one"), self.make("awful")]
        ids = [event.pk for event in events]
        enrich(ids, FakeScorer())
        changes = EventChange.objects.count()
        self.assertEqual(enrich(ids, FakeScorer()).changed, 0)
        self.assertEqual(EventChange.objects.count(), changes)

    def test_a_text_that_breaks_the_scorer_costs_no_other_its_score(self) -> None:
        events = [self.make("good one"), self.make("bad"), self.make("awful")]
        with self.assertLogs("analytics.ai_services", "ERROR"):
            found = enrich([event.pk for event in events], FakeScorer())
        self.assertEqual((found.processed, found.changed, found.errors), (3, 2, 1))

    def test_a_row_that_lacks_words_gets_them(self) -> None:
        event = self.make(None)
        UserEvent.objects.filter(pk=event.pk).update(intent_classification="", engagement_level="")
        enrich([event.pk], FakeScorer())
        event.refresh_from_db()
        self.assertEqual((event.intent_classification, event.engagement_level), ("feedback", "high"))

    def test_ids_that_are_gone_are_passed_over(self) -> None:
        self.assertEqual(enrich([4711], FakeScorer()).processed, 0)


class NewEventsTest(TransactionTestCase):
    def test_each_event_is_looked_at_once(self) -> None:
        user = alice()
        load([visit_of(user, "feedback_given", NOW, metadata='{"message": "good"}')])
        load([visit_of(user, "page_viewed", NOW + timedelta(seconds=1))])
        scorer = FakeScorer()
        self.assertEqual(enrich_new(scorer).changed, 1)
        self.assertEqual(enrich_new(scorer).processed, 0)
        load([visit_of(user, "feedback_given", NOW, metadata='{"message": "awful"}')])
        self.assertEqual(enrich_new(scorer).changed, 1)
        self.assertEqual(scorer.batches, [["good"], ["awful"]])

    def test_a_part_that_fails_is_done_again(self) -> None:
        load([visit_of(alice(), "feedback_given", NOW, metadata='{"message": "good"}')])

        class Dies(FakeScorer):
            def analyze_many(self, texts: Sequence[str]) -> list[Any]:
                raise KeyboardInterrupt  # as when the worker is stopped

        with self.assertRaises(KeyboardInterrupt):
            enrich_new(Dies())
        self.assertEqual(enrich_new(FakeScorer()).changed, 1)
