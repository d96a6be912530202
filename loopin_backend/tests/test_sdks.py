"""The newest Python SDKs of PostHog and Segment, unmodified, against the running server."""

from __future__ import annotations

import os
from typing import Any, ClassVar
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.test import tag
from posthog import Posthog
from posthog.capture_v1 import CaptureV1Error
from posthog.version import VERSION
from segment.analytics.client import Client as Segment

from loopin_backend.tests.live import count_calls
from loopin_backend.tests.lossy import LossyProxy
from loopin_backend.tests.sdk_case import EVENTS, RECOVERY_TIMEOUT_S, SdkCase
from loopin_backend.tests.waiting import eventually

QUIET_SEGMENT = {"POST /v1/batch 200"}
MANY_RETRIES = 10


@pytest.mark.slow
@tag("slow")
class PosthogPythonTest(SdkCase):
    """posthog from the package index, in its capture mode v0."""

    capture_mode: ClassVar = "v0"
    path: ClassVar = "/batch"

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(patch.dict(os.environ, {"POSTHOG_CAPTURE_MODE": self.capture_mode}))

    def client(self, host: str = "", **options: Any) -> Posthog:
        self.errors: list[Exception] = []
        client = Posthog(
            self.token,
            host=host or self.server.url,
            on_error=lambda error, _items: self.errors.append(error),
            **options,
        )
        self.addCleanup(client.shutdown)
        return client

    def capture_many(self, client: Posthog) -> list[UUID]:
        uuids = []
        for number in range(EVENTS):
            given = client.capture(
                "meetup_viewed", distinct_id=f"{self.label}-{number % 50}", properties={"n": number}
            )
            assert given is not None
            uuids.append(UUID(given))
        return uuids

    def assert_thousand_stored_once(self, *, gzip: bool) -> None:
        client = self.client(gzip=gzip)
        uuids = self.capture_many(client)
        client.flush()
        self.assert_stored_once(uuids)
        self.assert_only_called({f"POST {self.path} 200"})
        self.assertEqual(self.errors, [])

    def test_a_thousand_plain_events_are_stored_once(self) -> None:
        self.assert_thousand_stored_once(gzip=False)

    def test_a_thousand_gzipped_events_are_stored_once(self) -> None:
        self.assert_thousand_stored_once(gzip=True)

    def test_people_aliases_and_groups_take_effect(self) -> None:
        client, who, before = self.client(), f"ada-{uuid4()}", f"visitor-{uuid4()}"
        client.capture("looked", distinct_id=before)
        client.set(distinct_id=who, properties={"plan": "free", "city": "Graz"})
        client.set(distinct_id=who, properties={"plan": "paid"})
        client.set_once(distinct_id=who, properties={"plan": "never", "first_seen_on": "page"})
        client.alias(previous_id=before, distinct_id=who)
        client.group_identify("company", f"acme-{who}", {"seats": 5})
        client.capture("paid", distinct_id=who, groups={"company": f"acme-{who}"})
        client.flush()
        person = self.person(who)
        self.assertEqual(person["properties"], {"plan": "paid", "city": "Graz", "first_seen_on": "page"})
        self.assertEqual(self.person(before)["id"], person["id"])
        self.assertEqual(self.group("company", f"acme-{who}"), {"seats": 5})
        self.assertEqual(self.events("paid")[0]["metadata"]["$groups"], {"company": f"acme-{who}"})
        self.assertEqual(self.server.ledger(self.label), {"stored": 7})
        self.assertEqual(self.errors, [])

    def test_an_exception_arrives_with_its_trace(self) -> None:
        client = self.client()
        try:
            raise ValueError("the cake is gone")
        except ValueError as error:
            client.capture_exception(error, distinct_id="ada")
        client.flush()
        kept = self.events("$exception")[0]["metadata"]
        self.assertEqual(kept["$exception_list"][0]["value"], "the cake is gone")
        self.assertTrue(kept["$exception_list"][0]["stacktrace"]["frames"])

    def test_an_event_of_the_ai_lane_is_stored(self) -> None:
        client = self.client()
        client.capture_ai("$ai_generation", distinct_id="ada", properties={"$ai_model": "small"})
        client.flush()
        self.assertEqual(self.events("$ai_generation")[0]["metadata"]["$ai_model"], "small")
        self.assert_only_called({"POST /i/v0/ai/batch 200"})

    def test_asking_for_flags_stays_quiet(self) -> None:
        client = self.client()
        flags = client.evaluate_flags("ada")
        self.assertFalse(flags.is_enabled("new-page"))
        client.capture("looked", distinct_id="ada", flags=flags)
        client.flush()
        self.assertEqual(len(self.events("looked")), 1)
        self.assert_only_called({f"POST {self.path} 200", "POST /flags 200"})
        self.assertEqual(self.errors, [])

    def test_an_unknown_key_is_reported_to_the_caller(self) -> None:
        self.token = "lk_nobody_made_this"
        client = self.client()
        client.capture("looked", distinct_id="ada")
        client.flush()
        self.assertEqual(len(self.errors), 1)
        self.assertIn("no such ingest key", str(self.errors[0]))
        self.assert_only_called({f"POST {self.path} 401"})

    def test_a_batch_whose_answer_was_lost_is_sent_again_and_stored_once(self) -> None:
        proxy = LossyProxy(self.server.url, losses=1)
        self.addCleanup(proxy.close)
        client = self.client(proxy.url)
        uuids = [client.capture("looked", distinct_id="ada") for _ in range(20)]
        client.flush()
        self.assert_stored_once([UUID(given) for given in uuids if given], duplicates=True)
        self.assertGreater(self.server.ledger(self.label)["duplicate"], 0)
        self.assertEqual(self.errors, [])

    def test_a_server_killed_in_mid_run_loses_and_doubles_nothing(self) -> None:
        client = self.client(max_retries=MANY_RETRIES, flush_at=3)
        uuids = self.capture_many(client)
        self.kill_in_mid_run(after=100)
        client.flush(RECOVERY_TIMEOUT_S)
        self.assertEqual(self.errors, [])
        self.assert_stored_once(uuids, duplicates=True)

    def test_what_was_answered_with_503_is_sent_again_and_stored_once(self) -> None:
        client = self.client(max_retries=MANY_RETRIES)
        with self.server.connect() as connection:  # a table that is locked longer than the server waits
            connection.execute("LOCK TABLE analytics_userevent IN EXCLUSIVE MODE")
            uuids = [client.capture("looked", distinct_id="ada") for _ in range(20)]
            refused = f"POST {self.path} 503"
            eventually(lambda: count_calls(self.calls())[refused] > 0, "a 503", within_s=RECOVERY_TIMEOUT_S)
        client.flush(RECOVERY_TIMEOUT_S)
        self.assert_stored_once([UUID(given) for given in uuids if given])
        self.assert_only_called({refused, f"POST {self.path} 200"})
        self.assertEqual(self.errors, [])


@pytest.mark.slow
@tag("slow")
class PosthogPythonV1Test(PosthogPythonTest):
    """The same SDK in its capture mode v1."""

    capture_mode = "v1"
    path = "/i/v1/analytics/events"

    def test_a_thousand_deflated_events_are_stored_once(self) -> None:
        os.environ.pop("POSTHOG_CAPTURE_MODE")
        client = self.client(capture_mode="v1", capture_compression="deflate")
        uuids = self.capture_many(client)
        client.flush()
        self.assert_stored_once(uuids)
        self.assert_only_called({f"POST {self.path} 200"})
        self.assertEqual(self.errors, [])

    def test_what_v1_carries_beside_the_properties_arrives(self) -> None:
        client = self.client()
        properties = {
            "$session_id": "s-1", "$window_id": "w-1", "$product_tour_id": "t-1", "$process_person_profile": False,
        }  # fmt: skip
        client.capture("looked", distinct_id="ada", properties=properties)
        client.flush()
        kept = self.events("looked")[0]["metadata"]
        self.assertEqual({name: kept[name] for name in properties}, properties)
        self.assertEqual((kept["$lib"], kept["$lib_version"]), ("posthog-python", VERSION))

    def test_an_event_that_was_refused_is_named_to_the_caller_and_its_neighbours_are_stored(self) -> None:
        client = self.client()
        client.capture("looked", distinct_id="ada")
        refused = client.capture("looked", distinct_id="d" * 201)
        client.capture("looked", distinct_id="bob")
        client.flush()
        self.assertEqual({event["distinct_id"] for event in self.events("looked")}, {"ada", "bob"})
        (error,) = self.errors
        assert isinstance(error, CaptureV1Error)
        ((uuid, details),) = error.drops
        self.assertEqual(uuid, refused)
        self.assertIn("201 characters; the limit is 200", str(details))
        self.assertEqual(self.server.ledger(self.label), {"stored": 2, "rejected:invalid_distinct_id": 1})


@pytest.mark.slow
@tag("slow")
class SegmentPythonTest(SdkCase):
    """segment-analytics-python from the package index."""

    def client(self, host: str = "", **options: Any) -> Segment:
        self.errors: list[Exception] = []
        client = Segment(
            self.token,
            host=host or self.server.url,
            on_error=lambda error, _items: self.errors.append(error),
            **options,
        )
        self.addCleanup(client.join)
        return client

    def track_many(self, client: Segment) -> list[UUID]:
        uuids = []
        for number in range(EVENTS):
            is_queued, message = client.track(f"{self.label}-{number % 50}", "meetup_viewed", {"n": number})
            assert is_queued
            uuids.append(UUID(message["messageId"]))
        return uuids

    def assert_thousand_stored_once(self, *, gzip: bool) -> None:
        client = self.client(gzip=gzip)
        uuids = self.track_many(client)
        client.flush()
        self.assert_stored_once(uuids)
        self.assert_only_called(QUIET_SEGMENT)
        self.assertEqual(self.errors, [])

    def test_a_thousand_plain_messages_are_stored_once(self) -> None:
        self.assert_thousand_stored_once(gzip=False)

    def test_a_thousand_gzipped_messages_are_stored_once(self) -> None:
        self.assert_thousand_stored_once(gzip=True)

    def test_every_kind_of_message_takes_effect(self) -> None:
        client, who, device, old = self.client(), f"bob-{uuid4()}", f"device-{uuid4()}", f"old-{uuid4()}"
        client.page(None, "docs", "Start", {"url": "https://shop.example/start"}, anonymous_id=device)
        client.identify(who, {"plan": "paid"}, anonymous_id=device)
        client.screen(who, "app", "Home")
        client.group(who, f"acme-{who}", {"seats": 5})
        client.track(old, "looked")
        client.alias(old, who)
        client.flush()
        person = self.person(who)
        self.assertEqual(person["properties"], {"plan": "paid"})
        self.assertTrue(person["is_identified"])
        self.assertEqual({self.person(device)["id"], self.person(old)["id"]}, {person["id"]})
        self.assertEqual(self.group("group", f"acme-{who}"), {"seats": 5})
        self.assertEqual(self.events("$pageview")[0]["page_url"], "https://shop.example/start")
        self.assertEqual(self.events("$screen")[0]["metadata"]["$screen_name"], "Home")
        self.assertEqual(self.server.ledger(self.label), {"stored": 6})
        self.assertEqual(self.errors, [])

    def test_a_batch_whose_answer_was_lost_is_sent_again_and_stored_once(self) -> None:
        proxy = LossyProxy(self.server.url, losses=1)
        self.addCleanup(proxy.close)
        client = self.client(proxy.url)
        uuids = [UUID(client.track("ada", "looked")[1]["messageId"]) for _ in range(20)]
        client.flush()
        self.assert_stored_once(uuids, duplicates=True)
        self.assertGreater(self.server.ledger(self.label)["duplicate"], 0)
        self.assertEqual(self.errors, [])

    def test_a_server_killed_in_mid_run_loses_and_doubles_nothing(self) -> None:
        client = self.client(max_retries=MANY_RETRIES, upload_size=3)
        uuids = self.track_many(client)
        self.kill_in_mid_run(after=100)
        self.wait_for(EVENTS, within_s=RECOVERY_TIMEOUT_S)
        client.flush()
        self.assertEqual(self.errors, [])
        self.assert_stored_once(uuids, duplicates=True)
