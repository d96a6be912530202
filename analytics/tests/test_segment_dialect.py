"""The Segment protocol on the wire."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from django.test import TestCase

from analytics.models import Person, PersonGroup, RejectedEvent, UserEvent
from analytics.tests.cast import TOKEN, make_key, send


def message(type_: str = "track", **fields: Any) -> dict[str, Any]:
    """One message as the SDKs build it."""
    known = {"messageId": str(uuid.uuid4()), "userId": "u1", "anonymousId": None, "type": type_}
    if type_ == "track":
        known["event"] = "Order Completed"
    return {**known, **fields}


class SegmentTest(TestCase):
    """Messages of each type, and the three places of the key."""

    def setUp(self) -> None:
        make_key()

    def send_batch(self, *messages: dict[str, Any], **outer: Any) -> Any:
        response = send("/v1/batch", {"batch": list(messages), "writeKey": TOKEN, **outer})
        self.assertEqual((response.status_code, response.json()["success"]), (200, True))
        return response

    def test_a_track_message_is_an_event_with_its_revenue(self) -> None:
        self.send_batch(message(properties={"total": 49.9}))
        event = UserEvent.objects.get()
        self.assertEqual((event.event_name, event.distinct_id), ("Order Completed", "u1"))
        self.assertEqual(str(event.revenue_impact), "49.90")

    def test_the_key_may_come_in_body_basic_or_bearer(self) -> None:
        basic = base64.b64encode(f"{TOKEN}:".encode()).decode()
        for given in (f"Basic {basic}", f"Bearer {TOKEN}"):
            response = send("/v1/batch", {"batch": [message()]}, headers={"Authorization": given})
            self.assertEqual(response.status_code, 200)
        self.send_batch(message())
        self.assertEqual(UserEvent.objects.count(), 3)

    def test_errors_carry_code_and_message(self) -> None:
        answer = send("/v1/batch", {"batch": [message()], "writeKey": "lk_wrong"}).json()
        self.assertEqual(answer["code"], "invalid_key")
        self.assertTrue(answer["message"])

    def test_each_single_path_takes_its_type(self) -> None:
        for path in ("/v1/t", "/v1/track", "/t"):
            response = send(path, {**message(), "writeKey": TOKEN})
            self.assertEqual(response.status_code, 200)
        send("/v1/p", {**message("page", name="Home"), "writeKey": TOKEN})
        self.assertEqual(UserEvent.objects.filter(event_name="Order Completed").count(), 3)
        self.assertEqual(UserEvent.objects.filter(event_name="$pageview").count(), 1)

    def test_a_message_sent_twice_is_stored_once_whatever_its_id_looks_like(self) -> None:
        for message_id in (str(uuid.uuid4()), "node-next-1700000000-abc"):
            twice = message(messageId=message_id)
            self.send_batch(twice)
            self.send_batch(twice)
        self.assertEqual(UserEvent.objects.count(), 2)

    def test_identify_joins_the_anonymous_id_and_sets_traits(self) -> None:
        self.send_batch(
            message(userId=None, anonymousId="anon-1"),
            message("identify", anonymousId="anon-1", traits={"plan": "gold"}),
        )
        roots = Person.objects.filter(merged_into=None)
        self.assertEqual([person.properties for person in roots], [{"plan": "gold"}])

    def test_alias_points_the_previous_id_at_the_user(self) -> None:
        self.send_batch(
            message(userId="old"), message("alias", userId="new", previousId="old", anonymousId=None)
        )
        self.assertEqual(Person.objects.filter(merged_into=None).count(), 1)

    def test_a_group_message_sets_the_group_and_makes_no_person(self) -> None:
        self.send_batch(message("group", groupId="acme", traits={"name": "Acme", "type": "company"}))
        group = PersonGroup.objects.get()
        self.assertEqual((group.group_type, group.group_key), ("company", "acme"))
        self.assertFalse(Person.objects.exists())

    def test_context_of_the_batch_reaches_each_message(self) -> None:
        context = {"page": {"url": "https://x.org/a?b", "path": "/a"}, "campaign": {"source": "mail"}}
        self.send_batch(message("page"), context=context)
        event = UserEvent.objects.get()
        self.assertEqual((event.page_path, event.metadata["utm_source"]), ("/a", "mail"))

    def test_an_unknown_type_is_rejected_alone(self) -> None:
        self.send_batch(message("dance"), message())
        self.assertEqual(RejectedEvent.objects.get().reason, "unknown_message_type")
        self.assertEqual(UserEvent.objects.count(), 1)

    def test_more_than_2500_messages_are_refused(self) -> None:
        response = send("/v1/batch", {"batch": [{}] * 2501, "writeKey": TOKEN})
        self.assertEqual((response.status_code, response.json()["code"]), (400, "batch_too_long"))
