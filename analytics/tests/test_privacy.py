"""What is not kept: denied and unlisted properties, what browsers and the host's consent hook refuse, addresses."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, SimpleTestCase, TestCase, override_settings
from django.urls import path

from analytics.ingestion.capture import track
from analytics.ingestion.steps.privacy import cleaned_body
from analytics.models import LedgerEntry, Person, PersonGroup, Receipt, RejectedEvent, UserEvent
from analytics.tests.cast import TOKEN, alice, make_key, posthog_event, send, send_batch
from analytics.tests.test_posthog_v1 import PATH, body_of, headers, v1_event

CARD = "4111-1111-1111-1111"


def hello(request: HttpRequest) -> HttpResponse:
    """A page."""
    return HttpResponse("<p>hello</p>")


urlpatterns = [path("hello/", hello)]


def says_yes_to_cookie(request: HttpRequest) -> bool:
    """The hook of a host that keeps consent in a cookie."""
    return request.COOKIES.get("consent") == "yes"


def breaks(request: HttpRequest) -> bool:
    """A hook with a fault."""
    raise RuntimeError


def send_from_browser(told: dict[str, str], *events: dict[str, Any]) -> Any:
    """POST events to `/batch/` with these headers."""
    return send("/batch/", {"api_key": TOKEN, "batch": list(events)}, headers=told)


class PropertyListsTest(TestCase):
    """`ANALYTICS_DENIED_PROPERTIES` and `ANALYTICS_ALLOWED_PROPERTIES`."""

    def setUp(self) -> None:
        make_key()

    @override_settings(ANALYTICS_DENIED_PROPERTIES=("card", "$current_url"))
    def test_denied_properties_are_not_stored_and_the_receipt_counts_them(self) -> None:
        send_batch(
            posthog_event(
                properties={
                    "card": CARD, "size": 3, "$current_url": f"https://shop.example/{CARD}",
                    "$set": {"card": CARD, "plan": "pro"}, "$set_once": {"card": CARD},
                }
            )
        )  # fmt: skip
        event = UserEvent.objects.get()
        self.assertEqual(event.metadata["size"], 3)
        self.assertNotIn(CARD, json.dumps(event.metadata) + event.page_url)
        self.assertEqual(Person.objects.get().properties, {"plan": "pro"})
        self.assertEqual(Receipt.objects.get().warnings, ["denied_properties_removed: 4"])

    @override_settings(ANALYTICS_DENIED_PROPERTIES=("card",))
    def test_refused_events_are_kept_without_them(self) -> None:
        nameless = posthog_event("", properties={"card": CARD, "size": 3})
        not_an_event = {"distinct_id": 5, "properties": [{"card": CARD}], "event": "a"}
        send_batch(nameless, not_an_event, {"event": "a", "uuid": "no uuid", "card": CARD})
        bodies = [bytes(body) for body in RejectedEvent.objects.values_list("body", flat=True)]
        self.assertTrue(bodies)
        self.assertFalse([body for body in bodies if CARD.encode() in body])
        self.assertIn(b'"size":3', b"".join(bodies))

    @override_settings(ANALYTICS_ALLOWED_PROPERTIES=("size", "plan"))
    def test_only_allowed_properties_are_stored_beside_those_of_the_sdk(self) -> None:
        send_batch(
            posthog_event(
                properties={
                    "size": 3,
                    "card": CARD,
                    "revenue": 20,
                    "$lib": "web",
                    "$set": {"plan": "pro", "card": CARD},
                }
            ),
            posthog_event(
                "$groupidentify",
                properties={
                    "$group_type": "firm",
                    "$group_key": "a",
                    "$group_set": {"plan": "x", "card": CARD},
                },
            ),
        )
        event = UserEvent.objects.get(event_name="clicked")
        self.assertEqual({name for name in event.metadata if name[0] != "$"} | {"$lib"}, {"size", "$lib"})
        self.assertEqual(float(event.revenue_impact), 20.0)
        self.assertEqual(event.metadata["$set"], {"plan": "pro"})
        self.assertEqual(Person.objects.exclude(properties={}).get().properties, {"plan": "pro"})
        self.assertEqual(PersonGroup.objects.get().properties, {"plan": "x"})

    @override_settings(ANALYTICS_DENIED_PROPERTIES=("card",))
    def test_the_dict_that_track_was_given_stays_as_it_was(self) -> None:
        given: dict[str, Any] = {"card": CARD, "$set": {"card": CARD}}
        track("paid", distinct_id="u1", metadata=given)
        self.assertEqual(given, {"card": CARD, "$set": {"card": CARD}})
        self.assertNotIn(CARD, json.dumps(UserEvent.objects.get().metadata))


class CleanedBodyTest(SimpleTestCase):
    """Bodies that a dialect refused."""

    def test_without_lists_a_body_stays(self) -> None:
        self.assertEqual(cleaned_body(b"anything"), b"anything")

    @override_settings(ANALYTICS_DENIED_PROPERTIES=("card",))
    def test_a_body_that_cannot_be_read_is_not_kept(self) -> None:
        self.assertEqual(cleaned_body(b'{"card": "4111'), b"")
        self.assertEqual(cleaned_body(b'{"a": [{"card": 1, "b": 2}]}'), b'{"a":[{"b":2}]}')

    @override_settings(ANALYTICS_ALLOWED_PROPERTIES=("size",))
    def test_where_only_listed_properties_may_stay_no_body_does(self) -> None:
        self.assertEqual(cleaned_body(b'{"a": 1}'), b"")


class SignalsOfBrowsersTest(TestCase):
    """Do Not Track and Global Privacy Control in requests of browser SDKs."""

    def setUp(self) -> None:
        make_key()

    def test_nothing_is_kept_but_the_count_and_the_sdk_is_content(self) -> None:
        for header in ("DNT", "Sec-GPC"):
            single = send("/e/", {**posthog_event(), "api_key": TOKEN}, headers={header: "1"})
            self.assertEqual((single.status_code, single.json()), (200, {"status": 1}))
        batch = send_from_browser({"DNT": "1"}, posthog_event(), posthog_event())
        self.assertEqual((batch.status_code, batch.json()), (200, {"status": 1}))
        self.assertFalse(
            UserEvent.objects.exists() or Person.objects.exists() or RejectedEvent.objects.exists()
        )
        entries = LedgerEntry.objects.filter(outcome="rejected", reason="do_not_track")
        self.assertEqual(sum(entries.values_list("count", flat=True)), 4)

    def test_v1_says_that_the_event_was_dropped(self) -> None:
        event = v1_event()
        sent = {**headers(), "Sec-GPC": "1"}
        answer = Client().post(PATH, body_of(event), content_type="application/json", headers=sent)
        self.assertEqual(answer.json()["results"][event["uuid"]]["result"], "drop")

    @override_settings(ANALYTICS_RESPECT_DO_NOT_TRACK=False)
    def test_the_setting_ignores_them(self) -> None:
        send_from_browser({"DNT": "1", "Sec-GPC": "1"}, posthog_event())
        self.assertEqual(UserEvent.objects.count(), 1)


@override_settings(ROOT_URLCONF=__name__, ANALYTICS_CONSENT="analytics.tests.test_privacy.says_yes_to_cookie")
class ConsentTest(TestCase):
    """`ANALYTICS_CONSENT` decides about page views, logins and `track()` with a request."""

    def test_without_consent_there_is_neither_event_nor_cookie(self) -> None:
        answer = Client().get("/hello/")
        self.assertFalse(answer.cookies)
        self.assertFalse(UserEvent.objects.exists())

    def test_with_consent_there_are_both(self) -> None:
        client = Client()
        client.cookies["consent"] = "yes"
        self.assertIn("loopin_id", client.get("/hello/").cookies)
        self.assertEqual(UserEvent.objects.get().event_name, "$pageview")

    def test_it_is_asked_under_asgi_too(self) -> None:
        for cookie, expected in (("no", 0), ("yes", 1)):
            client = AsyncClient()
            client.cookies["consent"] = cookie
            async_to_sync(client.get)("/hello/")
            self.assertEqual(UserEvent.objects.count(), expected)

    def test_a_login_without_consent_is_no_event(self) -> None:
        user = alice()
        Client().login(request=HttpRequest(), username="alice", password="alice-password-1")
        self.assertFalse(UserEvent.objects.filter(user=user).exists())

    def test_track_with_a_request_asks_and_without_one_does_not(self) -> None:
        request = RequestFactory().get("/hello/")
        self.assertFalse(
            UserEvent.objects.filter(uuid=track("paid", request=request, distinct_id="u1")).exists()
        )
        self.assertTrue(UserEvent.objects.filter(uuid=track("paid", distinct_id="u1")).exists())

    @override_settings(ANALYTICS_CONSENT="analytics.tests.test_privacy.breaks")
    def test_a_hook_that_fails_is_a_no_and_the_page_is_served(self) -> None:
        with self.assertLogs("analytics.ingestion", "ERROR"):
            self.assertEqual(Client().get("/hello/").content, b"<p>hello</p>")
        self.assertFalse(UserEvent.objects.exists())

    def test_it_is_asked_once_a_request(self) -> None:
        request = RequestFactory().get("/hello/")
        with mock.patch("analytics.ingestion.wishes._has_consent", return_value=True) as hook:
            track("paid", request=request)
            track("paid", request=request)
        self.assertEqual(hook.call_count, 1)


class AddressesTest(TestCase):
    """`ANALYTICS_IP_MODE`."""

    def stored(self, mode: str) -> UserEvent:
        """An event that came from a known address."""
        make_key()
        with override_settings(ANALYTICS_IP_MODE=mode):
            send("/batch/", {"api_key": TOKEN, "batch": [posthog_event()]}, REMOTE_ADDR="203.0.113.77")
        return UserEvent.objects.get()

    def test_cut_keeps_the_network(self) -> None:
        self.assertEqual(self.stored("cut").ip_address, "203.0.113.0")

    def test_full_keeps_it(self) -> None:
        self.assertEqual(self.stored("full").ip_address, "203.0.113.77")

    def test_hash_keeps_a_hash_of_the_day(self) -> None:
        event = self.stored("hash")
        self.assertIsNone(event.ip_address)
        self.assertRegex(event.metadata["$ip_hash"], "^[0-9a-f]{32}$")
        self.assertNotIn("203.0", json.dumps(event.metadata))

    def test_none_keeps_nothing(self) -> None:
        event = self.stored("none")
        self.assertEqual((event.ip_address, event.metadata.get("$ip_hash")), (None, None))
