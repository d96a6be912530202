"""The live page: what came in the order of commits, each event once, with true counts, under both servers."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator
from typing import Any, cast
from unittest import mock

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import AsyncClient, Client, override_settings

from analytics.dashboard.live import messages
from analytics.dashboard.live import page as live_page
from analytics.dashboard.live.hub import MAX_VIEWERS, Hub
from analytics.dashboard.live.messages import View
from analytics.errors import Unavailable
from analytics.models import UserEvent
from analytics.store import arrivals
from analytics.tests.cast import LakeTestCase, posthog_event, sam_the_staff, send_batch
from analytics.tests.test_people_page import HOSTILE, client_of, grant

PAGE = "/dashboard/live/"
STREAM = f"{PAGE}stream/"


def names_of(found: arrivals.Arrivals | None) -> list[str]:
    """Names of what came, the oldest first."""
    assert found is not None
    return [event.event_name for event in reversed(found.events)]


def messages_of(text: str) -> list[dict[str, Any]]:
    """The bodies of the messages that say what came."""
    return [json.loads(data) for data in re.findall(r"event: arrived\ndata: (.*)\n", text)]


class LateWriter:
    """A transaction in a thread of its own that has written an event and commits when it is told."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._has_written, self._may_commit = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._has_written.wait(10)

    def _run(self) -> None:
        try:
            with transaction.atomic():
                UserEvent.objects.create(event_name=self._name)
                self._has_written.set()
                self._may_commit.wait(10)
        finally:
            connection.close()

    def commit(self) -> None:
        """Let it commit, and wait until it has."""
        self._may_commit.set()
        self._thread.join(10)


class ArrivalsTest(LakeTestCase):
    def test_what_commits_late_comes_late_and_nothing_comes_twice(self) -> None:
        start = arrivals.here()
        late = LateWriter("late")
        send_batch(posthog_event("early"))
        first = arrivals.since(start)
        self.assertEqual(names_of(first), ["early"])
        assert first is not None
        late.commit()
        send_batch(posthog_event("last"))
        second = arrivals.since(first.position)
        self.assertEqual(names_of(second), ["late", "last"])
        assert second is not None
        self.assertEqual(names_of(arrivals.since(second.position)), [])

    def test_what_is_rolled_back_never_comes(self) -> None:
        start = arrivals.here()
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            UserEvent.objects.create(event_name="undone")
            raise ZeroDivisionError
        self.assertEqual(names_of(arrivals.since(start)), [])

    def test_up_to_a_position_nothing_later_comes(self) -> None:
        start = arrivals.here()
        send_batch(posthog_event("a"))
        middle = arrivals.here()
        send_batch(posthog_event("b"))
        self.assertEqual(names_of(arrivals.since(start, upto=middle)), ["a"])
        self.assertEqual(names_of(arrivals.since(middle)), ["b"])

    def test_a_busy_moment_gives_a_sample_of_each_name_and_the_true_counts(self) -> None:
        start = arrivals.here()
        UserEvent.objects.bulk_create(
            [*(UserEvent(event_name="much") for _ in range(900)), UserEvent(event_name="rare")]
        )
        found = arrivals.since(start)
        assert found is not None
        self.assertEqual((found.count, found.by_name), (901, {"much": 900, "rare": 1}))
        self.assertEqual([event.event_name for event in found.events].count("much"), arrivals.OF_EACH_NAME)
        self.assertIn("rare", names_of(found))

    def test_a_text_that_is_no_position_is_none(self) -> None:
        for text in (
            "",
            "x",
            "1:2:",
            "5:2:;1",
            "9:9:1,2;3",
            f"1:1:{'9' * 30};1",
            "1:1:;" + "9" * 30,
            "²:1:;1",
            "1:5:3,2;1",
        ):
            self.assertIsNone(arrivals.since(text), text)


class HubTest(LakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.hub = Hub(every_s=3600)

    def enter(self) -> None:
        self.hub.enter()
        self.addCleanup(self.hub.leave)

    def test_two_viewers_get_every_event_once_wherever_they_begin(self) -> None:
        _, first = self.hub.first("")
        self.enter()
        send_batch(posthog_event("a"))
        start, second = self.hub.first("")
        self.enter()
        self.assertIn("a", names_of(start))
        self.assertEqual([names_of(moment.found) for moment in self.hub.since(first)], [["a"]])
        self.assertEqual(self.hub.since(second), [])
        send_batch(posthog_event("b"))
        self.hub.first("")
        for number in (first + 1, second):
            self.assertEqual([names_of(moment.found) for moment in self.hub.since(number)], [["b"]])

    def test_who_comes_back_goes_on_where_they_stopped(self) -> None:
        start, _ = self.hub.first("")
        send_batch(posthog_event("meanwhile"))
        found, _ = self.hub.first(start.position)
        self.assertEqual((names_of(found), found.count), (["meanwhile"], 1))

    def test_it_is_full_at_some_number(self) -> None:
        for _ in range(MAX_VIEWERS):
            self.enter()
        with self.assertRaises(Unavailable):
            self.hub.first("")

    def test_a_database_that_is_away_is_known_and_forgiven(self) -> None:
        self.hub.first("")
        self.enter()
        with mock.patch("analytics.dashboard.live.hub.arrivals.since", side_effect=[DatabaseError, None]):
            self.hub.first("")
            self.assertTrue(self.hub.is_troubled)
        self.hub.first("")
        self.assertFalse(self.hub.is_troubled)


class MessageTest(LakeTestCase):
    def test_a_message_is_one_line_of_json_whatever_the_event_holds(self) -> None:
        start = arrivals.here()
        send_batch(posthog_event(f"{HOSTILE}\n\nevent: arrived\ndata: {{}}", "ann\r\nid: 7"))
        found = arrivals.since(start)
        assert found is not None
        text = messages.arrived(found, View(shows_who=True)).decode()
        self.assertEqual(text.count("\n"), 4)
        self.assertNotIn("\r", text)
        self.assertEqual(len(messages_of(text)), 1)

    def test_a_filter_by_name_counts_what_it_shows(self) -> None:
        start = arrivals.here()
        send_batch(*(posthog_event("Paid") for _ in range(15)), posthog_event("viewed"))
        found = arrivals.since(start)
        assert found is not None
        body = messages_of(messages.arrived(found, View("paid")).decode())[0]
        self.assertEqual(
            (body["count"], len(body["events"]), body["isSample"]), (15, arrivals.OF_EACH_NAME, True)
        )


class PollingTest(LakeTestCase):
    """Under WSGI: each answer ends at once."""

    def setUp(self) -> None:
        super().setUp()
        self.sam = sam_the_staff()
        self.client = client_of(grant(self.sam, "view_userevent"))

    def test_it_shows_what_there_is_and_then_only_what_came(self) -> None:
        send_batch(posthog_event("old"))
        first = self.client.get(STREAM)
        self.assertEqual((first["Content-Type"], first["X-Accel-Buffering"]), ("text/event-stream", "no"))
        text = first.content.decode()
        self.assertTrue(text.startswith("retry: "))
        self.assertTrue(messages_of(text)[0]["isFirst"])
        position = re.findall(r"^id: (.*)$", text, re.M)[-1]
        send_batch(posthog_event("new"))
        for sent in ({"headers": {"Last-Event-ID": position}}, {"data": {"after": position}}):
            body = messages_of(self.client.get(STREAM, **sent).content.decode())[0]
            self.assertEqual(([event["name"] for event in body["events"]], body["count"]), (["new"], 1))

    def test_who_did_it_is_for_those_who_may_view_events(self) -> None:
        send_batch(posthog_event("paid", "ann", properties={"$current_url": "https://a.b/secret/page"}))
        self.assertIn('"ann"', self.client.get(STREAM).content.decode())
        plain = client_of(User.objects.create_user("pat", is_staff=True))
        text = plain.get(STREAM).content.decode()
        self.assertIn("paid", text)
        for hidden in ("ann", "secret"):
            self.assertNotIn(hidden, text)
        self.assertNotIn("Who</th>", plain.get(PAGE).content.decode())

    def test_only_staff_may_listen(self) -> None:
        self.assertEqual(Client().get(STREAM).status_code, 302)
        self.assertEqual(Client().get(PAGE).status_code, 302)

    def test_hostile_parameters_never_break_it(self) -> None:
        for query in ("after=zzz", "after=%00", "event=%00", "event=" + "x" * 5000, "after=5:2:;1"):
            self.assertEqual(self.client.get(f"{STREAM}?{query}").status_code, 200, query)
        page = self.client.get(PAGE, {"event": f'">{HOSTILE}'}).content.decode()
        self.assertNotIn("<script>alert", page)

    def test_a_database_that_is_away_is_told_in_the_stream(self) -> None:
        with mock.patch("analytics.dashboard.live.page.arrivals.since", side_effect=DatabaseError):
            answer = self.client.get(STREAM)
        self.assertContains(answer, "event: trouble")


class StreamTest(LakeTestCase):
    """Under ASGI: the stream lasts."""

    def setUp(self) -> None:
        super().setUp()
        self.hub = Hub(every_s=0.01)
        self.enterContext(mock.patch.object(live_page, "hub", self.hub))
        self.enterContext(mock.patch.object(live_page, "_LOOK_S", 0.01))
        self.root = User.objects.create_superuser("root", password="root-password-1")

    async def open(self, **query: str) -> AsyncIterator[bytes]:
        client = AsyncClient()
        with override_settings(ANALYTICS_ENABLED=False):
            await client.aforce_login(self.root)
        answer = await client.get(STREAM, query)
        self.assertEqual(answer.status_code, 200)
        return cast(AsyncIterator[bytes], answer.streaming_content)

    async def test_an_event_appears_while_the_stream_is_open_and_leaving_ends_the_reading(self) -> None:
        stream = await self.open()
        self.assertIn(b"retry: ", await anext(stream))
        await sync_to_async(send_batch)(posthog_event("just now"))
        body = messages_of((await anext(stream)).decode())[0]
        self.assertEqual(([event["name"] for event in body["events"]], body["count"]), (["just now"], 1))
        with self.assertRaises(TimeoutError):  # the server cancels the stream of a browser that has gone
            async with asyncio.timeout(0.05):
                await anext(stream)
        self.assertEqual(self.hub._viewers, 0)

    async def test_it_ends_by_itself_so_that_rights_are_asked_again(self) -> None:
        chunks = live_page.follow(self.hub, b"first", 0, View(), life_s=0)
        self.assertEqual([chunk async for chunk in chunks], [messages.hello(1000) + b"first"])
        self.assertEqual(self.hub._viewers, 0)

    async def test_a_viewer_too_many_is_told_to_come_later(self) -> None:
        client = AsyncClient()
        with override_settings(ANALYTICS_ENABLED=False):
            await client.aforce_login(self.root)
        with mock.patch.object(self.hub, "_viewers", MAX_VIEWERS):
            answer = await client.get(STREAM)
        self.assertEqual((answer.status_code, answer["Retry-After"]), (503, "15"))
