"""The admin: every model is there and opens, records cannot be changed, decisions and acts do what they say."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics import models
from analytics.models.choices import Outcome
from analytics.reports.overview import overview
from analytics.tests.cast import alice, make_key, posthog_event, send, send_batch

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
#: Nobody adds or changes these by hand.
RECORDS = tuple(
    getattr(models, name)
    for name in (
        "Alert",
        "Annotation",
        "ArchivedEvent",
        "CohortMember",
        "Dashboard",
        "DashboardTile",
        "Dataset",
        "DeliveryAttempt",
        "ErasedId",
        "Erasure",
        "EventChange",
        "ForwardedDay",
        "ForwardedMinute",
        "LedgerEntry",
        "MergeLog",
        "OutboxMessage",
        "Person",
        "PersonDistinctId",
        "PersonGroup",
        "PredictionModel",
        "Receipt",
        "RejectedEvent",
        "SavedReport",
        "ShareLink",
        "SinkState",
        "Subscription",
        "UserBehaviorProfile",
        "UserEvent",
        "WorkCursor",
    )
)


def page(model: type[Model], kind: str, *arguments: Any) -> str:
    """The address of a model's page: changelist, add or change."""
    return reverse(f"admin:analytics_{model._meta.model_name}_{kind}", args=arguments)


def one_of_each() -> dict[type[Model], Model]:
    """A row of every model; what can hold text of a stranger holds hostile text."""
    make_key()
    send_batch(
        posthog_event(HOSTILE, "u1"), posthog_event("$identify", "u2", properties={"$anon_distinct_id": "u1"})
    )
    send_batch(posthog_event("$groupidentify", "u1", properties={
        "$group_type": "company", "$group_key": HOSTILE, "$group_set": {},
    }))  # fmt: skip
    persona = models.UserPersona.objects.create(persona_name="Hosts")
    models.UserBehaviorProfile.objects.create(user=alice(), primary_persona=persona)
    models.AIInsight.objects.create(insight_type="trend", title=HOSTILE, confidence_score=0.5, priority="low")
    models.BusinessMetric.objects.create(
        metric_type="kpi", metric_name="m", value=1, period_start=NOON, period_end=NOON, period_type="day"
    )
    models.PredictionModel.objects.create(name=HOSTILE[:50], status="ready")
    models.WorkCursor.objects.create(name="enrichment")
    message = models.OutboxMessage.objects.create(sink="posthog", kind="event", payload={})
    models.DeliveryAttempt.objects.create(message=message, error=HOSTILE)
    models.SinkState.objects.create(sink=HOSTILE, last_error=HOSTILE)
    models.ForwardedDay.objects.create(sink=HOSTILE, day=NOON.date())
    models.ForwardedMinute.objects.create(sink=HOSTILE, at=NOON, watermark=1, row_id=1)
    models.MetricSetting.objects.create(metric_name=HOSTILE)
    models.AlertTarget.objects.create(name=HOSTILE, kind="email", address=HOSTILE)
    models.Alert.objects.create(
        metric_name=HOSTILE,
        level="warning",
        value=1,
        threshold=2,
        period_start=NOON,
        opened_at=NOON,
        last_seen_at=NOON,
    )
    models.Dataset.objects.create(name=HOSTILE, path="a.csv", format="csv", fingerprint="f")
    models.Receipt.objects.create(uuid=uuid.uuid4(), outcome=Outcome.REJECTED, reason="no_name")
    models.RejectedEvent.objects.create(
        outcome=Outcome.REJECTED, reason="no_name", body=HOSTILE.encode() + b"\xff\x00", dialect="posthog"
    )
    models.PersonGroup.objects.get_or_create(group_type="company", group_key=HOSTILE)
    cohort = models.Cohort.objects.create(name=HOSTILE, kind="static")
    models.CohortMember.objects.create(cohort=cohort, person=models.Person.objects.all()[0])
    event = models.UserEvent.objects.all()[0]
    models.EventChange.objects.create(event_id=event.pk)
    models.ArchivedEvent.objects.create(
        uuid=uuid.uuid4(), row_id=1, ingest_key=HOSTILE, received_at=NOON, created_at=NOON, ends_at=NOON
    )
    models.Erasure.objects.create(person_uuid=uuid.uuid4(), nodes=[1])
    models.ErasedId.objects.create(digest="d" * 64)
    report = models.SavedReport.objects.create(
        name=HOSTILE, description=HOSTILE, analysis="trends", question={HOSTILE: HOSTILE}
    )
    board = models.Dashboard.objects.create(name=HOSTILE, description=HOSTILE)
    models.DashboardTile.objects.create(dashboard=board, report=report)
    models.Annotation.objects.create(happened_on=NOON.date(), text=HOSTILE)
    models.ShareLink.objects.create(digest="d" * 64, report=report)
    models.Subscription.objects.create(dashboard=board, addresses=[HOSTILE], sent_for=NOON.date())
    found = {model: model._default_manager.first() for model in apps.get_app_config("analytics").get_models()}
    assert all(found.values()), [model for model, row in found.items() if row is None]
    return {model: row for model, row in found.items() if row is not None}


class EveryModelTest(TestCase):
    """All models of the app, for a superuser."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.rows = one_of_each()
        cls.root = User.objects.create_superuser("root", password="root-password-1")

    def setUp(self) -> None:
        self.client.force_login(self.root)

    def test_every_model_is_registered(self) -> None:
        missing = [model for model in self.rows if not admin.site.is_registered(model)]
        self.assertEqual(missing, [])

    def test_every_change_list_opens_and_shows_its_row_as_text(self) -> None:
        for model in self.rows:
            with self.subTest(model.__name__):
                answer = self.client.get(page(model, "changelist"))
                self.assertEqual(answer.status_code, 200)
                self.assertNotContains(answer, "<script>alert")

    def test_every_change_page_opens(self) -> None:
        for model, row in self.rows.items():
            with self.subTest(model.__name__):
                answer = self.client.get(page(model, "change", row.pk))
                self.assertEqual(answer.status_code, 200)
                self.assertNotContains(answer, "<script>alert")

    def test_only_what_people_decide_is_added_by_hand(self) -> None:
        by_hand = (models.AlertTarget, models.Cohort, models.IngestKey, models.MetricSetting)
        for model in self.rows:
            with self.subTest(model.__name__):
                expected = 200 if model in by_hand else 403
                self.assertEqual(self.client.get(page(model, "add")).status_code, expected)

    def test_records_cannot_be_changed_or_deleted(self) -> None:
        for model in RECORDS:
            with self.subTest(model.__name__):
                row = self.rows[model]
                self.assertEqual(self.client.post(page(model, "change", row.pk), {}).status_code, 403)
                self.assertEqual(
                    self.client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code, 403
                )

    def test_every_search_takes_any_text(self) -> None:
        for model in self.rows:
            for term in ("u1", str(uuid.uuid4()), HOSTILE, "%", "'"):
                with self.subTest(model.__name__, term=term):
                    answer = self.client.get(page(model, "changelist"), {"q": term})
                    self.assertEqual(answer.status_code, 200)

    def test_events_are_found_by_any_id_of_theirs(self) -> None:
        event = models.UserEvent.objects.get(event_name=HOSTILE)
        for term in (HOSTILE, "u1", str(event.uuid)):
            with self.subTest(term):
                answer = self.client.get(page(models.UserEvent, "changelist"), {"q": term})
                self.assertContains(answer, page(models.UserEvent, "change", event.pk))
        self.assertNotContains(
            self.client.get(page(models.UserEvent, "changelist"), {"q": "nobody"}),
            page(models.UserEvent, "change", event.pk),
        )


class LargeTablesTest(TestCase):
    """Change lists of tables that grow with traffic."""

    def setUp(self) -> None:
        make_key()
        self.client.force_login(User.objects.create_superuser("root", password="root-password-1"))

    def queries_of(self, model: type[Model]) -> list[str]:
        """What a change list asks the database."""
        with CaptureQueriesContext(
            connection,
        ) as captured:
            self.assertEqual(self.client.get(page(model, "changelist")).status_code, 200)
        return [query["sql"] for query in captured]

    def test_they_are_never_counted_and_never_asked_row_by_row(self) -> None:
        large = (
            models.UserEvent,
            models.Person,
            models.PersonDistinctId,
            models.MergeLog,
            models.LedgerEntry,
        )
        send_batch(posthog_event("a", "u1"))
        few = {model: len(self.queries_of(model)) for model in large}
        for number in range(8):
            send_batch(
                posthog_event("b", f"v{number}"),
                posthog_event("$identify", f"w{number}", properties={"$anon_distinct_id": f"v{number}"}),
            )
        for model in large:
            with self.subTest(model.__name__):
                queries = self.queries_of(model)
                self.assertEqual(len(queries), few[model])
                self.assertFalse([sql for sql in queries if "COUNT(" in sql])


class IngestKeyTest(TestCase):
    """Keys are made and switched off in the admin."""

    def setUp(self) -> None:
        self.client.force_login(User.objects.create_superuser("root", password="root-password-1"))

    def test_a_key_made_here_is_shown_and_takes_events(self) -> None:
        answer = self.client.post(page(models.IngestKey, "add"), {"label": "shop"}, follow=True)
        key = models.IngestKey.objects.get(label="shop")
        self.assertContains(answer, key.token)
        sent = send("/capture/", posthog_event("bought") | {"api_key": key.token})
        self.assertEqual(sent.status_code, 200)
        self.assertEqual(models.UserEvent.objects.get(event_name="bought").ingest_key, "shop")

    def test_a_label_in_use_is_refused_in_the_form(self) -> None:
        make_key()
        answer = self.client.post(page(models.IngestKey, "add"), {"label": "shop"})
        self.assertContains(answer, "already exists")

    def test_a_key_switched_off_takes_no_more_events(self) -> None:
        make_key()
        key = models.IngestKey.objects.get()
        self.client.post(page(models.IngestKey, "change", key.pk), {})  # an unticked box is not sent
        self.assertEqual(send_batch(posthog_event()).status_code, 401)

    def test_a_key_is_never_deleted(self) -> None:
        make_key()
        key = models.IngestKey.objects.get()
        answer = self.client.post(page(models.IngestKey, "delete", key.pk), {"post": "yes"})
        self.assertEqual(answer.status_code, 403)


class MergeTest(TestCase):
    """Undoing merges from the list."""

    def setUp(self) -> None:
        make_key()
        send_batch(
            posthog_event("a", "u1"),
            posthog_event("b", "u2"),
            posthog_event("$merge_dangerously", "u1", properties={"alias": "u2"}),
        )
        self.log = models.MergeLog.objects.get()

    def undo(self, user: User) -> Any:
        """The action, as the page sends it."""
        client = Client()
        client.force_login(user)
        form = {"action": "undo_merges", "_selected_action": [self.log.pk]}
        return client.post(page(models.MergeLog, "changelist"), form, follow=True)

    def test_it_makes_two_persons_of_one(self) -> None:
        root = User.objects.create_superuser("root", password="root-password-1")
        users = models.Person.objects.filter(merged_into=None, own_distinct_id__distinct_id__in=["u1", "u2"])
        self.assertEqual(users.count(), 1)
        self.assertContains(self.undo(root), "1 merge undone.")
        self.assertEqual(users.count(), 2)

    def test_what_is_undone_already_is_said(self) -> None:
        root = User.objects.create_superuser("root", password="root-password-1")
        self.undo(root)
        self.assertContains(self.undo(root), "this merge has been undone already")

    def test_it_needs_the_right_to_change_merges(self) -> None:
        reader = User.objects.create_user("reader", password="reader-password-1", is_staff=True)
        reader.user_permissions.add(Permission.objects.get(codename="view_mergelog"))
        self.undo(reader)
        self.log.refresh_from_db()
        self.assertIsNone(self.log.undone_at)


class DecisionTest(TestCase):
    """What people decide."""

    def setUp(self) -> None:
        self.client.force_login(User.objects.create_superuser("root", password="root-password-1"))

    def test_a_verdict_is_kept_with_its_date_and_ends_the_insight(self) -> None:
        insight = models.AIInsight.objects.create(
            insight_type="trend", title="Up", confidence_score=0.5, priority="low"
        )
        form = {"status": "rejected", "validation_notes": "a holiday", "priority": "low", "title": "changed"}
        self.client.post(page(models.AIInsight, "change", insight.pk), form)
        insight.refresh_from_db()
        self.assertEqual((insight.status, insight.validation_notes), ("rejected", "a holiday"))
        self.assertEqual(insight.title, "Up")
        self.assertIsNotNone(insight.validated_at)
        self.assertEqual(overview(days=1).insights, [])

    def test_a_threshold_can_be_set_and_a_value_cannot(self) -> None:
        metric = models.BusinessMetric.objects.create(
            metric_type="kpi", metric_name="m", value=1, period_start=NOON, period_end=NOON, period_type="day"
        )
        form = {"warning_threshold": "5", "critical_threshold": "", "target_value": "", "value": "99"}
        self.client.post(page(models.BusinessMetric, "change", metric.pk), form)
        metric.refresh_from_db()
        self.assertEqual((metric.warning_threshold, metric.value), (5, 1))


class AlertTargetTest(TestCase):
    """Whom alerts are sent to: only where they may go."""

    def setUp(self) -> None:
        self.client.force_login(User.objects.create_superuser("root", "root@example.com", "x"))

    def _add(self, **given: str) -> Any:
        given = {"name": "team", "least_level": "warning", "is_enabled": "on", **given}
        return self.client.post(page(models.AlertTarget, "add"), given)

    def test_a_webhook_gets_a_secret(self) -> None:
        self._add(kind="webhook", address="https://hooks.example.com/in")
        target = models.AlertTarget.objects.get()
        self.assertTrue(target.secret.startswith("whsec_"))

    def test_an_address_inside_and_one_that_is_none_are_refused_in_the_form(self) -> None:
        for kind, address in (("webhook", "http://hooks.example.com/"), ("email", "nobody")):
            with self.subTest(kind):
                self.assertEqual(self._add(kind=kind, address=address).status_code, 200)
        self.assertEqual(models.AlertTarget.objects.count(), 0)
