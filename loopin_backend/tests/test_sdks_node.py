"""The newest Node SDKs of PostHog and Segment, unmodified, against the running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid5

import pytest
from django.test import tag

from analytics.ingestion.dialects.segment import MESSAGE_IDS
from loopin_backend.tests.live import count_calls
from loopin_backend.tests.node_packages import NodeRun, install
from loopin_backend.tests.sdk_case import EVENTS, RECOVERY_TIMEOUT_S, SdkCase
from loopin_backend.tests.waiting import eventually


class NodeCase(SdkCase):
    script: ClassVar[str]
    home: ClassVar[Path]
    variables: ClassVar[dict[str, str]] = {}

    @classmethod
    def setUpClass(cls) -> None:
        cls.home = install()
        super().setUpClass()

    def start(self, act: str, **options: Any) -> NodeRun:
        task = {
            "act": act, "host": self.server.url, "token": self.token, "label": self.label, "count": EVENTS,
            "options": options,
        }  # fmt: skip
        run = NodeRun(self.home, self.script, task, self.variables)
        self.addCleanup(run.end)
        return run

    def run_to_end(self, act: str, **options: Any) -> dict[str, Any]:
        outcome = self.start(act, **options).finish()
        self.assertEqual(outcome["errors"], [])
        return outcome


@pytest.mark.slow
@tag("slow")
class PosthogNodeTest(NodeCase):
    """posthog-node, in its capture mode v0."""

    script = "posthog.mjs"
    path: ClassVar = "/batch"
    variables = {"POSTHOG_CAPTURE_MODE": "v0"}

    def assert_thousand_stored_once(self, **options: Any) -> None:
        outcome = self.run_to_end("many", **options)
        self.assertEqual(len(outcome["made"]), EVENTS)
        self.assert_stored_once(map(UUID, outcome["made"]))
        self.assert_only_called({f"POST {self.path} 200"})

    def test_a_thousand_gzipped_events_are_stored_once(self) -> None:
        self.assert_thousand_stored_once()

    def test_a_thousand_plain_events_are_stored_once(self) -> None:
        self.assert_thousand_stored_once(disableCompression=True)

    def test_people_aliases_groups_and_exceptions_take_effect(self) -> None:
        self.run_to_end("kinds")
        person = self.person(f"ada-{self.label}")
        self.assertEqual(person["properties"], {"plan": "paid", "first_seen_on": "page"})
        self.assertTrue(person["is_identified"])
        self.assertEqual(self.person(f"visitor-{self.label}")["id"], person["id"])
        self.assertEqual(self.group("company", f"acme-{self.label}"), {"seats": 5})
        self.assertEqual(
            self.events("$exception")[0]["metadata"]["$exception_list"][0]["value"], "the cake is gone"
        )
        self.assertEqual(self.server.ledger(self.label), {"stored": 6})

    def test_asking_for_flags_stays_quiet(self) -> None:
        self.run_to_end("flags")
        self.assertEqual(len(self.events("looked")), 1)
        self.assert_only_called({f"POST {self.path} 200", "POST /flags 200"})

    def test_a_server_killed_in_mid_run_loses_and_doubles_nothing(self) -> None:
        run = self.start("many", flushAt=3, maxBatchSize=3, fetchRetryCount=60, fetchRetryDelay=250)
        self.kill_in_mid_run(after=100)
        outcome = run.finish()
        self.assertEqual((len(outcome["made"]), outcome["errors"]), (EVENTS, []))
        self.assert_stored_once(map(UUID, outcome["made"]), duplicates=True)

    def test_what_was_answered_with_503_is_sent_again_and_stored_once(self) -> None:
        with self.server.connect() as connection:  # a table that is locked longer than the server waits
            connection.execute("LOCK TABLE analytics_userevent IN EXCLUSIVE MODE")
            run = self.start("many", fetchRetryCount=60, fetchRetryDelay=250)
            refused = f"POST {self.path} 503"
            eventually(lambda: count_calls(self.calls())[refused] > 0, "a 503", within_s=RECOVERY_TIMEOUT_S)
        outcome = run.finish()
        self.assertEqual((len(outcome["made"]), outcome["errors"]), (EVENTS, []))
        self.assert_stored_once(map(UUID, outcome["made"]))


@pytest.mark.slow
@tag("slow")
class PosthogNodeV1Test(PosthogNodeTest):
    """The same SDK in its capture mode v1."""

    path = "/i/v1/analytics/events"
    variables = {"POSTHOG_CAPTURE_MODE": "v1"}

    def test_the_sdk_is_named_by_the_header(self) -> None:
        self.run_to_end("kinds")
        kept = self.events("looked")[0]["metadata"]
        self.assertEqual(kept["$lib"], "posthog-node")
        self.assertTrue(kept["$lib_version"])


@pytest.mark.slow
@tag("slow")
class SegmentNodeTest(NodeCase):
    """@segment/analytics-node, which has no switch for compression."""

    script = "segment.mjs"

    def uuids_of(self, message_ids: list[str]) -> list[UUID]:
        """Its message ids are no UUIDs; ours follow from them."""
        return [uuid5(MESSAGE_IDS, message_id) for message_id in message_ids]

    def test_a_thousand_messages_are_stored_once(self) -> None:
        outcome = self.run_to_end("many")
        self.assertEqual(len(outcome["made"]), EVENTS)
        self.assert_stored_once(self.uuids_of(outcome["made"]))
        self.assert_only_called({"POST /v1/batch 200"})

    def test_every_kind_of_message_takes_effect(self) -> None:
        self.run_to_end("kinds")
        person = self.person(f"bob-{self.label}")
        self.assertEqual(person["properties"], {"plan": "paid"})
        self.assertTrue(person["is_identified"])
        others = {self.person(f"{name}-{self.label}")["id"] for name in ("device", "old")}
        self.assertEqual(others, {person["id"]})
        self.assertEqual(self.group("group", f"acme-{self.label}"), {"seats": 5})
        self.assertEqual(self.events("$pageview")[0]["page_url"], "https://shop.example/start")
        self.assertEqual(self.events("$screen")[0]["metadata"]["$screen_name"], "Home")
        self.assertEqual(self.server.ledger(self.label), {"stored": 6})

    def test_a_server_killed_in_mid_run_loses_and_doubles_nothing(self) -> None:
        run = self.start("many", flushAt=10, maxRetries=20, pauseMs=4)
        self.kill_in_mid_run(after=100)
        outcome = run.finish()
        self.assertEqual((len(outcome["made"]), outcome["errors"]), (EVENTS, []))
        self.assert_stored_once(self.uuids_of(outcome["made"]), duplicates=True)
