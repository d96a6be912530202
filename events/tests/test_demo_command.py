"""`manage.py demo` end to end: rows and events agree, twice adds nothing, and it can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import TestCase

from analytics import clock, track
from analytics.models import LedgerEntry, MergeLog, Person, PersonDistinctId, UserEvent
from events.adapter import MeetupHost
from events.demo import runs
from events.demo.batches import Renderer
from events.models import (
    Attendance,
    DemoRun,
    Feedback,
    Meetup,
    MeetupRequest,
    Member,
    Payment,
    PaymentStatus,
    RequestStatus,
)
from events.services import describe

NOW = "2026-06-11T16:20:00+00:00"


def demo(**options: Any) -> str:
    """Run the command on a small demo; returns what it printed."""
    out = StringIO()
    call_command("demo", users=40, days=20, verbosity=0, stdout=out, **options)
    return out.getvalue()


class DemoCommandTest(TestCase):
    """A small demo."""

    def events(self, name: str) -> int:
        return UserEvent.objects.filter(event_name=name).count()

    def test_rows_and_events_agree(self) -> None:
        said = demo(now=NOW)
        self.assertIn("0 were there already", said)
        self.assertEqual(User.objects.count(), 40)
        self.assertEqual(Member.objects.count(), 40)
        start = UserEvent.objects.earliest("timestamp").timestamp.replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        pairs = {
            "sign_up": User.objects.filter(date_joined__gte=start).count(),
            "meetup_created": Meetup.objects.filter(created_at__gte=start).count(),
            "meetup_requested": MeetupRequest.objects.count(),
            "meetup_request_accepted": MeetupRequest.objects.filter(status=RequestStatus.ACCEPTED).count(),
            "meetup_request_declined": MeetupRequest.objects.filter(status=RequestStatus.DECLINED).count(),
            "payment_failed": Payment.objects.filter(status=PaymentStatus.FAILED).count(),
            "payment_succeeded": Payment.objects.exclude(status=PaymentStatus.FAILED).count(),
            "payment_refunded": Payment.objects.filter(status=PaymentStatus.REFUNDED).count(),
            "meetup_attended": Attendance.objects.exclude(outcome="no").count(),
            "meetup_missed": Attendance.objects.filter(outcome="no").count(),
            "feedback_given": Feedback.objects.count(),
        }
        self.assertEqual({name: self.events(name) for name in pairs}, pairs)
        self.assertGreater(pairs["meetup_attended"], 0)
        self.assertGreater(pairs["payment_succeeded"], 0)

    def test_revenue_is_what_was_paid_and_not_refunded(self) -> None:
        demo(now=NOW)
        kept = Payment.objects.filter(status=PaymentStatus.SUCCEEDED).aggregate(total=Sum("amount"))["total"]
        revenue = UserEvent.objects.aggregate(total=Sum("revenue_impact"))["total"]
        self.assertEqual(revenue, kept)

    def test_events_carry_what_the_product_itself_would_write(self) -> None:
        demo(now=NOW)
        event = UserEvent.objects.filter(event_name="meetup_requested").select_related("user").first()
        meetup = Meetup.objects.get(pk=event.metadata["meetup_id"])
        self.assertEqual(event.metadata, describe(meetup))
        self.assertEqual(event.distinct_id, MeetupHost().distinct_id(event.user))
        self.assertEqual(event.page_url, f"https://meetups.example{meetup.get_absolute_url()}")
        self.assertEqual(event.page_path, "/meetups/<int:meetup_id>/")
        person = Person.objects.get(own_distinct_id__distinct_id=event.distinct_id)
        self.assertEqual(person.properties, MeetupHost().person_properties(event.user))
        feedback = UserEvent.objects.filter(event_name="feedback_given").first()
        self.assertEqual(set(feedback.metadata) - set(describe(meetup)), {"rating", "message"})

    def test_anonymous_visits_belong_to_the_member_that_they_turned_out_to_be(self) -> None:
        demo(now=NOW)
        identified = UserEvent.objects.filter(event_name="$identify").select_related("person")
        self.assertGreater(len(identified), 10)
        for event in identified:
            source = PersonDistinctId.objects.get(distinct_id=event.metadata["$anon_distinct_id"]).person
            self.assertEqual(source.merged_into, event.person)
        self.assertEqual(MergeLog.objects.count(), len(identified))

    def test_nothing_lies_in_the_future(self) -> None:
        demo()
        self.assertLess(UserEvent.objects.latest("timestamp").timestamp, clock.now())
        with self.assertRaises(CommandError):
            demo(now="2999-01-01")

    def test_a_second_run_adds_nothing_however_late_it_is(self) -> None:
        demo()
        counted = self.counts()
        self.assertIn("nothing to add", demo())
        self.assertEqual(self.counts(), counted)

    def test_a_run_that_was_cut_off_goes_on_where_it_stopped(self) -> None:
        class Cut(Exception):
            """The power fails."""

        original = Renderer.batches

        def some(renderer: Renderer, size: int = 300) -> Any:
            batches = original(renderer, size)
            yield next(batches)
            raise Cut

        with patch.object(Renderer, "batches", some), self.assertRaises(Cut):
            demo(now=NOW)
        self.assertEqual(UserEvent.objects.count(), 300)
        self.assertIn("300 were there already", demo(now=NOW))
        self.assertEqual(UserEvent.objects.count(), DemoRun.objects.get().events)
        self.assertEqual(User.objects.count(), 40)
        stored = LedgerEntry.objects.filter(outcome="stored").aggregate(total=Sum("count"))["total"]
        self.assertEqual(stored, UserEvent.objects.count())

    def test_the_same_end_and_seed_give_the_same_events(self) -> None:
        demo(now=NOW)
        first = self.fingerprint()
        demo(now=NOW, fresh=True)
        self.assertEqual(self.fingerprint(), first)

    def test_two_demos_live_side_by_side(self) -> None:
        demo(now=NOW)
        demo(now=NOW, seed=8)
        self.assertEqual(User.objects.filter(username__startswith="guest").count(), 80)
        self.assertEqual(UserEvent.objects.count(), sum(run.events for run in DemoRun.objects.all()))

    def test_fresh_removes_the_demo_and_nothing_else(self) -> None:
        visitor = User.objects.create_user("guest9999")
        track("clicked", user=visitor)
        demo(now=NOW)
        self.assertTrue(User.objects.filter(username="guest10000").exists())
        runs.remove_all()
        self.assertEqual(User.objects.get(), visitor)
        self.assertEqual(UserEvent.objects.get().event_name, "clicked")
        self.assertEqual(Person.objects.count(), 1)
        for model in (Meetup, MeetupRequest, Payment, Attendance, Feedback, Member, DemoRun, MergeLog):
            self.assertFalse(model.objects.exists(), model.__name__)

    def test_guests_cannot_log_in(self) -> None:
        demo(now=NOW)
        self.assertFalse(any(user.has_usable_password() for user in User.objects.all()))

    def test_nonsense_is_refused_in_words(self) -> None:
        for options, words in (({"now": "yesterday"}, "ISO"), ({"users": 3}, "at least 10 users")):
            with self.assertRaisesMessage(CommandError, words):
                call_command("demo", **{"days": 20, "verbosity": 0, **options})

    def test_a_time_without_a_zone_is_utc(self) -> None:
        demo(now="2026-06-11T16:20")
        self.assertEqual(DemoRun.objects.get().ends_at, datetime(2026, 6, 11, 16, 20, tzinfo=UTC))

    def counts(self) -> list[int]:
        models = (
            User,
            UserEvent,
            Person,
            PersonDistinctId,
            MergeLog,
            Meetup,
            MeetupRequest,
            Payment,
            Feedback,
        )
        return [model.objects.count() for model in models]

    def fingerprint(self) -> list[tuple[Any, ...]]:
        """All that does not hang on primary keys."""
        columns = (
            "uuid",
            "event_name",
            "timestamp",
            "session_id",
            "device_type",
            "revenue_impact",
            "metadata__city",
        )
        return list(UserEvent.objects.order_by("timestamp", "uuid").values_list(*columns))
