"""What leaves the house: only to public or named addresses, signed, escaped, bounded, and once a day for summaries."""

from __future__ import annotations

import ipaddress
import smtplib
import socket
import ssl
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

from django.core import mail
from django.test import SimpleTestCase, TestCase, override_settings

from analytics import clock
from analytics.delivery import outbound, relay, signing
from analytics.delivery.addresses import is_public, may_be_inside
from analytics.delivery.letter import compose
from analytics.delivery.outbound import Forbidden, NotDelivered
from analytics.delivery.summary import queue_summary
from analytics.delivery.webhook import check_url
from analytics.models import AlertTarget, DeliveryAttempt, OutboxMessage
from analytics.store.outbox import put_message, sink_of_target
from analytics.tests.posthog_stand_in import Reply, StandIn

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
PUBLIC = "93.184.215.14"

NOT_PUBLIC = (
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.9.1", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:93.184.215.14", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "100::1",
    "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "3fff::1",
    "fc00::1", "fd00:ec2::254", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
)  # fmt: skip
STILL_PUBLIC = [
    "8.8.8.8",
    "93.184.215.14",
    "100.63.255.255",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450:4001::1",
]


def answer_of(*addresses: str) -> list[Any]:
    """What a look-up that finds these addresses returns."""
    return [
        (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443))
        for text in addresses
    ]


class AddressTest(SimpleTestCase):
    def test_no_address_inside_or_of_special_use_is_public(self) -> None:
        for text in NOT_PUBLIC:
            with self.subTest(text):
                self.assertFalse(is_public(ipaddress.ip_address(text)))

    def test_addresses_of_the_internet_are(self) -> None:
        for text in STILL_PUBLIC:
            with self.subTest(text):
                self.assertTrue(is_public(ipaddress.ip_address(text)))

    def test_a_named_host_may_be_inside_but_never_be_the_machine_s_metadata_or_everybody(self) -> None:
        for text in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd12::1", PUBLIC):
            self.assertTrue(may_be_inside(ipaddress.ip_address(text)), text)
        for text in [
            "169.254.169.254",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "fe80::1",
            "255.255.255.255",
            "::ffff:127.0.0.1",
        ]:
            self.assertFalse(may_be_inside(ipaddress.ip_address(text)), text)


class UrlTest(SimpleTestCase):
    def test_only_plain_https_urls_are_taken(self) -> None:
        for url in (
            "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "javascript:alert(1)", "example.org",
            "", "https://", "https:///path", "http://example.org/", "https://example.org:8443/",
            "https://example.org:80/", "https://example.org:22/", "https://user@example.org/",
            "https://user:password@example.org/", "https://example.org@127.0.0.1/", "https://example.org:x/",
            "https://exa mple.org/", "https://example.org/\r\nHost: x", "https://example.org/a b",
            "https://[::1/", "https://example.org/ü", f"https://example.org/{'a' * 2000}",
        ):  # fmt: skip
            with self.subTest(url), mock.patch("socket.getaddrinfo") as look_up:
                self.assertNotEqual(check_url(url), "")
                self.assertRaises(Forbidden, outbound.post, url, b"", {})
                look_up.assert_not_called()

    def test_ordinary_ones_are_good(self) -> None:
        for url in ("https://example.org", "https://example.org:443/a?b=c", "https://münchen.example/hook"):
            self.assertEqual(check_url(url), "")

    def test_the_port_of_the_other_scheme_is_not_ours(self) -> None:
        self.assertRaises(Forbidden, outbound.find_place, "http://example.org:443/", needs_tls=False)

    @override_settings(ANALYTICS_OUTBOUND_PRIVATE_HOSTS=("hooks.internal:8080", "wiki.internal"))
    def test_a_named_host_is_reached_at_its_named_port_only(self) -> None:
        self.assertTrue(outbound.find_place("http://hooks.internal:8080/").is_inside)
        self.assertTrue(outbound.find_place("http://wiki.internal/").is_inside)
        for url in ("http://hooks.internal/", "http://hooks.internal:8081/", "http://wiki.internal:8080/"):
            self.assertRaises(Forbidden, outbound.find_place, url)


class PinningTest(SimpleTestCase):
    """Nothing is connected to but an address that was checked."""

    def connections(self, *answers: list[Any], url: str = "https://hooks.example/") -> list[str]:
        """Addresses that were dialled when look-ups give these answers, one after the other."""
        dialled: list[str] = []

        def dial(place: tuple[str, int], timeout: float) -> socket.socket:
            dialled.append(place[0])
            raise ConnectionRefusedError

        with (
            mock.patch("socket.getaddrinfo", side_effect=answers),
            mock.patch("socket.create_connection", side_effect=dial),
            self.assertRaises(NotDelivered),
        ):
            outbound.post(url, b"{}", {})
        return dialled

    def test_a_name_that_leads_inside_is_not_connected_to(self) -> None:
        for text in NOT_PUBLIC:
            with self.subTest(text):
                self.assertEqual(self.connections(answer_of(text)), [])

    def test_one_inner_address_among_public_ones_spoils_all(self) -> None:
        self.assertEqual(self.connections(answer_of(PUBLIC, "10.0.0.1")), [])
        self.assertEqual(self.connections(answer_of("2606:4700::1111", "::ffff:127.0.0.1")), [])

    def test_numbers_in_any_spelling_are_looked_up_and_judged_like_names(self) -> None:
        for host in ("127.0.0.1", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost", "[::1]"):
            with self.subTest(host), mock.patch("socket.create_connection") as dial:
                self.assertRaises(NotDelivered, outbound.post, f"https://{host}/", b"", {})
                dial.assert_not_called()

    def test_the_name_is_looked_up_once_and_the_checked_address_is_dialled(self) -> None:
        answers = (answer_of(PUBLIC), answer_of("127.0.0.1"))  # a name that rebinds
        self.assertEqual(self.connections(*answers), [PUBLIC])

    def test_every_send_looks_the_name_up_anew(self) -> None:
        self.assertEqual(self.connections(answer_of(PUBLIC)), [PUBLIC])
        self.assertEqual(self.connections(answer_of("127.0.0.1")), [])

    def test_the_next_address_is_tried_when_the_first_does_not_take_the_connection(self) -> None:
        self.assertEqual(self.connections(answer_of(PUBLIC, "8.8.8.8")), [PUBLIC, "8.8.8.8"])

    def test_tls_is_asked_for_the_name_and_checks_the_certificate(self) -> None:
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        context = ssl.create_default_context()
        asked: list[str] = []

        def wrap(sock: socket.socket, server_hostname: str, **_: Any) -> socket.socket:
            asked.append(server_hostname)
            raise ssl.SSLError

        with (
            mock.patch("socket.getaddrinfo", return_value=answer_of(PUBLIC)),
            mock.patch("socket.create_connection", return_value=ours),
            mock.patch.object(outbound, "_tls", return_value=mock.Mock(wrap_socket=wrap)),
        ):
            self.assertRaises(NotDelivered, outbound.post, "https://hooks.example/", b"", {})
        ours.close()
        self.assertEqual(asked, ["hooks.example"])
        self.assertEqual((context.verify_mode, context.check_hostname), (ssl.CERT_REQUIRED, True))


class ExchangeTest(SimpleTestCase):
    """Against a loopback server that is named as inside."""

    def setUp(self) -> None:
        self.there = self.enterContext(StandIn())
        self.enterContext(override_settings(ANALYTICS_OUTBOUND_PRIVATE_HOSTS=(self.there.host,)))

    def post(self, **given: Any) -> outbound.Answer:
        """Something small."""
        return outbound.post(f"{self.there.url}/hook?a=b", b"{}", {"X-A": "b"}, **given)

    def test_the_request_arrives_as_it_was_given(self) -> None:
        self.assertEqual(self.post().status, 200)
        (request,) = self.there.requests
        self.assertEqual((request.path, request.raw), ("/hook?a=b", b"{}"))
        self.assertEqual(request.headers["host"], self.there.host)
        self.assertEqual(request.headers["x-a"], "b")

    def test_redirects_are_not_followed(self) -> None:
        self.there.will(Reply(302, b"", {"Location": f"{self.there.url}/inner"}))
        self.assertEqual(self.post().status, 302)
        self.assertEqual(len(self.there.requests), 1)

    def test_an_endless_answer_is_cut_when_the_time_is_over(self) -> None:
        self.there.will(Reply(200, b"", {"Content-Length": "1000000"}, drips=True))
        answer = self.post(timeout_s=0.3)
        self.assertLess(len(answer.body), 1000)

    def test_a_large_answer_is_read_in_part(self) -> None:
        self.there.will(Reply(200, b"x" * 200_000))
        self.assertEqual(len(self.post().body), outbound.MAX_ANSWER_BYTES)

    def test_a_receiver_that_hangs_up_has_not_answered(self) -> None:
        self.there.will(Reply(hangs_up=True))
        self.assertRaises(NotDelivered, self.post)

    def test_proxies_of_the_environment_are_not_used(self) -> None:
        with mock.patch.dict(
            "os.environ", {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
        ):
            self.assertEqual(self.post().status, 200)

    def test_a_body_that_is_too_large_is_not_sent(self) -> None:
        with mock.patch.object(outbound, "MAX_BODY_BYTES", 1):
            self.assertRaises(Forbidden, self.post)
        self.assertEqual(self.there.connections, 0)

    @override_settings(ANALYTICS_OUTBOUND_PRIVATE_HOSTS=())
    def test_without_its_name_on_the_list_the_same_server_is_out_of_reach(self) -> None:
        self.assertRaises(Forbidden, self.post)
        self.assertEqual(self.there.connections, 0)


class SignatureTest(SimpleTestCase):
    def test_a_signature_is_good_for_its_body_id_and_time_only(self) -> None:
        secret = signing.new_secret()
        headers = signing.sign(secret, "m1", b"body", NOON)
        self.assertEqual(signing.verify(secret, headers, b"body", NOON), "m1")
        for changed, body, key in (
            (headers, b"Body", secret),
            (headers, b"body", signing.new_secret()),
            ({**headers, "webhook-id": "m2"}, b"body", secret),
            ({**headers, "webhook-timestamp": str(int(NOON.timestamp()) + 1)}, b"body", secret),
            ({**headers, "webhook-signature": "v1,"}, b"body", secret),
            ({**headers, "webhook-signature": "v1,ü"}, b"body", secret),
            ({}, b"body", secret),
        ):
            with self.subTest(headers=changed, body=body):
                self.assertRaises(signing.BadSignature, signing.verify, key, changed, body, NOON)

    def test_a_request_is_good_for_five_minutes(self) -> None:
        headers = signing.sign("secret", "m1", b"body", NOON)
        signing.verify("secret", headers, b"body", NOON + timedelta(minutes=5))
        for shift in (timedelta(minutes=6), timedelta(minutes=-6)):
            self.assertRaises(signing.BadSignature, signing.verify, "secret", headers, b"body", NOON + shift)

    def test_the_example_of_the_specification(self) -> None:
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        body = b'{"test": 2432232314}'
        at = datetime.fromtimestamp(1614265330, UTC)
        headers = signing.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", body, at)
        self.assertEqual(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


class TargetTest(TestCase):
    def setUp(self) -> None:
        self.there = self.enterContext(StandIn())
        self.enterContext(override_settings(ANALYTICS_OUTBOUND_PRIVATE_HOSTS=(self.there.host,)))
        self.enterContext(clock.frozen(NOON))

    def webhook(self, **given: Any) -> AlertTarget:
        """A target at the loopback server."""
        fields = {"name": "hook", "kind": "webhook", "address": f"{self.there.url}/hook", **given}
        return AlertTarget.objects.create(**fields)

    def put(self, target: AlertTarget, **payload: Any) -> OutboxMessage:
        """An alert for the target."""
        return put_message(sink=sink_of_target(target.pk), kind="alert", payload={"title": "t", **payload})

    def test_a_webhook_gets_signed_json_with_the_message_s_uuid(self) -> None:
        target = self.webhook(secret=signing.new_secret())
        message = self.put(target, value=3)
        self.assertEqual(relay.deliver_due().delivered, 1)
        (request,) = self.there.requests
        self.assertEqual(signing.verify(target.secret, request.headers, request.raw, NOON), str(message.uuid))
        self.assertEqual(
            request.body,
            {
                "id": str(message.uuid),
                "type": "alert",
                "timestamp": NOON.isoformat(),
                "data": {"title": "t", "value": 3},
            },
        )

    def test_a_target_without_a_secret_gets_one_and_nothing_goes_out_unsigned(self) -> None:
        target = self.webhook()
        self.put(target)
        relay.deliver_due()
        target.refresh_from_db()
        (request,) = self.there.requests
        signing.verify(target.secret, request.headers, request.raw, NOON)

    def test_a_second_try_has_the_same_id_and_body_and_a_new_signature(self) -> None:
        self.there.will(Reply(500))
        self.put(self.webhook(secret="s"))
        relay.deliver_due()
        with clock.frozen(NOON + timedelta(seconds=11)):
            self.assertEqual(relay.deliver_due().delivered, 1)
        first, second = self.there.requests
        self.assertEqual((first.raw, first.headers["webhook-id"]), (second.raw, second.headers["webhook-id"]))
        self.assertNotEqual(first.headers["webhook-signature"], second.headers["webhook-signature"])

    def test_answers_other_than_2xx_are_tried_again_and_410_is_the_end(self) -> None:
        target = self.webhook(secret="s")
        for status, state in (
            (302, "pending"),
            (400, "pending"),
            (404, "pending"),
            (503, "pending"),
            (410, "dead"),
        ):
            with self.subTest(status):
                self.there.will(Reply(status, b""))
                message = self.put(target)
                relay.deliver_due()
                message.refresh_from_db()
                self.assertEqual(message.state, state)
                self.assertEqual(DeliveryAttempt.objects.latest("pk").status_code, status)

    def test_retry_after_is_honoured(self) -> None:
        self.there.will(Reply(429, b"", {"Retry-After": "600"}))
        message = self.put(self.webhook(secret="s"))
        relay.deliver_due()
        message.refresh_from_db()
        self.assertEqual(message.available_at, NOON + timedelta(seconds=600))

    def test_a_webhook_to_an_inner_address_is_refused_at_every_try(self) -> None:
        message = self.put(self.webhook(address="https://localhost/hook", secret="s"))
        with mock.patch("socket.create_connection") as dial:
            relay.deliver_due()
        dial.assert_not_called()
        message.refresh_from_db()
        self.assertIn("not public", message.last_error)

    def test_a_target_that_is_gone_or_off_ends_its_messages(self) -> None:
        off = self.webhook(is_enabled=False)
        self.put(off)
        put_message(sink="target:999999", kind="alert", payload={})
        self.assertEqual(relay.deliver_due().given_up, 2)
        self.assertEqual(self.there.connections, 0)

    def test_an_e_mail_says_what_happened_as_text_and_html(self) -> None:
        target = AlertTarget.objects.create(name="ops", kind="email", address="ops@example.org")
        message = self.put(target, title="Revenue fell", facts=[["Value", 3]], link="https://stats.example/m")
        self.assertEqual(relay.deliver_due().delivered, 1)
        (letter,) = mail.outbox
        html = str(letter.alternatives[0][0])
        self.assertEqual((letter.subject, letter.to), ("Revenue fell", ["ops@example.org"]))
        for text in (letter.body, html):
            self.assertIn("https://stats.example/m", text)
        self.assertIn("Value: 3", letter.body)
        self.assertIn(str(message.uuid), letter.extra_headers["Message-ID"])

    def test_hostile_names_stay_text_in_an_e_mail_and_cannot_add_headers(self) -> None:
        target = AlertTarget.objects.create(name="ops", kind="email", address="ops@example.org")
        title = f"{HOSTILE}\r\nBcc: all@example.org"
        self.put(
            target, title=title, text=HOSTILE, facts={HOSTILE: HOSTILE}, link="javascript:alert(1)", x=HOSTILE
        )
        self.assertEqual(relay.deliver_due().delivered, 1)
        (letter,) = mail.outbox
        html = str(letter.alternatives[0][0])
        self.assertNotIn("<script", html)
        self.assertNotIn("<img", html)
        self.assertNotIn("javascript:", html)
        self.assertNotIn("\n", letter.subject)
        self.assertNotIn("\nBcc", letter.message().as_string())

    def test_a_mail_server_that_fails_is_tried_again(self) -> None:
        target = AlertTarget.objects.create(name="ops", kind="email", address="ops@example.org")
        for fault in (
            smtplib.SMTPDataError(451, b"later"),
            ConnectionRefusedError(),
            smtplib.SMTPServerDisconnected(),
        ):
            message = self.put(target)
            with mock.patch("django.core.mail.EmailMultiAlternatives.send", side_effect=fault):
                relay.deliver_due()
            message.refresh_from_db()
            self.assertEqual(message.state, "pending")
            OutboxMessage.objects.all().delete()

    @override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend")
    def test_without_a_mail_server_nothing_is_called_delivered(self) -> None:
        target = AlertTarget.objects.create(name="ops", kind="email", address="ops@example.org")
        message = self.put(target)
        relay.deliver_due()
        message.refresh_from_db()
        self.assertIn("EMAIL_URL", message.last_error)

    def test_what_is_no_address_is_given_up(self) -> None:
        target = AlertTarget.objects.create(name="ops", kind="email", address="nobody")
        self.put(target)
        self.assertEqual(relay.deliver_due().given_up, 1)


class LetterTest(SimpleTestCase):
    def test_any_payload_makes_a_letter(self) -> None:
        payloads: tuple[dict[str, Any], ...] = (
            {},
            {"facts": 3, "text": None, "title": ["x"]},
            {"facts": [[1], [1, None], "ab"]},
            {"a": {}},
        )
        for payload in payloads:
            letter = compose("alert", payload)
            self.assertTrue(letter.title)
            self.assertTrue(letter.as_text() and letter.as_html())


class SummaryTest(TestCase):
    def setUp(self) -> None:
        for name, wants, enabled in (("a", True, True), ("b", False, True), ("c", True, False)):
            AlertTarget.objects.create(
                name=name,
                kind="email",
                address=f"{name}@example.org",
                wants_summary=wants,
                is_enabled=enabled,
            )

    def test_the_summary_of_a_day_is_sent_once_to_those_who_want_it(self) -> None:
        self.assertEqual([queue_summary(date(2026, 5, 4), {"Events": 3}) for _ in range(3)], [1, 0, 0])
        relay.deliver_due()
        self.assertEqual(queue_summary(date(2026, 5, 4), {"Events": 3}), 0)
        (letter,) = mail.outbox
        self.assertEqual(letter.to, ["a@example.org"])
        self.assertIn("Events: 3", letter.body)

    def test_the_next_day_has_its_own(self) -> None:
        queue_summary(date(2026, 5, 4), {})
        self.assertEqual(queue_summary(date(2026, 5, 5), {}), 1)
