"""Each act writes its row and its event together, or neither."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import transaction
from django.test import TestCase

from analytics import clock
from analytics.models import UserEvent
from events import gateway, services
from events.errors import MeetupError, NotTheHost
from events.models import (
    Attendance,
    Feedback,
    Meetup,
    MeetupRequest,
    MeetupStatus,
    Member,
    Payment,
    PaymentStatus,
    RequestStatus,
)
from events.tests.cast import event_names, gil_the_guest, hanna_the_host, make_meetup

DECLINED_CARD = next(iter(gateway.FAILURE_CARDS))


class Undo(Exception):
    """Raised to roll a transaction back."""


class ActsTest(TestCase):
    """The acts and their events."""

    def setUp(self) -> None:
        self.hanna, self.gil = hanna_the_host(), gil_the_guest()
        self.meetup = make_meetup(self.hanna)
        UserEvent.objects.all().delete()

    def place(self) -> MeetupRequest:
        """An accepted request of Gil, whose events are forgotten."""
        asked = services.request_to_join(self.gil, self.meetup)
        UserEvent.objects.all().delete()
        return asked

    def after_the_meetup(self) -> AbstractContextManager[None]:
        """Time moves past the start."""
        return clock.frozen(self.meetup.starts_at + timedelta(hours=3))

    def test_making_a_meetup_is_an_event_of_its_host(self) -> None:
        meetup = services.create_meetup(
            Meetup(host=self.hanna, title="Hike", category="hiking", city="Madrid", starts_at=clock.now())
        )
        event = UserEvent.objects.get()
        self.assertEqual(
            (event.event_name, event.user, event.source), ("meetup_created", self.hanna, "signal")
        )
        self.assertEqual(event.metadata["meetup_id"], str(meetup.pk))
        self.assertEqual((event.metadata["city"], event.metadata["ticket_price"]), ("Madrid", 0.0))

    def test_signing_up_makes_a_member(self) -> None:
        user = services.sign_up(User(username="nora"), "Berlin")
        self.assertEqual(Member.objects.get(user=user).city, "Berlin")
        self.assertEqual(event_names(), ["sign_up"])

    def test_verifying_twice_is_one_event(self) -> None:
        services.verify(self.gil)
        services.verify(self.gil)
        self.assertEqual(event_names(), ["user_verified"])

    def test_a_request_is_accepted_at_once_while_there_is_a_place(self) -> None:
        asked = services.request_to_join(self.gil, self.meetup)
        self.assertEqual(asked.status, RequestStatus.ACCEPTED)
        self.assertEqual(event_names(), ["meetup_requested", "meetup_request_accepted"])
        self.assertEqual(set(UserEvent.objects.values_list("distinct_id", flat=True)), {str(self.gil.pk)})

    def test_a_request_to_a_full_meetup_waits(self) -> None:
        self.meetup.capacity = 0
        self.meetup.save()
        asked = services.request_to_join(self.gil, self.meetup)
        self.assertEqual(asked.status, RequestStatus.PENDING)
        self.assertEqual(event_names(), ["meetup_requested"])
        with self.assertRaises(MeetupError):
            services.accept(asked, self.hanna)

    def test_asking_twice_oneself_or_too_late_is_refused_without_an_event(self) -> None:
        self.place()
        past = make_meetup(self.hanna, starts_at=clock.now() - timedelta(hours=1))
        UserEvent.objects.all().delete()
        for user, meetup in ((self.gil, self.meetup), (self.hanna, self.meetup), (self.gil, past)):
            with self.assertRaises(MeetupError):
                services.request_to_join(user, meetup)
        self.assertEqual(event_names(), [])

    def test_a_host_accepts_or_declines_once(self) -> None:
        careful = make_meetup(self.hanna, accepts_automatically=False)
        asked = services.request_to_join(self.gil, careful)
        UserEvent.objects.all().delete()
        with self.assertRaises(NotTheHost):
            services.accept(asked, self.gil)
        services.decline(asked, self.hanna)
        with self.assertRaises(MeetupError):
            services.accept(asked, self.hanna)
        asked.refresh_from_db()
        self.assertEqual(asked.status, RequestStatus.DECLINED)
        self.assertEqual(event_names(), ["meetup_request_declined"])

    def test_a_payment_brings_revenue(self) -> None:
        payment = services.pay(self.place(), gateway.SUCCESS_CARD)
        event = UserEvent.objects.get()
        self.assertEqual(payment.status, PaymentStatus.SUCCEEDED)
        self.assertEqual((event.event_name, event.event_type), ("payment_succeeded", "conversion"))
        self.assertEqual((event.revenue_impact, event.conversion_value), (Decimal("9.50"), Decimal("9.50")))

    def test_a_declined_card_is_a_failed_payment_and_can_be_followed_by_a_good_one(self) -> None:
        asked = self.place()
        payment = services.pay(asked, DECLINED_CARD)
        self.assertEqual((payment.status, payment.failure_code), (PaymentStatus.FAILED, "card_declined"))
        event = UserEvent.objects.get()
        self.assertEqual(
            (event.event_name, event.metadata["failure_code"]), ("payment_failed", "card_declined")
        )
        self.assertIsNone(event.revenue_impact)
        services.pay(asked, gateway.SUCCESS_CARD)
        with self.assertRaises(MeetupError):
            services.pay(asked, gateway.SUCCESS_CARD)
        self.assertEqual(event_names(), ["payment_failed", "payment_succeeded"])

    def test_no_card_number_is_kept_anywhere(self) -> None:
        services.pay(self.place(), DECLINED_CARD)
        self.assertNotIn(
            DECLINED_CARD, str(list(Payment.objects.values())) + str(list(UserEvent.objects.values()))
        )

    def test_attendance_is_noted_by_the_host_after_the_start(self) -> None:
        asked = self.place()
        with self.assertRaises(MeetupError):
            services.attend(asked, "yes", self.hanna)
        with self.after_the_meetup():
            with self.assertRaises(NotTheHost):
                services.attend(asked, "yes", self.gil)
            services.attend(asked, "late", self.hanna)
            with self.assertRaises(MeetupError):
                services.attend(asked, "yes", self.hanna)
        event = UserEvent.objects.get()
        self.assertEqual((event.event_name, event.action, event.user), ("meetup_attended", "late", self.gil))

    def test_staying_away_is_an_event_too(self) -> None:
        asked = self.place()
        with self.after_the_meetup():
            services.attend(asked, "no", self.hanna)
        self.assertEqual(event_names(), ["meetup_missed"])

    def test_feedback_is_for_those_who_came_and_once(self) -> None:
        asked = self.place()
        with self.after_the_meetup():
            with self.assertRaises(MeetupError):
                services.give_feedback(asked, 5, "Lovely")
            services.attend(asked, "yes", self.hanna)
            services.give_feedback(asked, 5, "Lovely")
            with self.assertRaises(MeetupError):
                services.give_feedback(asked, 1, "Changed my mind")
        self.assertEqual(Feedback.objects.get().rating, 5)
        event = UserEvent.objects.get(event_name="feedback_given")
        self.assertEqual((event.metadata["rating"], event.metadata["message"]), (5, "Lovely"))

    def test_cancelling_refunds_and_takes_the_revenue_back(self) -> None:
        payment = services.pay(self.place(), gateway.SUCCESS_CARD)
        with self.assertRaises(NotTheHost):
            services.cancel(self.meetup, self.gil)
        services.cancel(self.meetup, self.hanna)
        payment.refresh_from_db()
        self.meetup.refresh_from_db()
        self.assertEqual(
            (self.meetup.status, payment.status), (MeetupStatus.CANCELLED, PaymentStatus.REFUNDED)
        )
        self.assertEqual(event_names(), ["payment_succeeded", "meetup_cancelled", "payment_refunded"])
        self.assertEqual(sum(e.revenue_impact or 0 for e in UserEvent.objects.all()), 0)

    def test_row_and_event_roll_back_together(self) -> None:
        asked = self.place()
        with self.assertRaises(Undo), transaction.atomic():
            services.pay(asked, gateway.SUCCESS_CARD)
            raise Undo
        self.assertFalse(Payment.objects.exists())
        self.assertEqual(event_names(), [])

    def test_no_event_stays_of_an_act_that_fails_half_way(self) -> None:
        asked = self.place()
        with (
            self.after_the_meetup(),
            patch.object(services, "track", side_effect=Undo),
            self.assertRaises(Undo),
        ):
            services.attend(asked, "yes", self.hanna)
        self.assertFalse(Attendance.objects.exists())
