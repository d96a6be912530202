"""PostHog's capture v1 on both servers: headers, bodies, and a verdict for each event."""

from __future__ import annotations

import gzip
import json
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pyarrow as pa

from analytics import clock
from analytics.errors import Unavailable
from analytics.ingestion.keys import create_ingest_key
from analytics.ingestion.writer import writer
from analytics.models import IngestKey, Person, RejectedEvent, UserEvent
from analytics.reports.ingestion import ledger
from analytics.tests.cast import LABEL, TOKEN, posthog_event, send_batch
from analytics.tests.servers import Answer, Call, ServersTestCase

PATH = "/i/v1/analytics/events"
REQUEST_ID = "0198c7a0-5a5e-7c3f-9d7e-1f2a3b4c5d6e"
SENT_AT = "2026-05-04T12:00:00Z"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def headers(**changes: str | None) -> dict[str, str]:
    """The headers of posthog-python in v1 mode; None leaves one out."""
    told: dict[str, str | None] = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "User-Agent": "posthog-python/7.91.1",
        "PostHog-Sdk-Info": "posthog-python/7.91.1",
        "PostHog-Attempt": "1",
        "PostHog-Request-Id": REQUEST_ID,
        "PostHog-Request-Timestamp": SENT_AT,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return {name: value for name, value in told.items() if value is not None}


def v1_event(name: Any = "clicked", distinct_id: Any = "u1", **extra: Any) -> dict[str, Any]:
    """One event as posthog-python sends it."""
    return posthog_event(name, distinct_id, **{"timestamp": SENT_AT, "options": {}, **extra})


def body_of(*events: Any, **outer: Any) -> bytes:
    """A v1 body."""
    return json.dumps({"created_at": SENT_AT, "batch": list(events), **outer}).encode()


class V1TestCase(ServersTestCase):
    """Requests of v1 to both servers, at noon."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOON))

    def post(self, call: Call, *events: Any, **outer: Any) -> Answer:
        return call("POST", PATH, body_of(*events, **outer), headers=headers())

    def verdicts(self, call: Call, *events: Any, **outer: Any) -> list[tuple[str, str]]:
        """(result, details) of each event, in the order sent."""
        found = self.post(call, *events, **outer)
        self.assertEqual(found.status, 200, found.content)
        self.assertNotIn("retry-after", found.headers)
        results = found.body["results"]
        self.assertEqual(set(found.body), {"results"})
        self.assertEqual(len(results), len(events))
        return [
            (results[event["uuid"]]["result"], results[event["uuid"]].get("details", "")) for event in events
        ]

    def stored(self, call: Call, **fields: Any) -> UserEvent:
        """The row of one event with these fields."""
        event = v1_event(**fields)
        self.assertEqual(self.verdicts(call, event), [("ok", "")])
        return UserEvent.objects.get(uuid=event["uuid"])

    def check_error(self, found: Answer, status: int, code: str) -> str:
        """The request failed in v1's shape; its description."""
        self.assertEqual((found.status, found.body.get("error")), (status, code), found.content)
        self.assertEqual(set(found.body), {"error", "error_description", "error_uri"})
        return str(found.body["error_description"])


class VerdictsTest(V1TestCase):
    """A 200 says of each event what became of it."""

    def test_events_are_stored_and_each_is_ok(self) -> None:
        for number, call in enumerate(self.servers(), start=1):
            events = [v1_event(), v1_event()]
            self.assertEqual(self.verdicts(call, *events), [("ok", ""), ("ok", "")])
            self.assertEqual(UserEvent.objects.count(), 2 * number)
            self.assertEqual(UserEvent.objects.get(uuid=events[0]["uuid"]).ingest_key, LABEL)

    def test_with_a_slash_at_the_end_it_is_the_same(self) -> None:
        for call in self.servers():
            event = v1_event()
            found = call("POST", f"{PATH}/", body_of(event), headers=headers())
            self.assertEqual(found.body, {"results": {event["uuid"]: {"result": "ok"}}})

    def test_sent_again_an_event_is_ok_and_stored_once(self) -> None:
        for call in self.servers():
            before = ledger().duplicate
            first, second = v1_event(), v1_event("n" * 190, properties={"revenue": "a lot"})
            self.assertEqual(self.verdicts(call, first), [("ok", "")])
            self.assertEqual(
                self.verdicts(call, first, second), [("ok", ""), ("warning", "amount_not_usable")]
            )
            self.assertEqual(self.verdicts(call, first, second), [("ok", ""), ("ok", "")])
            uuids = [first["uuid"], second["uuid"]]
            self.assertEqual(UserEvent.objects.filter(uuid__in=uuids).count(), 2)
            self.assertEqual(ledger().duplicate - before, 3)

    def test_an_event_of_v0_sent_again_as_v1_is_the_same_event(self) -> None:
        for call in self.servers():
            event = v1_event()
            send_batch(event)
            self.assertEqual(self.verdicts(call, event), [("ok", "")])
            self.assertEqual(UserEvent.objects.filter(uuid=event["uuid"]).count(), 1)

    def test_what_was_mended_is_a_warning_that_names_it(self) -> None:
        for call in self.servers():
            events = [
                v1_event(properties={"$current_url": "https://x.org/" + "p" * 9000}),
                v1_event(session_id=17, timestamp="next week"),
                v1_event(properties={"event_type": "nonsense", "revenue": "a lot"}),
            ]
            self.assertEqual(
                self.verdicts(call, *events),
                [
                    ("warning", "page_url_shortened, page_path_shortened"),
                    ("warning", "session_id_not_usable, timestamp_not_usable"),
                    ("warning", "amount_not_usable"),
                ],
            )

    def test_a_merge_that_may_not_be_is_a_warning(self) -> None:
        for call in self.servers():
            who = f"u-{uuid.uuid4()}"
            event = v1_event("$identify", who, properties={"$anon_distinct_id": "undefined"})
            self.assertEqual(self.verdicts(call, event), [("warning", "shared_id_not_merged")])

    def test_what_is_refused_is_a_drop_with_its_reason_and_costs_no_neighbour(self) -> None:
        bad = [
            (v1_event(distinct_id="d" * 201), "invalid_distinct_id: `distinct_id` has 201 characters"),
            (v1_event(distinct_id=17), "invalid_distinct_id: `distinct_id` must be a text"),
            (v1_event(distinct_id="  "), "missing_distinct_id: "),
            (v1_event(distinct_id=None), "missing_distinct_id: "),
            (v1_event("e" * 201), "invalid_event_name: `event` has 201 characters; the limit is 200"),
            (v1_event(["e"]), "invalid_event_name: `event` must be a text"),
            (v1_event(""), "missing_event_name: "),
            (v1_event(None), "missing_event_name: "),
            (v1_event(properties=[1]), "invalid_properties: "),
            (v1_event(options=[1]), "invalid_options: `options` must be a JSON object"),
            (v1_event(options={"cookieless_mode": "perhaps"}), "invalid_options: `options.cookieless_mode`"),
            (v1_event(options={"product_tour_id": {}}), "invalid_options: `options.product_tour_id`"),
            (v1_event(uuid="nonsense"), "invalid_uuid: "),
            (v1_event("$snapshot"), "unsupported_event: "),
            (v1_event("$identify", options={"process_person_profile": False}), "person_processing_off: "),
            (v1_event(properties={"t": "x" * 1_100_000}), "event_too_large: "),
        ]
        for call in self.servers():
            RejectedEvent.objects.all().delete()
            first, last = v1_event(), v1_event()
            found = self.verdicts(call, first, *(event for event, _ in bad), last)
            self.assertEqual((found[0], found[-1]), (("ok", ""), ("ok", "")))
            for (result, details), (_, start) in zip(found[1:-1], bad, strict=True):
                self.assertEqual((result, details[: len(start)]), ("drop", start))
            self.assertEqual(UserEvent.objects.filter(uuid__in=[first["uuid"], last["uuid"]]).count(), 2)
            self.assertEqual(RejectedEvent.objects.filter(dialect="posthog_v1").count(), len(bad))

    def test_two_hundred_characters_are_not_too_many_whatever_their_bytes(self) -> None:
        for call in self.servers():
            event = self.stored(call, name="ß" * 200, distinct_id="日" * 200)
            self.assertEqual((event.event_name, event.distinct_id), ("ß" * 200, "日" * 200))

    def test_an_item_without_a_uuid_is_named_by_the_uuid_of_its_quarantine(self) -> None:
        for call in self.servers():
            good = v1_event()
            for item in ({**v1_event(), "uuid": ""}, {"event": "x"}, "text", None, [1], v1_event(uuid=7)):
                found = self.post(call, item, {**good, "uuid": str(uuid.uuid4())}).body["results"]
                dropped = [name for name, verdict in found.items() if verdict["result"] == "drop"]
                self.assertEqual((len(found), len(dropped)), (2, 1), item)
                self.assertTrue(RejectedEvent.objects.filter(uuid=dropped[0]).exists())

    def test_a_uuid_is_answered_as_it_was_written(self) -> None:
        for call in self.servers():
            event = v1_event()
            spelled = [event["uuid"].upper(), v1_event()["uuid"].replace("-", ""), f" {v1_event()['uuid']} "]
            found = self.verdicts(call, *({**event, "uuid": text} for text in spelled))
            self.assertEqual(found, [("ok", "")] * 3)

    def test_a_uuid_that_would_break_the_answer_is_not_repeated(self) -> None:
        for call in self.servers():
            for text in ("\ud800", "ü", "x" * 101):
                found = self.post(call, v1_event(uuid=text))
                self.assertEqual(found.status, 200)
                (name,) = found.body["results"]
                self.assertEqual(str(uuid.UUID(name)), name)

    def test_an_event_on_which_a_step_breaks_is_a_drop(self) -> None:
        for call in self.servers():
            with (
                patch("analytics.ingestion.pipeline.PIPELINE", (*_broken_for("poison"),)),
                self.assertLogs("analytics.ingestion", "ERROR"),
            ):
                found = self.verdicts(call, v1_event("poison"), v1_event("fine"))
            self.assertEqual([result for result, _ in found], ["drop", "ok"])
            self.assertTrue(found[0][1].startswith("step_failed: "))

    def test_an_event_that_the_database_refuses_is_a_drop(self) -> None:
        for call in self.servers():
            with (
                patch("analytics.ingestion.commit.to_row", _refusing_row("poison")),
                self.assertLogs("analytics.ingestion", "WARNING"),
            ):
                found = self.verdicts(call, v1_event("fine"), v1_event("poison"), v1_event("fine too"))
            self.assertEqual([result for result, _ in found], ["ok", "drop", "ok"])

    def test_the_ledger_adds_up(self) -> None:
        for call in self.servers():
            before = ledger()
            again = v1_event()
            self.post(call, again)
            self.post(call, again, v1_event(), v1_event(distinct_id="d" * 201), "text")
            after = ledger()
            self.assertEqual(after.received - before.received, 5)
            self.assertEqual(after.stored - before.stored, 2)
            self.assertEqual(after.duplicate - before.duplicate, 1)
            self.assertEqual(sum(after.rejected.values()) - sum(before.rejected.values()), 2)


def _broken_for(name: str) -> Iterator[Any]:
    from analytics.ingestion.pipeline import PIPELINE

    def breaks(event: Any) -> None:
        if event.given_name == name:
            raise RuntimeError("a fault that nobody foresaw")

    yield breaks
    yield from PIPELINE


def _refusing_row(name: str) -> Any:
    from analytics.ingestion.rows import to_row

    def row(event: Any, stored_at: Any) -> Any:
        made = list(to_row(event, stored_at))
        if event.event_name == name:
            made[16] = "\x00"
        return tuple(made)

    return row


class FieldsTest(V1TestCase):
    """Where the parts of the wire land."""

    def test_the_sdk_of_the_header_becomes_lib_and_beats_the_properties(self) -> None:
        for call in self.servers():
            event = self.stored(call, properties={"$lib": "web", "$lib_version": "0", "city": "Graz"})
            self.assertEqual(
                event.metadata, {"$lib": "posthog-python", "$lib_version": "7.91.1", "city": "Graz"}
            )

    def test_an_sdk_that_says_no_version_is_no_reason_to_refuse(self) -> None:
        for call in self.servers():
            for said in ("curl", "/1", "a/", "x/" + "9" * 300):
                event = v1_event(properties={"$lib": "web"})
                found = call("POST", PATH, body_of(event), headers=headers(PostHog_Sdk_Info=said))
                self.assertEqual(found.body["results"][event["uuid"]], {"result": "ok"})
                self.assertEqual(UserEvent.objects.get(uuid=event["uuid"]).metadata, {"$lib": "web"})

    def test_session_and_window_beat_the_properties(self) -> None:
        for call in self.servers():
            event = self.stored(call, session_id="s-1", window_id="w-1", properties={"$session_id": "other"})
            self.assertEqual(event.session_id, "s-1")
            self.assertEqual((event.metadata["$session_id"], event.metadata["$window_id"]), ("s-1", "w-1"))

    def test_options_become_the_properties_that_v0_has_for_them(self) -> None:
        options = {
            "cookieless_mode": "TRUE", "disable_skew_correction": 1, "process_person_profile": " 0 ",
            "product_tour_id": 7, "unknown": [1],
        }  # fmt: skip
        for call in self.servers():
            kept = self.stored(call, options=options).metadata
            self.assertEqual(
                {name: value for name, value in kept.items() if not name.startswith("$lib")},
                {
                    "$cookieless_mode": True, "$ignore_sent_at": True, "$process_person_profile": False,
                    "$product_tour_id": "7",
                },
            )  # fmt: skip

    def test_without_person_processing_nobody_gets_a_profile(self) -> None:
        for call in self.servers():
            who = f"u-{uuid.uuid4()}"
            self.stored(call, distinct_id=who, options={"process_person_profile": False})
            self.assertFalse(Person.objects.get(own_distinct_id__distinct_id=who).has_profile)
            self.stored(call, distinct_id=who, options={"process_person_profile": True})
            self.assertTrue(Person.objects.get(own_distinct_id__distinct_id=who).has_profile)

    def test_person_properties_are_set_from_the_properties(self) -> None:
        for call in self.servers():
            who = f"u-{uuid.uuid4()}"
            change = {"$set": {"plan": "gold"}, "$set_once": {"first": 1}}
            self.stored(call, name="$set", distinct_id=who, properties=change)
            person = Person.objects.get(own_distinct_id__distinct_id=who)
            self.assertEqual(person.properties, {"plan": "gold", "first": 1})

    def test_a_wrong_client_clock_is_corrected_by_the_header(self) -> None:
        for call in self.servers():
            slow = headers(PostHog_Request_Timestamp="2026-05-04T13:00:00+02:00")  # an hour behind
            for options, hour in (({}, 11), ({"disable_skew_correction": True}, 10)):
                event = v1_event(timestamp="2026-05-04T10:59:50Z", options=options)
                call("POST", PATH, body_of(event), headers=slow)
                found = UserEvent.objects.get(uuid=event["uuid"])
                self.assertEqual(found.timestamp, datetime(2026, 5, 4, hour, 59, 50, tzinfo=UTC))
                self.assertEqual(found.sent_at, datetime(2026, 5, 4, 11, tzinfo=UTC))
                self.assertEqual(found.client_timestamp, "2026-05-04T10:59:50Z")

    def test_a_historical_import_keeps_its_times(self) -> None:
        for call in self.servers():
            event = v1_event(timestamp="2020-01-01T00:00:00Z")
            old = headers(PostHog_Request_Timestamp="2020-01-02T00:00:00Z")
            call("POST", PATH, body_of(event, historical_migration=True), headers=old)
            found = UserEvent.objects.get(uuid=event["uuid"])
            self.assertEqual(found.timestamp, datetime(2020, 1, 1, tzinfo=UTC))

    def test_unstorable_text_is_mended_with_a_warning(self) -> None:
        for call in self.servers():
            made = str(uuid.uuid4())
            item = rb'{"event":"a\u0000b","distinct_id":"u\ud800","uuid":"%s","timestamp":"%s","properties":{"x":NaN}}'
            item %= (made.encode(), SENT_AT.encode())
            raw = b'{"created_at":"%s","batch":[%s]}' % (SENT_AT.encode(), item)
            found = call("POST", PATH, raw, headers=headers())
            verdict = {"result": "warning", "details": "unstorable_values_replaced"}
            self.assertEqual(found.body, {"results": {made: verdict}})
            self.assertEqual(UserEvent.objects.get(uuid=made).event_name, "a\ufffdb")


class EncodingsTest(V1TestCase):
    """Every encoding of v1, and a cap on what comes out."""

    def test_each_encoding_is_read(self) -> None:
        raw = zlib.compressobj(wbits=-15)
        for call in self.servers():
            for encoding, pack in (
                ("gzip", gzip.compress),
                ("deflate", zlib.compress),
                ("deflate", lambda data: raw.copy().compress(data) + _finished(raw, data)),
                ("br", lambda data: pa.Codec("brotli").compress(data, asbytes=True)),
                ("zstd", lambda data: pa.Codec("zstd").compress(data, asbytes=True)),
                ("ZSTD", lambda data: pa.Codec("zstd").compress(data, asbytes=True)),
                ("identity", bytes),
            ):
                event = v1_event()
                sent = headers(Content_Encoding=encoding)
                found = call("POST", PATH, pack(body_of(event)), headers=sent)
                self.assertEqual(found.body, {"results": {event["uuid"]: {"result": "ok"}}}, encoding)

    def test_another_encoding_is_a_415_that_names_those_taken(self) -> None:
        for call in self.servers():
            for encoding in ("lz4", "gzip, br", "compress"):
                sent = headers(Content_Encoding=encoding)
                found = call("POST", PATH, body_of(v1_event()), headers=sent)
                told = self.check_error(found, 415, "unsupported_encoding")
                self.assertIn("gzip, deflate, br, zstd", told)

    def test_a_bomb_in_any_encoding_is_a_413(self) -> None:
        bomb = b"0" * 5_000_000
        for call in self.servers():
            for encoding, body in (
                ("gzip", gzip.compress(bomb)),
                ("deflate", zlib.compress(bomb)),
                ("br", pa.Codec("brotli").compress(bomb, asbytes=True)),
                ("zstd", pa.Codec("zstd").compress(bomb, asbytes=True)),
            ):
                with self.settings(ANALYTICS_MAX_BATCH_BODY_BYTES=1_000_000):
                    found = call("POST", PATH, body, headers=headers(Content_Encoding=encoding))
                self.check_error(found, 413, "body_too_large")

    def test_a_broken_or_cut_stream_is_a_400(self) -> None:
        for call in self.servers():
            for encoding, pack in (
                ("gzip", gzip.compress),
                ("deflate", zlib.compress),
                ("br", lambda data: pa.Codec("brotli").compress(data, asbytes=True)),
                ("zstd", lambda data: pa.Codec("zstd").compress(data, asbytes=True)),
            ):
                whole = pack(body_of(v1_event()))
                for body in (whole[:-3], whole[: len(whole) // 2], b"no such stream", whole + b"more"):
                    found = call("POST", PATH, body, headers=headers(Content_Encoding=encoding))
                    self.check_error(found, 400, "malformed_body")
        self.assertFalse(UserEvent.objects.exists())


def _finished(raw: Any, data: bytes) -> bytes:
    whole = raw.copy()
    head: bytes = whole.compress(data)
    return (head + whole.flush())[len(head) :]


class RequestTest(V1TestCase):
    """What is wrong with a request refuses all of it, in v1's shape, and stores nothing."""

    def tearDown(self) -> None:
        self.assertFalse(UserEvent.objects.exists())
        super().tearDown()

    def test_each_missing_header_is_named(self) -> None:
        for call in self.servers():
            for name in (
                "User-Agent", "PostHog-Sdk-Info", "PostHog-Attempt", "PostHog-Request-Id", "PostHog-Request-Timestamp",
            ):  # fmt: skip
                found = call("POST", PATH, body_of(v1_event()), headers=headers(**{name: None}))
                self.assertIn(name, self.check_error(found, 400, "missing_required_headers"))
            none = call("POST", PATH, body_of(v1_event()), headers={"Authorization": f"Bearer {TOKEN}"})
            self.assertIn("PostHog-Attempt, ", self.check_error(none, 400, "missing_required_headers"))

    def test_headers_that_cannot_be_read_are_named(self) -> None:
        wrong = [
            ("PostHog-Attempt", "0"), ("PostHog-Attempt", "-1"), ("PostHog-Attempt", "first"),
            ("PostHog-Attempt", "9" * 5000), ("PostHog-Request-Id", "17"), ("PostHog-Request-Id", "x" * 36),
            ("PostHog-Request-Timestamp", "yesterday"), ("PostHog-Request-Timestamp", "2026-05-04T12:00:00"),
            ("PostHog-Request-Timestamp", "1777896000"),
        ]  # fmt: skip
        for call in self.servers():
            for name, value in wrong:
                found = call("POST", PATH, body_of(v1_event()), headers=headers(**{name: value}))
                self.assertIn(name, self.check_error(found, 400, "invalid_header_value"))

    def test_only_json_is_taken(self) -> None:
        for call in self.servers():
            found = call("POST", PATH, body_of(v1_event()), headers=headers(Content_Type="text/plain"))
            self.assertIn("application/json", self.check_error(found, 415, "unsupported_content_type"))
            spelled = headers(Content_Type="Application/JSON; charset=utf-8")
            self.check_error(call("POST", PATH, body_of(), headers=spelled), 400, "empty_batch")

    def test_keys_that_do_not_hold_are_401(self) -> None:
        for call in self.servers():
            for authorization, code in (
                (None, "missing_key"),
                ("Bearer", "missing_key"),
                ("Basic abc", "missing_key"),
                ("Bearer phx_personal", "personal_key"),
                (f"Bearer {'x' * 65}", "invalid_key"),
                ("Bearer lk_unknown", "invalid_key"),
            ):
                sent = headers(Authorization=authorization)
                found = call("POST", PATH, body_of(v1_event()), headers=sent)
                self.check_error(found, 401, code)
                self.assertIn("Bearer", found.headers["www-authenticate"])
            in_body = call(
                "POST", PATH, body_of(v1_event(), api_key=TOKEN), headers=headers(Authorization=None)
            )
            self.check_error(in_body, 401, "missing_key")

    def test_a_key_that_was_switched_off_is_401(self) -> None:
        create_ingest_key("gone", "lk_gone")
        IngestKey.objects.filter(token="lk_gone").update(is_active=False)
        for call in self.servers():
            sent = headers(Authorization="bearer   lk_gone ")
            self.check_error(call("POST", PATH, body_of(v1_event()), headers=sent), 401, "invalid_key")

    def test_bodies_of_another_shape_are_400(self) -> None:
        event = v1_event()
        for call in self.servers():
            for body, code in (
                (b"", "malformed_body"),
                (b"nonsense {{", "malformed_body"),
                (b"[" * 100_000, "malformed_body"),
                (b"{}", "malformed_body"),
                (json.dumps([event]).encode(), "malformed_body"),
                (body_of(batch={"0": event}), "malformed_body"),
                (body_of(), "empty_batch"),
                (body_of(event, created_at=None), "invalid_batch"),
                (body_of(event, created_at="soon"), "invalid_batch"),
                (body_of(event, created_at=17), "invalid_batch"),
            ):
                self.check_error(call("POST", PATH, body, headers=headers()), 400, code)

    def test_a_uuid_twice_in_a_batch_is_400_however_it_is_written(self) -> None:
        for call in self.servers():
            event = v1_event()
            for twin in (event, {**event, "uuid": event["uuid"].upper()}):
                found = self.post(call, event, v1_event(), twin)
                self.assertIn(event["uuid"], self.check_error(found, 400, "duplicate_event_uuid"))

    def test_the_request_id_comes_back_with_every_answer(self) -> None:
        for call in self.servers():
            for body, sent in (
                (b"", headers()),
                (body_of(v1_event()), headers(Authorization=None)),
                (body_of(v1_event(uuid="none")), headers()),
            ):
                found = call("POST", PATH, body, headers=sent)
                self.assertEqual(found.headers["posthog-request-id"], REQUEST_ID)
            strange = call("POST", PATH, b"", headers=headers(PostHog_Request_Id="<script>"))
            self.assertNotIn("posthog-request-id", strange.headers)

    def test_events_come_by_post_only(self) -> None:
        for call in self.servers():
            for method in ("GET", "PUT", "DELETE"):
                found = call(method, PATH, headers=headers())
                self.check_error(found, 405, "method_not_allowed")
                self.assertEqual(found.headers["allow"], "POST, OPTIONS")

    def test_too_much_at_once_is_a_413(self) -> None:
        for call in self.servers():
            with self.settings(ANALYTICS_MAX_BATCH_BODY_BYTES=1000):
                found = self.post(call, v1_event(properties={"t": "x" * 2000}))
            self.check_error(found, 413, "body_too_large")

    def test_overload_is_a_503_that_says_when_to_come_back(self) -> None:
        for call in self.servers():
            full = Unavailable("too many events are waiting; send again", code="overloaded")
            with patch.object(writer, "submit", side_effect=full):
                found = self.post(call, v1_event())
            self.check_error(found, 503, "overloaded")
            self.assertGreaterEqual(int(found.headers["retry-after"]), 1)

    def test_any_page_may_send(self) -> None:
        for call in self.servers():
            names = "authorization,posthog-sdk-info,posthog-attempt"
            asked = {"Origin": "https://shop.example", "Access-Control-Request-Headers": names}
            may = call("OPTIONS", PATH, headers=asked)
            self.assertEqual((may.status, may.headers["access-control-allow-origin"]), (200, "*"))
            self.assertEqual(may.headers["access-control-allow-headers"], names)
            sent = call("POST", PATH, b"", headers=headers(Origin="https://shop.example"))
            self.assertEqual((sent.status, sent.headers["access-control-allow-origin"]), (400, "*"))
