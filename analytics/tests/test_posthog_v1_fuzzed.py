"""PostHog's capture v1 against hostile bodies, bytes and headers: no fault of ours, and no harm to good events."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as DjangoTestCase

from analytics.models import UserEvent
from analytics.tests.cast import make_key
from analytics.tests.servers import Call
from analytics.tests.test_posthog_v1 import PATH, REQUEST_ID, SENT_AT, V1TestCase, body_of, headers, v1_event

_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["\x00", "\ud800", "x" * 201, "$identify", "undefined", "1e999", SENT_AT, REQUEST_ID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("event", "distinct_id", "timestamp", "session_id", "window_id", "options", "properties")
_OPTIONS = ("cookieless_mode", "disable_skew_correction", "process_person_profile", "product_tour_id")
_PROPERTIES = (
    "$set", "$set_once", "$unset", "$anon_distinct_id", "alias", "$groups", "$group_key", "$current_url", "revenue",
    "$ip", "$session_id", "$lib", "token", "$process_person_profile",
)  # fmt: skip
_names = st.sampled_from(["clicked", "$identify", "$create_alias", "$groupidentify", "$set", "$pageview"])
_strange_properties = st.fixed_dictionaries({}, optional=dict.fromkeys(_PROPERTIES, _values))
_strange_options = st.fixed_dictionaries({}, optional=dict.fromkeys(_OPTIONS, _values))
_sound = st.fixed_dictionaries(
    {"event": _names, "distinct_id": st.text(min_size=1), "uuid": st.uuids().map(str)}
)
_almost_sound = st.builds(
    lambda sound, properties, change: {"timestamp": SENT_AT, **sound, "properties": properties, **change},
    _sound,
    _strange_properties,
    st.dictionaries(st.sampled_from(_FIELDS), _values, max_size=1)
    | st.builds(dict, options=_strange_options),
)
_broken = st.dictionaries(st.sampled_from((*_FIELDS, "uuid")), _values)
_HEADERS = (
    "Authorization", "Content-Type", "Content-Encoding", "User-Agent", "Origin", "PostHog-Sdk-Info", "PostHog-Attempt",
    "PostHog-Request-Id", "PostHog-Request-Timestamp",
)  # fmt: skip
_header_values = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)
_items = st.lists(_almost_sound | _almost_sound | _broken | _values, max_size=4)


class FuzzTest(DjangoTestCase):
    """Whatever comes, the answer is no fault of ours."""

    def setUp(self) -> None:
        make_key()

    def send(self, body: bytes, **changes: str | None) -> Any:
        told = headers(**changes)
        kind = told.pop("Content-Type", "")
        return Client(raise_request_exception=False).post(PATH, body, content_type=kind, headers=told)

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=200), st.sampled_from([None, "gzip", "deflate", "br", "zstd", "identity"]))
    def test_any_bytes_are_refused_in_words(self, body: bytes, encoding: str | None) -> None:
        found = self.send(body, Content_Encoding=encoding)
        self.assertIn(found.status_code, (400, 413))
        self.assertTrue(found.json()["error_description"])

    @settings(max_examples=100, deadline=None)
    @given(_values, _values, _values)
    def test_any_outer_body_is_read_or_refused(self, batch: Any, created_at: Any, historical: Any) -> None:
        body = json.dumps({"batch": batch, "created_at": created_at, "historical_migration": historical})
        self.assertIn(self.send(body.encode()).status_code, (200, 400))
        self.assertEqual(self.send(json.dumps(batch).encode()).status_code, 400)

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(_HEADERS), _header_values)
    def test_any_header_is_read_or_refused(self, name: str, value: str) -> None:
        found = self.send(body_of(v1_event()), **{name: value})
        self.assertLess(found.status_code, 500, found.content)


class NeighboursTest(V1TestCase):
    """Good events beside hostile ones are stored, on both servers."""

    def test_good_events_among_hostile_ones_are_stored(self) -> None:
        for call in self.servers():

            @settings(max_examples=60, deadline=None)
            @given(st.just(call), _items, _items)
            def send(server: Call, before: list[Any], after: list[Any]) -> None:
                self.check_good_among(server, before, after)

            send()

    def check_good_among(self, call: Call, before: list[Any], after: list[Any]) -> None:
        good = [v1_event(), v1_event()]
        uuids = [item["uuid"] for item in good]
        found = self.post(call, good[0], *before, good[1], *after)
        if found.status == 400:  # two hostile ones may well have drawn the same uuid
            self.check_error(found, 400, "duplicate_event_uuid")
            return
        self.assertEqual(found.status, 200, found.content)
        results = found.body["results"]
        self.assertEqual([results[name]["result"] for name in uuids], ["ok", "ok"])
        self.assertEqual(UserEvent.objects.filter(uuid__in=uuids).count(), 2)
        for verdict in results.values():
            self.assertIn(verdict["result"], ("ok", "warning", "drop"))
            self.assertEqual(verdict["result"] == "ok", "details" not in verdict)
