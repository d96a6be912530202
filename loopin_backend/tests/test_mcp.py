"""The MCP server driven by the SDK's own client, over HTTP on a live server and over stdio, as everybody."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ClassVar
from unittest import TestCase
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from analytics.api.operation import Operation
from analytics.mcp.tools import tools
from loopin_backend import env
from loopin_backend.tests.live import LiveServer
from loopin_backend.tests.people import call, make_person

API = "/api/analytics"
DAYS = {"date_from": "2026-05-04", "date_to": "2026-05-07"}
#: Arguments of every tool; `{person}` becomes the id of one.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "query_trends": {**DAYS, "series": [{"event": "view", "measure": "persons"}], "interval": "day"},
    "query_funnel": {**DAYS, "steps": [{"event": "view"}, {"event": "paid"}], "window_seconds": 86_400},
    "funnel_persons": {
        **DAYS,
        "steps": [{"event": "view"}, {"event": "paid"}],
        "window_seconds": 86_400,
        "step": 1,
    },
    "query_retention": {**DAYS, "start_event": "view", "periods": 3},
    "query_paths": {**DAYS, "within": "person"},
    "query_lifecycle": DAYS,
    "query_stickiness": DAYS,
    "query_sessions": {**DAYS, "filters": {"property": "plan", "value": "pro"}},
    "ask": {"question": "How many users view from 2026-05-04 to 2026-05-06 by plan?"},
    "get_overview": {"days": 7},
    "list_persons": {"limit": 2},
    "get_person": {"id": "{person}"},
    "list_person_events": {"id": "{person}", "limit": 1},
    "list_cohorts": {},
    "list_properties": {"event": "view"},
    "list_property_values": {"name": "plan"},
    "list_insights": {"limit": 5},
    "list_models": {},
    "list_metrics": {},
    "list_alerts": {},
    "get_metric": {"name": "daily_active_users"},
    "explain_metric": {"name": "daily_active_users"},
    "detect_anomalies": {"metric_name": "daily_active_users"},
    "get_cohort": {"id": 999_999},
}
_INSTANT = re.compile(r"datetime\([^)]*\)")
#: What differs from one call to the next: how long it took, and how fresh it is.
PASSING = frozenset({"duration_ms", "fresh_to"})
MODES = ("auto", "legacy")


@asynccontextmanager
async def over_http(server: LiveServer, token: str, mode: str) -> AsyncIterator[Client]:
    """A client of `/mcp` with this token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{server.url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


@asynccontextmanager
async def over_stdio(server: LiveServer, username: str, mode: str) -> AsyncIterator[Client]:
    """A client of a process of its own, which acts as this user."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["manage.py", "mcp", "--user", username],
        cwd=env.PROJECT_ROOT,
        env=server._environment(),
    )
    async with Client(command, mode=mode) as client:
        yield client


def lasting(answer: Any) -> Any:
    """An answer without what differs from one call to the next."""
    if isinstance(answer, dict):
        return {name: lasting(value) for name, value in answer.items() if name not in PASSING}
    if isinstance(answer, str):  # the SQL of a proof shows the minute up to which it asked
        return _INSTANT.sub("then", answer)
    return [lasting(value) for value in answer] if isinstance(answer, list) else answer


@pytest.mark.slow
class McpTest(TestCase):
    server: ClassVar[LiveServer]
    tokens: ClassVar[dict[str, str]]
    person: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(LiveServer())
        cls.tokens = {
            "sam": make_person(cls.server, "sam", is_staff=True),
            "ann": make_person(cls.server, "ann", is_analyst=True),
            "alice": make_person(cls.server, "alice"),
        }
        batch = [
            {"event": name, "distinct_id": who, "timestamp": f"2026-05-0{day}T08:00:00Z", "properties": {"plan": plan}}
            for who, day, name, plan in (
                ("u1", 4, "view", "pro"), ("u1", 5, "paid", "pro"), ("u2", 4, "view", "free"), ("u3", 6, "view", "pro"),
            )
        ]  # fmt: skip
        call(cls.server, "POST", "/batch/", {"api_key": cls.server.make_key("shop"), "batch": batch})
        found = call(cls.server, "GET", f"{API}/persons?search=u1", token=cls.tokens["sam"])
        cls.person = found["persons"][0]["id"]

    def run_with(self, opened: Callable[[], Any], act: Callable[[Client], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with opened() as client:
                return await act(client)

        return anyio.run(run)

    def over_http(self, name: str, mode: str = "auto") -> Callable[[], Any]:
        return partial(over_http, self.server, self.tokens[name], mode)

    def over_stdio(self, name: str, mode: str = "auto") -> Callable[[], Any]:
        return partial(over_stdio, self.server, name, mode)

    def arguments(self, name: str) -> dict[str, Any]:
        return {key: self.person if value == "{person}" else value for key, value in ARGUMENTS[name].items()}

    def over_api(self, name: str, token: str) -> tuple[bool, Any]:
        """Whether the API refuses the same, and what it answers."""
        operation: Operation = tools()[name].operation
        given = self.arguments(name)
        path = operation.path.format(**given)
        in_path = {key for key in given if f"{{{key}}}" in operation.path}
        body = given if operation.body is not None else None
        query = "" if body is not None else urlencode({k: v for k, v in given.items() if k not in in_path})
        try:
            return False, call(self.server, operation.method, f"{path}?{query}".rstrip("?"), body, token)
        except HTTPError as error:
            return True, json.load(error)

    def test_every_tool_is_called_here(self) -> None:
        self.assertEqual(set(ARGUMENTS), set(tools()))

    def check_all(self, opened: Callable[[], Any], name: str) -> None:
        """Every tool answers, or refuses, as the API does."""

        async def call_all(client: Client) -> dict[str, Any]:
            return {tool: await client.call_tool(tool, self.arguments(tool)) for tool in ARGUMENTS}

        for tool, found in self.run_with(opened, call_all).items():
            with self.subTest(caller=name, tool=tool):
                is_refused, answer = self.over_api(tool, self.tokens[name])
                self.assertEqual(found.is_error, is_refused, found.content)
                shown = json.loads(found.content[0].text)
                self.assertEqual(lasting(shown), lasting(answer))
                if not is_refused:
                    self.assertEqual(found.structured_content, shown)

    def test_over_http_every_tool_answers_everybody_as_the_api_does(self) -> None:
        for name in self.tokens:
            self.check_all(self.over_http(name), name)

    def test_over_stdio_every_tool_answers_as_the_api_does(self) -> None:
        for name in ("ann", "alice"):
            self.check_all(self.over_stdio(name), name)

    def test_clients_of_either_revision_are_served(self) -> None:
        for mode in MODES:
            for opened in (self.over_http("ann", mode), self.over_stdio("ann", mode)):
                found = self.run_with(opened, lambda client: client.list_tools())
                self.assertIn("query_trends", {tool.name for tool in found.tools})
                read = self.run_with(opened, lambda client: client.read_resource("loopin://events"))
                self.assertIn({"event": "view", "count": 3}, json.loads(read.contents[0].text))

    def test_everybody_sees_what_they_may_call_and_nobody_sees_what_writes(self) -> None:
        listed = {
            name: {
                tool.name
                for tool in self.run_with(self.over_http(name), lambda client: client.list_tools()).tools
            }
            for name in self.tokens
        }
        self.assertEqual(listed["sam"] - listed["ann"], {"funnel_persons"})  # single people are for staff
        self.assertNotIn("query_trends", listed["alice"])
        self.assertIn("get_overview", listed["alice"])
        for names in listed.values():
            self.assertFalse(names & {"judge_insight", "merge_persons", "erase_person"})

    def test_nobody_gets_in_without_a_token(self) -> None:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer a.b.c"}, 401),
            ({"Authorization": f"Bearer {self.server.make_key('door')}"}, 403),
            ({"Authorization": f"Bearer {self.tokens['sam']}", "Host": "evil.example"}, 421),
            ({"Authorization": f"Bearer {self.tokens['sam']}", "Origin": "https://evil.example"}, 403),
        ):
            with self.subTest(headers), self.assertRaises(HTTPError) as caught:
                sent = {
                    "Content-Type": "application/json",
                    "Accept": "application/json, text/event-stream",
                    **headers,
                }
                urlopen(Request(f"{self.server.url}/mcp", b"{}", sent), timeout=30)  # noqa: S310  (ours)
            self.assertEqual(caught.exception.code, status)
            caught.exception.close()

    def test_whoever_is_disabled_meanwhile_is_out(self) -> None:
        async def call_twice(client: Client) -> tuple[bool, str]:
            before = await client.call_tool("list_models", {})
            self.server.query("UPDATE auth_user SET is_active = false WHERE username = 'ann' RETURNING id")
            try:
                await client.call_tool("list_models", {})
            except Exception as error:
                return before.is_error, str(error)
            return before.is_error, ""

        try:
            for opened in (self.over_http("ann"), self.over_stdio("ann")):
                is_error, refusal = self.run_with(opened, call_twice)
                self.assertFalse(is_error)
                self.assertTrue(refusal)
                self.server.query("UPDATE auth_user SET is_active = true WHERE username = 'ann' RETURNING id")
        finally:
            self.server.query("UPDATE auth_user SET is_active = true WHERE username = 'ann' RETURNING id")

    def test_stdio_wants_a_user_that_exists(self) -> None:
        with self.assertRaisesRegex(AssertionError, "there is no active user 'nobody'"):
            self.server._manage("mcp", "--user", "nobody")
