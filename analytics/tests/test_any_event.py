"""Whatever clients put into an event: the answer is 200, each event is accounted for, and its neighbour is stored."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from analytics.ingestion import pipeline
from analytics.ingestion.event import Event, Reason
from analytics.models import RejectedEvent, UserEvent
from analytics.models.choices import Outcome
from analytics.reports.ingestion import ledger
from analytics.tests.cast import TOKEN, make_key, posthog_event, send


def nested(depth: int) -> Any:
    """An object in an object in an object."""
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


_NAMES = [
    "$set",
    "$set_once",
    "$unset",
    "$groups",
    "$group_type",
    "$group_key",
    "$group_set",
    "$anon_distinct_id",
    "alias",
    "$current_url",
    "$referrer",
    "$session_id",
    "$ip",
    "$user_agent",
    "revenue",
    "value",
    "currency",
    "distinct_id",
    "$process_person_profile",
    "$ignore_sent_at",
    "library",
    "page",
    "url",
    "campaign",
    "groupId",
    "traits",
    "token",
    "type",
    "plan",
]
_ODD = st.sampled_from(
    [
        "http://[",
        "//",
        "1e999",
        "-1",
        "2026-13-45",
        "\x00",
        "�",
        "a" * 300,
        "::1",
        "999.1.1.1",
        "u1",
        "9999-12-31T23:59:59+14:00",
        "0001-01-01T00:00:00+14:00",
        2**63,
        10**40,
        float("inf"),
        nested(300),
    ]
)
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | _ODD
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=8,
)
_objects = st.dictionaries(st.sampled_from(_NAMES), _values, max_size=6)
_posthog = st.fixed_dictionaries(
    {
        "event": st.sampled_from(
            ["$identify", "$create_alias", "$groupidentify", "$set", "$pageview", "bought"]
        ),
        "distinct_id": st.just("u2") | _values,
    },
    optional={
        "properties": _objects,
        **dict.fromkeys(("timestamp", "offset", "$set", "$set_once", "$unset", "uuid"), _values),
    },
)
_segment = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "identify", "page", "screen", "group", "alias"]),
        "userId": st.just("u2") | _values,
    },
    optional={
        **dict.fromkeys(("properties", "traits", "context"), _objects | _values),
        **dict.fromkeys(("event", "messageId", "anonymousId", "previousId", "groupId", "timestamp"), _values),
    },
)


class AnyEventTest(TestCase):
    """The ledger's identity, for events that nobody would think of."""

    def setUp(self) -> None:
        super().setUp()
        make_key()

    def assert_accounted_for(self, path: str, body: dict[str, Any], neighbour: str) -> None:
        before = ledger()
        with self.assertNoLogs("analytics.ingestion", "ERROR"):  # nothing unforeseen
            response = send(path, body)
        self.assertEqual(response.status_code, 200, response.content)
        book = ledger()
        self.assertEqual(book.received - before.received, len(body["batch"]))
        self.assertEqual(book.stored, UserEvent.objects.count())
        self.assertEqual(UserEvent.objects.filter(uuid=neighbour).count(), 1)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(_posthog | _values, min_size=1, max_size=4))
    def test_posthog(self, events: list[Any]) -> None:
        good = posthog_event()
        self.assert_accounted_for("/batch/", {"api_key": TOKEN, "batch": [*events, good]}, good["uuid"])

    @settings(max_examples=60, deadline=None)
    @given(st.lists(_segment | _values, min_size=1, max_size=4), _objects | _values)
    def test_segment(self, messages: list[Any], context: Any) -> None:
        good = {"type": "track", "event": "looked", "userId": "u1", "messageId": str(uuid.uuid4())}
        body = {"writeKey": TOKEN, "context": context, "batch": [*messages, good]}
        self.assert_accounted_for("/v1/batch", body, good["messageId"])


class UnforeseenTest(TestCase):
    """An event that breaks a step goes to the quarantine; its neighbours do not notice."""

    def setUp(self) -> None:
        super().setUp()
        make_key()

    def test_a_step_that_breaks_costs_one_event(self) -> None:
        def break_on_boom(event: Event) -> None:
            if event.event_name == "boom":
                raise ZeroDivisionError

        steps: tuple[Callable[[Event], None], ...] = (*pipeline.PIPELINE, break_on_boom)
        events = [posthog_event(name) for name in ("before", "boom", "after")]
        self.addCleanup(setattr, pipeline, "PIPELINE", pipeline.PIPELINE)
        pipeline.PIPELINE = steps
        with self.assertLogs("analytics.ingestion", "ERROR"):
            answer = send("/batch/", {"api_key": TOKEN, "batch": events})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json()["rejected"][0]["index"], 1)
        self.assertEqual(set(UserEvent.objects.values_list("event_name", flat=True)), {"before", "after"})
        kept = RejectedEvent.objects.get()
        self.assertEqual((kept.reason, kept.outcome), (Reason.STEP_FAILED, Outcome.QUARANTINED))
        self.assertIn(b"boom", bytes(kept.body))
        self.assertEqual((ledger().received, ledger().quarantined), (3, 1))
