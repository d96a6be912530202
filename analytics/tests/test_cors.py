"""Which pages of other origins may read: the API by allow-list, and anybody may send events."""

from __future__ import annotations

from django.test import override_settings

from analytics.tests.cast import TOKEN, posthog_event
from analytics.tests.servers import API, ServersTestCase

PAGE = "https://app.example.org"
STRANGER = "https://app.example.org.evil.example"


@override_settings(ANALYTICS_CORS_ALLOWED_ORIGINS=(PAGE,))
class CorsTest(ServersTestCase):
    def test_a_page_of_the_list_may_read_with_a_token_and_without_cookies(self) -> None:
        for call in self.servers():
            asked = {
                "Origin": PAGE,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            }
            may = call("OPTIONS", f"{API}/persons", headers=asked)
            self.assertEqual((may.status, may.content), (204, b""))
            self.assertEqual(may.headers["access-control-allow-origin"], PAGE)
            self.assertIn("GET", may.headers["access-control-allow-methods"])
            self.assertIn("Authorization", may.headers["access-control-allow-headers"])
            self.assertNotIn("access-control-allow-credentials", may.headers)
            read = call("GET", f"{API}/persons", user=self.alice, headers={"Origin": PAGE})
            self.assertEqual(read.status, 200)
            self.assertEqual(read.headers["access-control-allow-origin"], PAGE)
            self.assertIn("ETag", read.headers["access-control-expose-headers"])
            self.assertIn("Origin", read.headers["vary"])

    def test_an_error_can_be_read_as_well(self) -> None:
        for call in self.servers():
            for path, status in (("persons", 401), ("overview?days=x", 401), ("health", 200)):
                found = call("GET", f"{API}/{path}", headers={"Origin": PAGE})
                self.assertEqual(found.status, status)
                self.assertEqual(found.headers["access-control-allow-origin"], PAGE)
            invalid = call("POST", "/api/auth/token", b"{", headers={"Origin": PAGE})
            self.assertEqual((invalid.status, invalid.headers["access-control-allow-origin"]), (422, PAGE))

    def test_any_other_page_may_not(self) -> None:
        for call in self.servers():
            for origin in (STRANGER, "http://app.example.org", "null", "https://APP.example.org"):
                asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
                for found in (
                    call("OPTIONS", f"{API}/persons", headers=asked),
                    call("GET", f"{API}/persons", user=self.alice, headers={"Origin": origin}),
                ):
                    self.assertFalse([name for name in found.headers if name.startswith("access-control")])
                    self.assertIn("Origin", found.headers["vary"])

    def test_programs_notice_nothing(self) -> None:
        for call in self.servers():
            found = call("GET", f"{API}/persons", user=self.alice)
            self.assertFalse([name for name in found.headers if name.startswith("access-control")])

    def test_any_page_may_send_events(self) -> None:
        for call in self.servers():
            body = {"api_key": TOKEN, "batch": [posthog_event()]}
            sent = call("POST", "/batch/", body, headers={"Origin": STRANGER})
            self.assertEqual((sent.status, sent.headers["access-control-allow-origin"]), (200, "*"))
            self.assertNotIn("access-control-allow-credentials", sent.headers)
