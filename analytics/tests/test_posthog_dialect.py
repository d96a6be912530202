"""The PostHog protocol on the wire, as SDKs and curl speak it."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.test import Client, TestCase

from analytics import clock
from analytics.models import RejectedEvent, UserEvent
from analytics.tests.cast import LABEL, TOKEN, make_key, posthog_event, send, send_batch


class PostHogBodiesTest(TestCase):
    """Bodies and compressions as they come."""

    def setUp(self) -> None:
        make_key()

    def assert_stored(self, response: object, count: int = 1) -> None:
        self.assertEqual(response.status_code, 200, response.content)
        self.assertEqual(response.json()["status"], 1)
        self.assertEqual(UserEvent.objects.count(), count)

    def test_a_batch_is_stored_with_the_label_of_its_key(self) -> None:
        self.assert_stored(send_batch(posthog_event(), posthog_event()), 2)
        self.assertEqual(set(UserEvent.objects.values_list("ingest_key", flat=True)), {LABEL})

    def test_every_path_takes_events_with_and_without_slash(self) -> None:
        paths = ["/batch", "/e", "/e/", "/i/v0/e/", "/capture/", "/track", "/s/", "/i/v0/ai/batch/"]
        for count, path in enumerate(paths, start=1):
            self.assert_stored(send(path, {"api_key": TOKEN, "batch": [posthog_event()]}), count)

    def test_a_bare_event_is_stored(self) -> None:
        self.assert_stored(send("/capture/", {"api_key": TOKEN, **posthog_event()}))

    def test_a_bare_array_takes_its_key_from_the_properties(self) -> None:
        self.assert_stored(send("/e/", [posthog_event(properties={"token": TOKEN})]))
        self.assertNotIn("token", UserEvent.objects.get().metadata)

    def test_gzip_is_known_by_its_first_bytes_without_any_header(self) -> None:
        body = gzip.compress(json.dumps({"api_key": TOKEN, "batch": [posthog_event()]}).encode())
        self.assert_stored(Client().post("/e/?beacon=0", body, content_type="text/plain"))

    def test_gzip_by_header_is_stored(self) -> None:
        self.assert_stored(send("/batch/", {"api_key": TOKEN, "batch": [posthog_event()]}, compressed=True))

    def test_a_form_with_base64_is_stored(self) -> None:
        data = base64.b64encode(json.dumps({"token": TOKEN, **posthog_event()}).encode()).decode()
        body = urlencode({"data": data})
        response = Client().post("/e/", body, content_type="application/x-www-form-urlencoded")
        self.assert_stored(response)

    def test_base64_whose_plus_became_a_space_is_stored(self) -> None:
        text = json.dumps({"token": TOKEN, **posthog_event(properties={"q": "~~>>??~~>>??"})})
        data = base64.b64encode(text.encode()).decode()
        self.assertIn("+", data)
        body = "data=" + data.replace("+", " ").replace("=", "%3D").replace("/", "%2F")
        response = Client().post("/e/?compression=base64", body, content_type="text/plain")
        self.assert_stored(response)

    def test_a_get_with_data_is_stored(self) -> None:
        data = base64.b64encode(json.dumps({"token": TOKEN, **posthog_event()}).encode()).decode()
        self.assert_stored(Client().get("/e/", {"data": data, "compression": "base64"}))

    def test_an_engage_call_without_a_name_sets_person_properties(self) -> None:
        body = {"token": TOKEN, "distinct_id": "u9", "$set": {"plan": "gold"}}
        self.assert_stored(send("/engage/", body))
        self.assertEqual(UserEvent.objects.get().event_name, "$identify")

    def test_a_beacon_gets_204(self) -> None:
        response = send("/e/?beacon=1", {"api_key": TOKEN, "batch": [posthog_event()]})
        self.assertEqual(response.status_code, 204)
        self.assertEqual(UserEvent.objects.count(), 1)


class PostHogRefusalsTest(TestCase):
    """What cannot be stored says why, and takes nobody with it."""

    def setUp(self) -> None:
        make_key()

    def test_one_bad_event_does_not_cost_its_neighbours(self) -> None:
        response = send_batch(posthog_event(), {"event": "no id"}, "text", posthog_event())
        self.assertEqual(response.status_code, 200)
        self.assertEqual([fault["index"] for fault in response.json()["rejected"]], [1, 2])
        self.assertEqual(UserEvent.objects.count(), 2)
        reasons = set(RejectedEvent.objects.values_list("reason", flat=True))
        self.assertEqual(reasons, {"missing_distinct_id", "not_an_object"})

    def test_a_rejected_event_keeps_its_body(self) -> None:
        send_batch({"event": "paid", "properties": {"plan": "gold"}})
        self.assertIn(b"gold", bytes(RejectedEvent.objects.get().body))

    def test_a_lone_bad_event_is_a_400_that_names_the_fix(self) -> None:
        response = send("/capture/", {"api_key": TOKEN, "event": "x"})
        self.assertEqual(response.status_code, 400)
        self.assertIn("distinct_id", response.json()["detail"])

    def test_an_invalid_uuid_is_rejected_and_an_empty_one_is_none(self) -> None:
        send_batch(posthog_event(uuid="nonsense"), posthog_event(uuid=""))
        self.assertEqual(UserEvent.objects.count(), 1)
        self.assertEqual(RejectedEvent.objects.get().reason, "invalid_uuid")

    def test_keys_that_do_not_hold_are_401_and_store_nothing(self) -> None:
        for token, code in (
            ("lk_unknown", "invalid_key"),
            ("", "missing_key"),
            ("phx_personal", "personal_key"),
            ("x" * 65, "invalid_key"),
            ("naïve", "invalid_key"),
        ):
            response = send("/batch/", {"api_key": token, "batch": [posthog_event()]})
            self.assertEqual((response.status_code, response.json()["code"]), (401, code), token)
        self.assertFalse(UserEvent.objects.exists())

    def test_several_keys_in_one_request_are_401(self) -> None:
        events = [posthog_event(properties={"token": t}) for t in (TOKEN, "lk_other")]
        self.assertEqual(send("/e/", events).json()["code"], "several_keys")

    def test_a_body_that_is_no_json_is_a_400(self) -> None:
        for body in (b"", b"nonsense", b"\x1f\x8b\x08broken", gzip.compress(b"{}")[:-4], b"[" * 100_000):
            response = send("/batch/", body)
            self.assertEqual((response.status_code, response.json()["code"]), (400, "malformed_body"))

    def test_a_bomb_is_refused_with_413(self) -> None:
        bomb = gzip.compress(b"0" * 30_000_000)
        with self.settings(ANALYTICS_MAX_BATCH_BODY_BYTES=1_000_000):
            response = send("/batch/", bomb)
        self.assertEqual((response.status_code, response.json()["code"]), (413, "body_too_large"))

    def test_unstorable_text_is_mended_and_said_on_the_receipt(self) -> None:
        item = rb'{"event":"a\u0000b","distinct_id":"u\ud800","properties":{"x":NaN,"y":1e999}}'
        raw = b'{"api_key":"%s","batch":[' + item + b"]}"
        self.assertEqual(send("/batch/", raw % TOKEN.encode()).status_code, 200)
        event = UserEvent.objects.get()
        self.assertEqual((event.event_name, event.distinct_id), ("a\ufffdb", "u\ufffd"))
        self.assertEqual(event.metadata, {"x": None, "y": None})


class PostHogFieldsTest(TestCase):
    """Which field of the wire lands where."""

    def setUp(self) -> None:
        make_key()

    def stored(self, **fields: object) -> UserEvent:
        response = send_batch(posthog_event(**fields))
        self.assertEqual(response.status_code, 200, response.content)
        return UserEvent.objects.latest("id")

    def test_a_distinct_id_of_any_json_value_becomes_text(self) -> None:
        for given, text in ((17, "17"), (1.5, "1.5"), (True, "true"), ({"a": 1}, '{"a":1}')):
            self.assertEqual(self.stored(distinct_id=given).distinct_id, text)

    def test_what_is_too_long_is_cut_and_not_refused(self) -> None:
        event = self.stored(
            event="e" * 300, distinct_id="d" * 300, properties={"$current_url": "https://x.org/" + "p" * 9000}
        )
        self.assertEqual((len(event.event_name), len(event.distinct_id)), (200, 200))
        self.assertEqual(len(event.page_url), 8192)

    def test_a_page_view_tells_page_device_and_session(self) -> None:
        event = self.stored(
            event="$pageview",
            properties={
                "$current_url": "https://shop.example/meetups/7?x=1",
                "$referrer": "$direct",
                "$session_id": "s-1",
                "$browser": "Firefox",
                "$os": "Linux",
                "$device_type": "Desktop",
            },
        )
        self.assertEqual(event.event_type, "page_view")
        self.assertEqual((event.page_path, event.referrer), ("/meetups/7", ""))
        self.assertEqual((event.browser, event.os, event.device_type), ("Firefox", "Linux", "desktop"))
        self.assertEqual(event.session_id, "s-1")

    def test_revenue_is_money_and_makes_a_conversion(self) -> None:
        event = self.stored(properties={"revenue": "12.499"})
        self.assertEqual((str(event.revenue_impact), event.event_type), ("12.50", "conversion"))

    def test_revenue_that_fits_no_column_stays_in_the_metadata(self) -> None:
        event = self.stored(properties={"revenue": 10**12})
        self.assertIsNone(event.revenue_impact)
        self.assertEqual(event.metadata["revenue"], 10**12)

    def test_the_address_is_cut_to_its_network_by_default(self) -> None:
        event = self.stored(properties={"$ip": "203.0.113.77"})
        self.assertEqual(event.ip_address, "203.0.113.0")
        self.assertNotIn("$ip", event.metadata)

    def test_a_wrong_client_clock_is_corrected_and_its_words_are_kept(self) -> None:
        noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
        with clock.frozen(noon):
            send_batch(posthog_event(timestamp="2026-05-04T10:59:50Z"), sent_at="2026-05-04T11:00:00Z")
        event = UserEvent.objects.get()
        self.assertEqual(event.timestamp, datetime(2026, 5, 4, 11, 59, 50, tzinfo=UTC))
        self.assertEqual(event.client_timestamp, "2026-05-04T10:59:50Z")
        self.assertEqual(event.received_at, noon)

    def test_a_historical_import_keeps_its_times(self) -> None:
        send_batch(
            posthog_event(timestamp="2020-01-01T00:00:00Z"),
            sent_at="2020-01-02T00:00:00Z",
            historical_migration=True,
        )
        self.assertEqual(UserEvent.objects.get().timestamp, datetime(2020, 1, 1, tzinfo=UTC))


class QuietSdkTest(TestCase):
    """What SDKs ask before they send."""

    def test_remote_config_switches_off_what_is_not_there(self) -> None:
        config = Client().get("/array/lk_x/config").json()
        self.assertIs(config["autocapture_opt_out"], False)
        self.assertIs(config["sessionRecording"], False)
        self.assertEqual(config["supportedCompression"], ["gzip-js"])

    def test_flags_are_empty_and_well_formed(self) -> None:
        for path in ("/flags/?v=2", "/flags?v=4", "/decide/?v=3"):
            answer = send(path, {"api_key": "lk_x", "distinct_id": "u"}).json()
            self.assertEqual((answer["flags"], answer["errorsWhileComputingFlags"]), ({}, False))

    def test_segment_settings_point_back_at_this_server(self) -> None:
        sink = Client().get("/v1/projects/lk_x/settings").json()["integrations"]["Segment.io"]
        self.assertEqual((sink["apiKey"], sink["apiHost"]), ("lk_x", "testserver/v1"))

    def test_any_page_may_send_and_no_cookie_is_taken(self) -> None:
        response = Client().options(
            "/e/",
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Headers": "content-type,x-custom",
            },
        )
        self.assertEqual(response["Access-Control-Allow-Origin"], "*")
        self.assertEqual(response["Access-Control-Allow-Headers"], "content-type,x-custom")
        self.assertNotIn("Access-Control-Allow-Credentials", response)
