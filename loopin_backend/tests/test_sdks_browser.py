"""The newest browser SDKs of PostHog and Segment in a real Chromium, on a page of another origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4, uuid5

import pytest
from django.test import tag
from playwright.sync_api import Browser

from analytics.ingestion.dialects.segment import MESSAGE_IDS
from loopin_backend.tests.browser import Shop, Visit, launch, need_chromium, quit_browser
from loopin_backend.tests.node_packages import install
from loopin_backend.tests.sdk_case import EVENTS, RECOVERY_TIMEOUT_S, SdkCase
from loopin_backend.tests.waiting import eventually

SDKS = {
    "posthog.js": "posthog-js/dist/module.js",
    "segment.js": "@segment/analytics-next/dist/umd/index.js",
}


class BrowserCase(SdkCase):
    browser: ClassVar[Browser]
    shop: ClassVar[Shop]

    @classmethod
    def setUpClass(cls) -> None:
        chromium = need_chromium()
        packages: Path = install() / "node_modules"
        super().setUpClass()
        cls.shop = Shop({name: packages / source for name, source in SDKS.items()})
        cls.addClassCleanup(cls.shop.close)
        driver, cls.browser = launch(chromium)
        cls.addClassCleanup(quit_browser, driver, cls.browser)

    def visit(self) -> Visit:
        visit = Visit(self.browser, self.shop)
        self.addCleanup(visit.context.close)
        return visit

    def assert_quiet(self, visit: Visit) -> None:
        """No complaint on the console, and nobody asked but the shop and the server."""
        visit.settle()
        self.assertEqual(visit.complaints, [])
        self.assertEqual(visit.hosts, {urlsplit(url).netloc for url in (self.shop.origin, self.server.url)})

    def stored_named(self, name: str) -> list[UUID]:
        rows = self.server.query(
            "SELECT uuid FROM analytics_userevent WHERE ingest_key = %s AND event_name = %s", self.label, name
        )
        return [row[0] for row in rows]


@pytest.mark.slow
@tag("slow")
class PosthogJsTest(BrowserCase):
    """posthog-js, its module build."""

    def open(self, **options: Any) -> Visit:
        visit = self.visit()
        visit.call("shop.openPosthog", self.server.url, self.token, options)
        return visit

    def assert_thousand_stored_once(self, content_type: str, **options: Any) -> None:
        visit = self.open(autocapture=False, capture_pageview=False, capture_pageleave=False, **options)
        uuids = [UUID(given) for given in visit.call("shop.capture", EVENTS)]
        self.wait_for(EVENTS)
        self.assert_stored_once(uuids)
        self.assert_quiet(visit)
        kinds = {headers.get("content-type") for method, path, headers in visit.sent if path == "/e/"}
        self.assertEqual(kinds, {content_type})
        config = f"GET /array/{self.token}/config"
        allowed = {"POST /e 200", "OPTIONS /e 200", f"{config} 200", f"{config}.js 200"}
        self.assert_only_called(allowed | {"POST /flags 200", "OPTIONS /flags 200"})

    def test_a_thousand_compressed_events_are_stored_once(self) -> None:
        self.assert_thousand_stored_once("text/plain")

    def test_a_thousand_plain_events_are_stored_once(self) -> None:
        self.assert_thousand_stored_once("application/json", disable_compression=True)

    def test_a_visit_is_captured_by_itself_and_identify_adopts_it(self) -> None:
        visit = self.open()
        device = visit.call("posthog.get_distinct_id")
        visit.page.click("#buy")
        who = f"eve-{uuid4()}"
        visit.call("posthog.identify", who, {"plan": "paid"})
        self.wait_for(3)
        visit.leave()
        self.wait_for(4)
        self.assert_quiet(visit)
        for name in ("$pageview", "$autocapture", "$identify", "$pageleave"):
            self.assertEqual(len(self.stored_named(name)), 1, name)
        click, view = self.events("$autocapture")[0], self.events("$pageview")[0]
        self.assertEqual(click["metadata"]["$el_text"], "Buy now")
        self.assertEqual(view["page_url"], f"{self.shop.origin}/index.html")
        self.assertEqual({view["distinct_id"], click["distinct_id"]}, {device})
        person = self.person(who)
        self.assertEqual((person["id"], person["properties"]["plan"]), (self.person(device)["id"], "paid"))
        self.assertTrue(person["is_identified"])

    def test_events_of_a_page_outlive_a_server_killed_in_mid_visit(self) -> None:
        visit = self.open(autocapture=False, capture_pageview=False, capture_pageleave=False)
        half = EVENTS // 2
        uuids = visit.call("shop.capture", half)
        self.wait_for(half)
        self.server.kill()
        uuids += visit.call("shop.capture", half)
        with visit.page.expect_event("requestfailed"):
            pass
        self.server.boot()
        self.wait_for(EVENTS, within_s=RECOVERY_TIMEOUT_S)
        self.assert_stored_once(map(UUID, uuids), duplicates=True)


@pytest.mark.slow
@tag("slow")
class SegmentJsTest(BrowserCase):
    """@segment/analytics-next, the browser's."""

    def open(self) -> Visit:
        visit = self.visit()
        visit.page.add_script_tag(url=f"{self.shop.origin}/segment.js")
        visit.call("shop.openSegment", self.server.url, self.token)
        return visit

    def test_a_thousand_messages_are_stored_once(self) -> None:
        visit = self.open()
        made = visit.call("shop.track", EVENTS)
        self.wait_for(EVENTS)
        self.assert_stored_once(uuid5(MESSAGE_IDS, message_id) for message_id in made)
        self.assert_quiet(visit)
        settings = f"GET /v1/projects/{self.token}/settings 200"
        self.assert_only_called({"POST /v1/t 200", "OPTIONS /v1/t 200", settings})

    def test_every_kind_of_message_takes_effect(self) -> None:
        visit = self.open()
        who, group = f"gus-{uuid4()}", f"acme-{uuid4()}"
        visit.call("analytics.page", "Start")
        visit.call("analytics.identify", who, {"plan": "paid"})
        visit.call("analytics.group", group, {"seats": 5})
        eventually(lambda: self.server.count_stored(self.label) == 3, "page, identify and group are stored")
        self.assert_quiet(visit)
        view, person = self.events("$pageview")[0], self.person(who)
        self.assertEqual(view["page_url"], f"{self.shop.origin}/index.html")
        self.assertEqual(self.person(view["distinct_id"])["id"], person["id"])
        self.assertEqual((person["properties"], person["is_identified"]), ({"plan": "paid"}, True))
        self.assertEqual(self.group("group", group), {"seats": 5})
        self.assertEqual(self.server.ledger(self.label), {"stored": 3})
