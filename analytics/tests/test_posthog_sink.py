"""What PostHog gets: the same events, with nothing that may not leave, after any outage; against a loopback server."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.db import connection
from django.test import SimpleTestCase, override_settings

from analytics.delivery import forwarding
from analytics.delivery.outgoing import OutgoingEvent, to_outgoing
from analytics.delivery.sinks.posthog import PostHogSink
from analytics.delivery.sinks.sink import Refusal, SinkFault
from analytics.models import SinkState, UserEvent
from analytics.store import forwarded
from analytics.tests.cast import LakeTestCase, posthog_event, send_batch
from analytics.tests.posthog_stand_in import Reply, Request, StandIn

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CANARY = "canary-4711@example.org"


class OutgoingTest(SimpleTestCase):
    """What of an event may leave."""

    def properties(self, event_name: str = "clicked", **metadata: Any) -> dict[str, Any]:
        """What is left of an event's properties."""
        event = UserEvent(
            event_name=event_name,
            distinct_id="u1",
            metadata=metadata,
            ip_address="203.0.113.7",
            user_agent=CANARY,
            page_url=CANARY,
            referrer=CANARY,
            session_id="s1",
            browser="Firefox",
        )
        return dict(to_outgoing(event).properties)

    def test_without_a_list_no_property_leaves(self) -> None:
        self.assertEqual(self.properties(plan="pro", email=CANARY, **{"$set": {"email": CANARY}}), {})

    @override_settings(ANALYTICS_FORWARD_PROPERTIES=("plan", "$browser", "$set", "$session_id"))
    def test_listed_ones_do_and_what_is_set_on_persons_only_by_its_own_names(self) -> None:
        found = self.properties(
            plan="pro",
            email=CANARY,
            **{
                "$set": {"email": CANARY, "plan": "pro"},
                "$set_once": {"email": CANARY},
                "$unset": ["plan", CANARY],
            },
        )
        self.assertEqual(
            found,
            {
                "plan": "pro",
                "$browser": "Firefox",
                "$session_id": "s1",
                "$set": {"plan": "pro"},
                "$unset": ["plan"],
            },
        )

    @override_settings(ANALYTICS_FORWARD_PROPERTIES=("$ip", "$raw_user_agent"))
    def test_address_and_browser_line_leave_only_by_name(self) -> None:
        self.assertEqual(self.properties(), {"$ip": "203.0.113.7", "$raw_user_agent": CANARY})

    def test_what_joins_persons_and_groups_always_leaves(self) -> None:
        given = {"$anon_distinct_id": "a1", "alias": "a2", "$group_type": "company", "$group_key": "k"}
        for name, expected in (
            ("$identify", {"$anon_distinct_id": "a1"}),
            ("$create_alias", {"alias": "a2"}),
            ("$merge_dangerously", {"alias": "a2"}),
            ("$groupidentify", {"$group_type": "company", "$group_key": "k"}),
            ("clicked", {}),
        ):
            self.assertEqual(self.properties(name, **given), expected)

    def test_an_event_without_a_person_stays_one(self) -> None:
        self.assertEqual(
            self.properties(**{"$process_person_profile": False}), {"$process_person_profile": False}
        )
        self.assertEqual(self.properties(**{"$process_person_profile": CANARY}), {})


class PostHogTest(LakeTestCase):
    """The PostHog sink against a loopback server."""

    def setUp(self) -> None:
        super().setUp()
        self.there = self.enterContext(StandIn())
        self.enterContext(
            override_settings(
                POSTHOG_API_KEY="phc_test",
                POSTHOG_HOST=self.there.url,
                ANALYTICS_OUTBOUND_PRIVATE_HOSTS=(self.there.host,),
            )
        )

    def forward(self) -> int:
        """Forward, rested or not."""
        SinkState.objects.update(resting_until=None)
        return forwarding.forward().get("posthog", 0)

    @override_settings(POSTHOG_API_KEY="")
    def test_without_a_key_there_is_no_connection_and_no_state(self) -> None:
        send_batch(posthog_event())
        with mock.patch("socket.getaddrinfo") as look_up, mock.patch("socket.create_connection") as dial:
            self.assertEqual(forwarding.forward(), {})
        look_up.assert_not_called()
        dial.assert_not_called()
        self.assertEqual((self.there.connections, SinkState.objects.count()), (0, 0))

    def test_uuid_time_and_distinct_id_are_the_same_on_the_other_side(self) -> None:
        self.forward()
        sent = posthog_event("bought", "u 1/ü", timestamp="2026-05-04T12:00:00.123456+00:00")
        send_batch(sent)
        self.assertEqual(self.forward(), 1)
        (request,) = self.there.requests
        (got,) = request.body["batch"]
        self.assertEqual(
            (request.path, request.body["api_key"], request.headers["user-agent"].split("/")[0]),
            ("/batch/", "phc_test", "posthog-python"),
        )
        self.assertEqual((got["uuid"], got["event"], got["distinct_id"]), (sent["uuid"], "bought", "u 1/ü"))
        self.assertEqual(datetime.fromisoformat(got["timestamp"]), UserEvent.objects.get().timestamp)
        self.assertEqual(got["properties"], {"$lib": "loopin-analytics", "$geoip_disable": True})

    @override_settings(ANALYTICS_FORWARD_PROPERTIES=("plan",))
    def test_no_personal_property_leaves(self) -> None:
        self.forward()
        personal = {
            "email": CANARY, "$ip": "203.0.113.9", "$current_url": f"https://shop.example/?q={CANARY}",
            "$referrer": CANARY, "$raw_user_agent": CANARY, "$set": {"email": CANARY, "plan": "pro"},
            "$set_once": {"name": CANARY}, "nested": {"plan": CANARY}, "$unset": [CANARY], "plan": "pro",
        }  # fmt: skip
        send_batch(
            posthog_event("clicked", properties=personal), posthog_event("$identify", properties=personal)
        )
        self.assertEqual(self.forward(), 2)
        text = json.dumps(self.there.requests[0].body)
        self.assertNotIn("canary", text)
        self.assertNotIn("203.0.113", text)
        self.assertEqual(self.there.events[0]["properties"]["$set"], {"plan": "pro"})

    def test_merges_are_forwarded_as_such(self) -> None:
        self.forward()
        send_batch(
            posthog_event("$identify", "u1", properties={"$anon_distinct_id": "anon"}),
            posthog_event("$create_alias", "u1", properties={"alias": "old"}),
        )
        self.forward()
        found = [(e["event"], e["properties"].get("$anon_distinct_id"), e["properties"].get("alias"))
                 for e in self.there.events]  # fmt: skip
        self.assertEqual(found, [("$identify", "anon", None), ("$create_alias", None, "old")])

    def test_statuses_are_faults_but_for_those_that_are_about_the_events(self) -> None:
        sink = PostHogSink()
        event = OutgoingEvent(uuid.uuid4(), "a", "u1", NOON, {})
        for status, expected in (
            (400, Refusal), (413, Refusal), (422, Refusal), (401, SinkFault), (403, SinkFault), (404, SinkFault),
            (408, SinkFault), (429, SinkFault), (500, SinkFault), (503, SinkFault), (302, SinkFault), (204, SinkFault),
        ):  # fmt: skip
            with self.subTest(status):
                self.there.will(Reply(status, b""))
                self.assertRaises(expected, sink.send, [event])
        self.there.will(Reply(503, b"", {"Retry-After": "7"}), Reply(hangs_up=True))
        with self.assertRaises(SinkFault) as asked:
            sink.send([event])
        self.assertEqual(asked.exception.retry_after_s, 7)
        self.assertRaises(SinkFault, sink.send, [event])

    def test_a_200_that_keeps_nothing_is_a_fault(self) -> None:
        self.there.will(Reply(200, b'{"status":1,"quota_limited":["events"]}'))
        self.assertRaises(SinkFault, PostHogSink().send, [OutgoingEvent(uuid.uuid4(), "a", "u1", NOON, {})])

    @override_settings(ANALYTICS_OUTBOUND_PRIVATE_HOSTS=())
    def test_a_host_inside_has_to_be_named(self) -> None:
        self.assertRaises(SinkFault, PostHogSink().send, [OutgoingEvent(uuid.uuid4(), "a", "u1", NOON, {})])
        self.assertEqual(self.there.connections, 0)

    def test_after_an_outage_under_load_both_sides_are_equal_and_in_order(self) -> None:
        self.forward()
        is_over, sent = threading.Event(), 0
        small_batches = mock.patch.object(PostHogSink, "events_at_once", 40)

        def stumble(request: Request) -> Reply | None:
            return Reply(500) if len(self.there.requests) % 5 == 0 else None

        self.there.choose = stumble

        def work() -> None:
            while not is_over.is_set():
                self.forward()
            connection.close()

        with small_batches:
            thread = threading.Thread(target=work)
            thread.start()
            for number in range(60):
                self.there.is_away = 15 <= number < 45
                send_batch(
                    *(posthog_event(f"e{number}", f"u{who}", properties={"n": number}) for who in range(10))
                )
                sent += 10
            is_over.set()
            thread.join()
            self.there.choose = lambda request: None
            while forwarded.lag(SinkState.objects.get(sink="posthog")).events:
                self.forward()
        ours = UserEvent.objects.order_by("insert_xid", "pk").values_list("uuid", "distinct_id", "event_name")
        theirs = [(uuid.UUID(e["uuid"]), e["distinct_id"], e["event"]) for e in self.there.events]
        self.assertEqual(len(theirs), sent)
        self.assertEqual(theirs, list(ours))
        self.assertEqual(SinkState.objects.get(sink="posthog").delivered, sent)
