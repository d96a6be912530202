"""The MCP server in the process: which operations are tools, for whom, how they answer, and who reaches `/mcp`."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
from django.contrib.auth.models import User
from django.test import SimpleTestCase, override_settings
from mcp import Client
from mcp.shared.exceptions import MCPError

from analytics import clock
from analytics.api.auth import Caller
from analytics.api.operations import OPERATIONS
from analytics.mcp.calls import in_thread
from analytics.mcp.server import Context, build
from analytics.mcp.tools import READING_POSTS, WRITING, tools
from analytics.models import AIInsight, Person
from analytics.models.choices import InsightStatus, InsightType
from analytics.reports import cancellation
from analytics.tests.cast import TOKEN
from analytics.tests.servers import API, ServersTestCase
from analytics.tests.test_query_api import make_analyst, send_stream

NOW = datetime(2026, 5, 7, 10, tzinfo=UTC)
DAYS = {"date_from": "2026-05-04", "date_to": "2026-05-07"}
WRITES = override_settings(ANALYTICS_MCP_WRITES=True)
INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip


class ToolsTest(SimpleTestCase):
    def test_tools_are_the_reading_operations_of_their_subjects(self) -> None:
        self.assertEqual(
            set(tools()),
            {
                "query_trends", "query_funnel", "query_retention", "query_paths", "query_lifecycle", "query_stickiness",
                "query_sessions", "funnel_persons", "ask", "get_overview", "list_persons", "get_person",
                "list_person_events",
                "list_cohorts", "get_cohort", "list_properties", "list_property_values", "list_insights",
                "detect_anomalies", "list_models", "list_metrics", "get_metric", "explain_metric", "list_alerts",
            },
        )  # fmt: skip

    def test_nothing_that_changes_something_is_a_tool(self) -> None:
        methods = {operation.name: operation.method for operation in OPERATIONS}
        for name in tools():
            self.assertTrue(
                methods[name] == "GET" or name in READING_POSTS or name.startswith("query_"), name
            )

    def test_writing_tools_are_there_with_the_setting_alone(self) -> None:
        with WRITES:
            self.assertEqual(set(tools()) - WRITING, set(tools()) - {"judge_insight", "merge_persons"})
            self.assertLessEqual(WRITING, set(tools()))
            self.assertFalse(tools()["merge_persons"].described.annotations.read_only_hint)
        self.assertFalse(WRITING & set(tools()))

    def test_a_tool_says_what_its_operation_says(self) -> None:
        with WRITES:
            for name, tool in tools().items():
                with self.subTest(name):
                    told = tool.described
                    self.assertTrue(told.description)
                    self.assertEqual(told.title, tool.operation.summary)
                    fields = {
                        field
                        for shape in (tool.operation.query, tool.operation.body)
                        if shape is not None
                        for field in shape.model_fields
                    }
                    self.assertEqual(set(told.input_schema["properties"]), fields)
                    self.assertEqual((told.output_schema or {}).get("type"), "object")


class McpTestCase(ServersTestCase):
    """A client of the SDK on the server itself, as somebody."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = User.objects.create_user("ann", password="ann-password-1")
        make_analyst(self.ann)
        self.enterContext(clock.frozen(NOW))

    def run_as(self, user: User, act: Callable[[Client], Awaitable[Any]]) -> Any:
        async def who_asks(_: Context) -> Caller:
            return Caller(user=user)

        async def run() -> Any:
            async with Client(build(who_asks)) as client:
                try:
                    return await act(client)
                except MCPError as error:  # outside it would be in a group of errors
                    return error

        return anyio.run(run)

    def call(self, user: User, name: str, **arguments: Any) -> Any:
        return self.run_as(user, lambda client: client.call_tool(name, arguments))

    def names(self, user: User) -> set[str]:
        found = self.run_as(user, lambda client: client.list_tools())
        return {tool.name for tool in found.tools}


class CallTest(McpTestCase):
    def test_everybody_sees_the_tools_that_they_may_call(self) -> None:
        own = {"get_overview", "list_persons", "get_person", "list_person_events", "list_insights"}
        self.assertEqual(self.names(self.alice), own)
        self.assertEqual(self.names(self.sam) - self.names(self.ann), {"funnel_persons"})
        with WRITES:
            self.assertEqual(self.names(self.sam) - self.names(self.ann), WRITING | {"funnel_persons"})

    def test_a_tool_that_is_not_for_the_caller_says_so(self) -> None:
        found = self.call(self.alice, "query_sessions", **DAYS)
        self.assertTrue(found.is_error)
        self.assertEqual(json.loads(found.content[0].text)["code"], "analysts_only")

    def test_a_user_sees_only_their_own_persons(self) -> None:
        send_stream()
        self.assertEqual(len(self.call(self.sam, "list_persons").structured_content["persons"]), 3)
        self.assertEqual(self.call(self.alice, "list_persons").structured_content["persons"], [])

    def test_arguments_that_do_not_fit_are_told(self) -> None:
        for arguments in ({}, {**DAYS, "unknown": 1}, {"date_from": "then", "date_to": "2026-05-07"}):
            found = self.call(self.ann, "query_sessions", **arguments)
            self.assertTrue(found.is_error)
            self.assertEqual(json.loads(found.content[0].text)["code"], "invalid_input")
        found = self.call(self.ann, "list_models", anything=1)
        self.assertTrue(found.is_error)

    def test_a_question_that_cannot_be_asked_is_told(self) -> None:
        found = self.call(self.ann, "query_sessions", date_from="2026-05-07", date_to="2026-05-04")
        self.assertEqual(json.loads(found.content[0].text)["code"], "bad_range")

    def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(self) -> None:
        for name in (
            "erase_person",
            "judge_insight",
            "generate_insights",
            "make_cohort",
            "export_events",
            "nonsense",
        ):
            with self.subTest(name):
                self.assertIn("there is no tool", str(self.call(self.sam, name)))

    def test_calls_count_against_the_callers_limit(self) -> None:
        with override_settings(ANALYTICS_RATE_LIMIT_PER_MINUTE=2):
            codes = [self.call(self.ann, "list_models").is_error for _ in range(3)]
        self.assertEqual(codes, [False, False, True])

    def test_a_fault_inside_is_not_shown(self) -> None:
        with self.assertLogs("analytics.mcp", "ERROR"), override_settings(ANALYTICS_TIME_ZONE="No/Where"):
            found = self.call(self.ann, "query_sessions", **DAYS)
        self.assertEqual(json.loads(found.content[0].text)["code"], "internal_error")
        self.assertNotIn("Where", found.content[0].text)

    def test_a_call_that_is_called_off_stops_its_query(self) -> None:
        stopped = threading.Event()

        def query() -> None:
            is_cancelled = cancellation.current()
            while not is_cancelled() and not stopped.wait(0.01):
                continue
            stopped.set()

        async def run() -> None:
            with anyio.move_on_after(0.05):
                await in_thread(query)

        anyio.run(run)
        self.assertTrue(stopped.wait(5))

    def test_names_of_events_can_be_read(self) -> None:
        send_stream()
        found = self.run_as(self.ann, lambda client: client.read_resource("loopin://events"))
        self.assertEqual(json.loads(found.contents[0].text)[0], {"event": "view", "count": 5})
        found = self.run_as(self.ann, lambda client: client.list_resources())
        self.assertEqual([one.name for one in found.resources], ["events", "questions"])
        self.assertEqual(self.run_as(self.alice, lambda client: client.list_resources()).resources, [])
        found = self.run_as(self.alice, lambda client: client.read_resource("loopin://events"))
        self.assertIn("analysts_only", str(found))
        found = self.run_as(self.ann, lambda client: client.read_resource("loopin://secrets"))
        self.assertIn("no such resource", str(found))


@WRITES
class WritingTest(McpTestCase):
    def test_staff_may_give_a_verdict(self) -> None:
        insight = AIInsight.objects.create(
            insight_type=InsightType.values[0],
            title="Fewer logins",
            description="Fewer than before.",
            confidence_score=0.9,
        )
        refused = self.call(self.ann, "judge_insight", uuid=str(insight.uuid), status="validated")
        self.assertTrue(refused.is_error)
        found = self.call(
            self.sam,
            "judge_insight",
            uuid=str(insight.uuid),
            status="validated",
            validation_notes="It was so.",
        )
        self.assertFalse(found.is_error, found.content)
        insight.refresh_from_db()
        self.assertEqual(insight.status, InsightStatus.VALIDATED)

    def test_staff_may_join_persons(self) -> None:
        send_stream()
        first, second = Person.objects.order_by("pk").values_list("uuid", flat=True)[:2]
        asked = {"target": str(first), "sources": [str(second)]}
        self.assertTrue(self.call(self.ann, "merge_persons", **asked).is_error)
        found = self.call(self.sam, "merge_persons", **asked)
        self.assertEqual(found.structured_content["persons"], 2)
        self.assertEqual(Person.objects.filter(merged_into=None).count(), 2)


class DoorTest(ServersTestCase):
    """Who reaches the protocol at all; whoever is refused is refused before it."""

    def post(self, user: User | None = None, **headers: str) -> Any:
        sent = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        return self.fast("POST", "/mcp", INITIALIZE, user, headers=sent)

    def test_without_a_token_it_is_401(self) -> None:
        found = self.post()
        self.assertEqual((found.status, found.body["code"]), (401, "not_authenticated"))
        self.assertEqual(found.headers["www-authenticate"], "Bearer")
        self.assertEqual(self.post(Authorization="Bearer a.b.c").status, 401)

    def test_an_ingest_key_may_only_send_events(self) -> None:
        self.assertEqual(self.post(Authorization=f"Bearer {TOKEN}").status, 403)

    def test_other_hosts_and_origins_are_refused(self) -> None:
        for hosts in (["stats.example"], [".example.org"], ["server"], []):
            with self.subTest(hosts), override_settings(ALLOWED_HOSTS=hosts):
                self.assertEqual(self.post(self.sam).status, 421)
        self.assertEqual(self.post(self.sam, Origin="https://evil.example").status, 403)
        with override_settings(ANALYTICS_CORS_ALLOWED_ORIGINS=("https://inspector.example",)):
            self.assertEqual(self.post(Origin="https://inspector.example").status, 401)
        self.assertEqual(self.post(Origin="http://testserver").status, 401)

    def test_there_is_no_stream_to_open_and_no_session_to_end(self) -> None:
        for method in ("GET", "DELETE"):
            found = self.fast(method, "/mcp", user=self.sam)
            self.assertEqual((found.status, found.headers["allow"]), (405, "POST"))

    def test_django_alone_has_no_such_page(self) -> None:
        self.assertEqual(
            self.client.post("/mcp", INITIALIZE, content_type="application/json").status_code, 404
        )

    def test_what_is_not_in_the_description_is_not_in_the_api(self) -> None:
        self.assertEqual(self.fast("POST", f"{API}/mcp", INITIALIZE, self.sam).status, 404)
