"""The list of tables that hold personal data: complete, handed out, erased."""

from __future__ import annotations

import io
import json
from typing import Any
from unittest import mock

from django.apps import apps
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, TestCase

from analytics.models import (
    AIInsight,
    Cohort,
    CohortMember,
    OutboxMessage,
    Person,
    Receipt,
    RejectedEvent,
    UserBehaviorProfile,
    UserEvent,
)
from analytics.store import erasure, kept_answers, personal_data, refused_bodies
from analytics.store.outbox import put_message
from analytics.store.sealing import seal_all
from analytics.tests.cast import LakeTestCase, alice, posthog_event, send_batch
from analytics.tests.servers import API, ServersTestCase

NAME = "zoë-3"


class ListTest(SimpleTestCase):
    """`analytics.store.personal_data`."""

    def test_every_table_is_either_personal_or_says_why_it_is_not(self) -> None:
        known = [*(table.model.__name__ for table in personal_data.PERSONAL), *personal_data.NOT_PERSONAL]
        self.assertEqual(len(known), len(set(known)))
        models = apps.get_app_config("analytics").get_models()
        self.assertEqual(set(known), {model.__name__ for model in models})
        self.assertTrue(all(personal_data.NOT_PERSONAL.values()))


class OnePersonTest(LakeTestCase):
    """A person with something in every table, and a bystander."""

    def setUp(self) -> None:
        super().setUp()
        self.user = alice()
        twice = posthog_event("second", f"{NAME}-phone", properties={"size": 3})
        send_batch(
            posthog_event("first", NAME, properties={"$set": {"plan": "pro"}}), posthog_event("x", "u2")
        )
        seal_all()
        send_batch(
            twice,
            twice,
            posthog_event("$merge_dangerously", NAME, properties={"alias": f"{NAME}-phone"}),
            posthog_event("", NAME, properties={"why": "no name"}),
            posthog_event("", "u2"),
        )
        self.person = Person.objects.get(own_distinct_id__distinct_id=NAME)
        self.person.user = self.user
        self.person.save()
        for target in (str(self.user.pk), "999999"):
            AIInsight.objects.create(
                insight_type="churn_risk", target_type="user", target_id=target, title="t", description="d",
                confidence_score=0.5, model_name="m", model_version="1",
            )  # fmt: skip
        UserBehaviorProfile.objects.create(user=self.user)
        CohortMember.objects.create(cohort=Cohort.objects.create(name="c", kind="static"), person=self.person)
        uuid = str(UserEvent.objects.filter(person=self.person).latest("pk").uuid)
        put_message(sink="posthog", kind="event", payload={"uuid": uuid}, ordering_key=uuid)
        put_message(sink="posthog", kind="event", payload={"uuid": "else"}, ordering_key="else")

    def exported(self) -> dict[str, Any]:
        """What the command writes."""
        path = self.folder / "export.json"
        call_command("export_person", NAME, path, stdout=io.StringIO())
        found: dict[str, Any] = json.loads(path.read_text())
        path.unlink()
        return found

    def test_the_export_has_all_that_is_stored_and_nothing_of_others(self) -> None:
        found = self.exported()
        self.assertEqual(set(found["distinct_ids"]), {NAME, f"{NAME}-phone"})
        self.assertEqual(
            {event["event_name"] for event in found["events"]}, {"first", "second", "$merge_dangerously"}
        )
        counts = {name: len(rows) for name, rows in found["tables"].items()}
        self.assertEqual(
            counts,
            {
                "Receipt": 1, "DeliveryAttempt": 0, "OutboxMessage": 1, "RejectedEvent": 1, "AIInsight": 1,
                "UserBehaviorProfile": 1, "CohortMember": 1, "MergeLog": 1, "PersonDistinctId": 2, "Person": 2,
            },
        )  # fmt: skip
        self.assertIn("no name", found["tables"]["RejectedEvent"][0]["body"])

    def test_after_the_erasure_nothing_is_left_to_export_and_others_have_theirs(self) -> None:
        erasure.erase(self.person.uuid)
        with self.assertRaisesMessage(CommandError, "no person goes by"):
            self.exported()
        left = (AIInsight, OutboxMessage, RejectedEvent)
        self.assertEqual([model._default_manager.count() for model in left], [1, 1, 1])
        self.assertFalse(Receipt.objects.exists() or CohortMember.objects.exists())
        self.assertEqual(UserEvent.objects.get().distinct_id, "u2")

    def test_a_short_id_takes_no_refused_event_in_which_it_is_by_chance(self) -> None:
        send_batch(
            posthog_event("known", "7"),
            posthog_event("", "7"),
            posthog_event("", "u9", properties={"size": "7", "note": "77"}),
            posthog_event("", "u9", properties={"friend": NAME}),
        )
        seven = Person.objects.get(own_distinct_id__distinct_id="7")
        with self.subTest("export"):
            rows = personal_data.identity_of(seven)
            self.assertEqual(refused_bodies.rows_naming(rows.distinct_ids).count(), 1)
            self.assertEqual(refused_bodies.rows_naming([NAME]).count(), 1)
        before = RejectedEvent.objects.count()
        erasure.erase(seven.uuid)
        self.assertEqual(RejectedEvent.objects.count(), before - 1)

    def test_a_long_id_takes_every_refused_event_that_has_it(self) -> None:
        long = "somebody@example.org"
        send_batch(posthog_event("known", long), posthog_event("", "u9", properties={"friend": long}))
        self.assertEqual(refused_bodies.rows_naming([long]).count(), 0)
        self.assertEqual(refused_bodies.rows_with([long]).count(), 1)

    def test_kept_answers_are_forgotten(self) -> None:
        kept_answers.keep("somebody", {"top": NAME}, 3600)
        self.assertEqual(kept_answers.find("somebody"), {"top": NAME})
        erasure.erase(self.person.uuid)
        self.assertIsNone(kept_answers.find("somebody"))


class KeptAnswersTest(TestCase):
    """`analytics.store.kept_answers`."""

    def setUp(self) -> None:
        cache.clear()

    def test_more_than_a_turn_holds_are_forgotten_too(self) -> None:
        keys = [f"answer-{number}" for number in range(25)]
        for key in keys:
            kept_answers.keep(key, {"n": 1}, 3600)
        self.assertEqual(len(cache.get_many(keys)), 25)
        with mock.patch.object(kept_answers, "_AT_ONCE", 10):
            self.assertTrue(kept_answers.forget_all())
        self.assertEqual(cache.get_many(keys), {})

    def test_a_cache_that_is_away_is_said(self) -> None:
        with (
            mock.patch.object(cache, "get", side_effect=ConnectionError),
            self.assertLogs("analytics.store", "WARNING"),
        ):
            self.assertFalse(kept_answers.forget_all())

    def test_what_is_kept_after_that_is_found_and_forgotten_again(self) -> None:
        kept_answers.keep("a", {"n": 1}, 3600)
        kept_answers.forget_all()
        kept_answers.keep("a", {"n": 2}, 3600)
        self.assertEqual(kept_answers.find("a"), {"n": 2})
        kept_answers.forget_all()
        self.assertIsNone(kept_answers.find("a"))


class ExportApiTest(ServersTestCase):
    """`GET /persons/{id}/export` on both servers."""

    def test_a_user_gets_their_own_staff_anybodys_and_nobody_else_is_there(self) -> None:
        send_batch(
            posthog_event("mine", str(self.alice.pk)),
            posthog_event("$identify", str(self.alice.pk)),
            posthog_event("theirs", "u2"),
        )
        mine = Person.objects.get(own_distinct_id__distinct_id=str(self.alice.pk)).uuid
        theirs = Person.objects.get(own_distinct_id__distinct_id="u2").uuid
        for call in self.servers():
            own = call("GET", f"{API}/persons/{mine}/export", user=self.alice)
            self.assertEqual((own.status, own.body["distinct_ids"]), (200, [str(self.alice.pk)]))
            self.assertIn("attachment", own.headers["content-disposition"])
            self.assertEqual(call("GET", f"{API}/persons/{theirs}/export", user=self.alice).status, 404)
            found = call("GET", f"{API}/persons/{theirs}/export", user=self.sam)
            self.assertEqual([event["event_name"] for event in found.body["events"]], ["theirs"])
