"""Whatever clients put into an event: the answer is 200, each event is accounted for, and its neighbour is stored."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from analytics import track
from analytics.ingestion import commit as commit_module
from analytics.ingestion import pipeline
from analytics.ingestion.event import Event, Reason
from analytics.models import Person, RejectedEvent, UserEvent
from analytics.models.choices import Outcome
from analytics.reports.ingestion import ledger
from analytics.tests.cast import TOKEN, make_key, posthog_event, send
from analytics.tests.test_concurrency import batch_of


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

    def test_an_event_on_which_storing_breaks_costs_one_event_and_no_other_request(self) -> None:
        real = commit_module.identity.resolve

        def break_on_boom(events: Sequence[Event]) -> None:
            if any(event.event_name == "boom" for event in events):
                raise ZeroDivisionError
            real(events)

        names = ("a", "boom", "b", "c")
        batches = [
            batch_of([posthog_event("other")]),
            batch_of([posthog_event(name) for name in names] + [{}]),
        ]
        with (
            patch.object(commit_module.identity, "resolve", break_on_boom),
            self.assertLogs("analytics.ingestion", "ERROR"),
        ):
            other, mixed = commit_module.commit(batches)
        self.assertEqual([result.outcome for result in other], [Outcome.STORED])
        self.assertEqual(
            [result.reason for result in mixed], ["", Reason.STEP_FAILED, "", "", "missing_event_name"]
        )
        self.assertEqual(
            set(UserEvent.objects.values_list("event_name", flat=True)), {"other", "a", "b", "c"}
        )
        self.assertEqual((ledger().received, ledger().stored, ledger().quarantined), (6, 4, 1))


class OddEventTest(TestCase):
    """Events that once broke a step."""

    def setUp(self) -> None:
        super().setUp()
        make_key()

    def test_nesting_without_end_is_cut(self) -> None:
        group = {"$group_type": "company", "$group_key": "acme", "$group_set": {"deep": "DEEP"}}
        events = [
            posthog_event(properties={"deep": "DEEP"}),
            posthog_event(properties={"$set": {"deep": "DEEP"}}),
            posthog_event("$groupidentify", properties=group),
        ]
        # 900 levels: more than Python's own encoder writes, fewer than the parser refuses.
        deep = '{"a":' * 900 + "1" + "}" * 900
        text = json.dumps({"api_key": TOKEN, "batch": events}).replace('"DEEP"', deep)
        self.assertEqual(send("/batch/", text.encode()).json(), {"status": 1})
        self.assertEqual(ledger().stored, 3)
        person = Person.objects.get(own_distinct_id__distinct_id="u1")
        self.assertIn("(nested too deeply)", str(person.properties["deep"]))

    def test_a_distinct_id_nested_without_end_is_no_id(self) -> None:
        answer = send("/batch/", {"api_key": TOKEN, "batch": [posthog_event(distinct_id=nested(300))]})
        self.assertEqual(answer.json()["rejected"][0]["reason"], Reason.MISSING_DISTINCT_ID)

    def test_a_segment_context_that_is_no_object_is_passed_over(self) -> None:
        message = {"type": "track", "event": "looked", "userId": "u1", "context": "none"}
        body = {"writeKey": TOKEN, "context": {"ip": "198.51.100.7"}, "batch": [message]}
        self.assertEqual(send("/v1/batch", body).json(), {"success": True})

    def test_a_segment_message_id_that_is_no_text_at_all_still_counts_once(self) -> None:
        message = {"type": "track", "event": "looked", "userId": "u1", "messageId": "\ud800"}
        for _ in range(2):
            send("/v1/batch", {"writeKey": TOKEN, "batch": [message]})
        self.assertEqual((ledger().stored, ledger().duplicate), (1, 1))

    def test_track_takes_what_django_code_has_at_hand(self) -> None:
        given = {
            "price": Decimal("9.90"), "when": datetime(2026, 5, 4, tzinfo=UTC), "tags": {"a"}, "pair": (1, 2),
            "label": gettext_lazy("Yes"), "id": uuid.UUID(int=7), "$set": {"balance": Decimal("1.5")},
        }  # fmt: skip
        track("bought", distinct_id="u1", metadata=given)
        kept = UserEvent.objects.get().metadata
        self.assertEqual(
            kept,
            {
                "price": "9.90", "when": "2026-05-04T00:00:00+00:00", "tags": ["a"], "pair": [1, 2],
                "label": "Yes", "id": str(uuid.UUID(int=7)), "$set": {"balance": "1.5"},
            },
        )  # fmt: skip
