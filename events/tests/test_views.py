"""A visitor clicks through the product; each page does what it says, for whom it says."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client, TestCase
from django.urls import reverse

from analytics import clock
from analytics.ingestion.visitor import ANONYMOUS_COOKIE, SESSION_COOKIE
from analytics.models import UserEvent
from events import gateway, services
from events.models import Meetup, MeetupRequest, Member, RequestStatus
from events.tests.cast import event_names, gil_the_guest, hanna_the_host, make_meetup


class VisitorTest(TestCase):
    """Somebody who is not logged in."""

    def setUp(self) -> None:
        self.meetup = make_meetup(hanna_the_host())
        UserEvent.objects.all().delete()

    def test_the_list_shows_meetups_to_come_by_category_and_city(self) -> None:
        make_meetup(self.meetup.host, title="Past hike", starts_at=clock.now() - timedelta(days=1))
        make_meetup(self.meetup.host, title="Called off", status="cancelled")
        page = self.client.get(reverse("events:meetups"))
        self.assertContains(page, "Board games night")
        self.assertNotContains(page, "Past hike")
        self.assertNotContains(page, "Called off")
        for query, is_there in (({"city": "lisb"}, True), ({"category": "hiking"}, False)):
            page = self.client.get(reverse("events:meetups"), query)
            self.assertEqual("Board games night" in page.content.decode(), is_there, query)

    def test_looking_at_a_meetup_is_an_event_of_the_browser(self) -> None:
        self.client.cookies[ANONYMOUS_COOKIE] = "browser-1"
        self.client.cookies[SESSION_COOKIE] = "session-1"
        page = self.client.get(self.meetup.get_absolute_url())
        self.assertContains(page, "Log in to join")
        event = UserEvent.objects.get(event_name="meetup_viewed")
        self.assertEqual((event.distinct_id, event.session_id, event.user), ("browser-1", "session-1", None))
        self.assertEqual(event.metadata["category"], "board games")

    def test_what_needs_an_account_leads_to_the_login(self) -> None:
        for name, method in (("join", "post"), ("pay", "get"), ("feedback", "get"), ("cancel", "post")):
            url = reverse(f"events:{name}", args=[self.meetup.pk])
            answer = getattr(self.client, method)(url)
            self.assertRedirects(answer, f"{reverse('events:login')}?next={url}", msg_prefix=name)
        self.assertEqual(self.client.get(reverse("events:create")).status_code, 302)
        self.assertEqual(event_names(), [])

    def test_signing_up_makes_a_member_who_is_logged_in(self) -> None:
        form = {
            "username": "nora",
            "city": "Berlin",
            "password1": "long-secret-77",
            "password2": "long-secret-77",
        }
        page = self.client.post(reverse("events:sign_up"), form, follow=True)
        self.assertContains(page, "Log out nora")
        self.assertEqual(Member.objects.get(user__username="nora").city, "Berlin")
        self.assertIn("sign_up", event_names())
        self.client.post(reverse("events:verify"))
        self.assertIn("user_verified", event_names())

    def test_forms_are_safe_against_forgery(self) -> None:
        gil = gil_the_guest()
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(gil)
        self.assertEqual(strict.post(reverse("events:join", args=[self.meetup.pk])).status_code, 403)
        self.assertFalse(MeetupRequest.objects.exists())


class GuestTest(TestCase):
    """Somebody who joins, pays, and gives feedback."""

    def setUp(self) -> None:
        self.hanna, self.gil = hanna_the_host(), gil_the_guest()
        self.meetup = make_meetup(self.hanna)
        self.client.force_login(self.gil)

    def url(self, name: str) -> str:
        return reverse(f"events:{name}", args=[self.meetup.pk])

    def test_joining_leads_to_paying_and_paying_to_the_meetup(self) -> None:
        answer = self.client.post(self.url("join"))
        self.assertRedirects(answer, self.url("pay"))
        page = self.client.post(self.url("pay"), {"card_number": "4000 0000 0000 0002"})
        self.assertContains(page, "card declined")
        page = self.client.post(self.url("pay"), {"card_number": gateway.SUCCESS_CARD}, follow=True)
        self.assertContains(page, "Your request is accepted")
        self.assertNotContains(page, "Pay for your place")
        names = event_names()
        self.assertLess(names.index("meetup_requested"), names.index("payment_failed"))
        self.assertLess(names.index("payment_failed"), names.index("payment_succeeded"))

    def test_asking_twice_is_answered_with_a_reason(self) -> None:
        self.client.post(self.url("join"))
        page = self.client.post(self.url("join"), follow=True)
        self.assertContains(page, "You have asked to join this meetup already.")

    def test_feedback_follows_attendance(self) -> None:
        asked = services.request_to_join(self.gil, self.meetup)
        with clock.frozen(self.meetup.starts_at + timedelta(hours=3)):
            self.assertNotContains(self.client.get(self.url("meetup")), "Give feedback")
            services.attend(asked, "yes", self.hanna)
            self.assertContains(self.client.get(self.url("meetup")), "Give feedback")
            page = self.client.post(self.url("feedback"), {"rating": "4", "text": "Nice"}, follow=True)
        self.assertContains(page, "Thank you for your feedback.")
        self.assertEqual(UserEvent.objects.get(event_name="feedback_given").metadata["rating"], 4)

    def test_pages_of_another_guest_are_not_found(self) -> None:
        services.request_to_join(self.gil, self.meetup)
        self.client.force_login(self.hanna)
        for name in ("pay", "feedback"):
            self.assertEqual(self.client.get(self.url(name)).status_code, 404, name)


class HostTest(TestCase):
    """Somebody who invites."""

    def setUp(self) -> None:
        self.hanna, self.gil = hanna_the_host(), gil_the_guest()
        self.meetup = make_meetup(self.hanna, accepts_automatically=False)
        self.asked = services.request_to_join(self.gil, self.meetup)
        self.client.force_login(self.hanna)

    def answer(self, value: str) -> int:
        url = reverse("events:answer", args=[self.asked.pk])
        return self.client.post(url, {"answer": value}).status_code

    def test_a_meetup_is_made_with_a_form(self) -> None:
        form = {
            "title": "Morning hike",
            "category": "hiking",
            "city": "Madrid",
            "starts_at": "2031-05-01T09:30",
            "capacity": "8",
            "price": "0",
            "accepts_automatically": "on",
        }
        page = self.client.post(reverse("events:create"), form, follow=True)
        self.assertContains(page, "Morning hike")
        self.assertEqual(Meetup.objects.get(title="Morning hike").host, self.hanna)

    def test_a_request_is_accepted_on_the_page(self) -> None:
        self.assertContains(self.client.get(self.meetup.get_absolute_url()), "Accept")
        self.assertEqual(self.answer("accept"), 302)
        self.asked.refresh_from_db()
        self.assertEqual(self.asked.status, RequestStatus.ACCEPTED)

    def test_an_answer_is_one_of_two(self) -> None:
        self.assertEqual(self.answer("perhaps"), 400)
        self.asked.refresh_from_db()
        self.assertEqual(self.asked.status, RequestStatus.PENDING)

    def test_attendance_is_noted_on_the_page(self) -> None:
        services.accept(self.asked, self.hanna)
        with clock.frozen(self.meetup.starts_at + timedelta(hours=1)):
            self.assertContains(self.client.get(self.meetup.get_absolute_url()), "Came late")
            url = reverse("events:attendance", args=[self.asked.pk])
            self.client.post(url, {"outcome": "late"})
            self.assertEqual(self.client.post(url, {"outcome": "never"}).status_code, 400)
        self.assertEqual(self.asked.attendance.outcome, "late")

    def test_only_the_host_reaches_the_host_pages(self) -> None:
        self.client.force_login(self.gil)
        self.assertEqual(self.answer("accept"), 404)
        cancel = reverse("events:cancel", args=[self.meetup.pk])
        attendance = reverse("events:attendance", args=[self.asked.pk])
        self.assertEqual(self.client.post(cancel).status_code, 404)
        self.assertEqual(self.client.post(attendance, {"outcome": "yes"}).status_code, 404)

    def test_a_meetup_is_called_off_on_the_page(self) -> None:
        page = self.client.post(reverse("events:cancel", args=[self.meetup.pk]), follow=True)
        self.assertContains(page, "This meetup is cancelled.")
