"""The API on both servers from one case table; the specification's own example stands first, under its name."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.test import TestCase, TransactionTestCase
from django.urls import get_resolver
from rest_framework import status
from rest_framework.test import APIClient

from analytics.api.fast.app import build_asgi
from analytics.api.operations import OPERATIONS
from analytics.models import UserEvent
from analytics.tests.cast import LABEL, TOKEN, alice, make_key, posthog_event, sam_the_staff, send_batch


class AnalyticsAPITest(TestCase):
    def setUp(self) -> None:
        self.user = User.objects.create_user(
            username="testuser", email="test@example.com", password="testpass123"
        )
        self.client = APIClient()
        self.client.force_authenticate(user=self.user)

    def test_analytics_overview(self) -> None:
        response = self.client.get("/api/analytics/overview")

        self.assertEqual(response.status_code, status.HTTP_200_OK)
        self.assertIn("total_events", response.data)
        self.assertIn("total_users", response.data)
        self.assertIn("active_users_today", response.data)


class Reply:
    """An answer, alike for both servers."""

    def __init__(self, status_code: int, body: Any) -> None:
        self.status = status_code
        self.body = body


Call = Callable[..., Reply]


def rest_call(method: str, path: str, body: Any = None, token: str = "") -> Reply:
    """Through Django REST."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    call = getattr(APIClient(), method.lower())
    response = call(path, body, format="json", headers=headers) if body else call(path, headers=headers)
    return Reply(response.status_code, json.loads(response.content))


async def asgi_call(app: Any, method: str, path: str, body: Any, token: str) -> Reply:
    """Through the ASGI application, as a server would call it."""
    route, _, query = path.partition("?")
    headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": route,
        "raw_path": route.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1234),
        "server": ("testserver", 80),
    }
    communicator = ApplicationCommunicator(app, scope)
    content = json.dumps(body).encode() if body is not None else b""
    await communicator.send_input({"type": "http.request", "body": content})
    start = await communicator.receive_output(timeout=20)
    parts = []
    while True:
        message = await communicator.receive_output(timeout=20)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    await communicator.wait()
    return Reply(start["status"], json.loads(b"".join(parts)))


class BothServersCase(TransactionTestCase):
    """Each case runs on Django REST and on FastAPI and must give the same answer."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.app = build_asgi(get_asgi_application())

    def setUp(self) -> None:
        make_key()
        self.alice, self.sam = alice(), sam_the_staff()

    def fast_call(self, method: str, path: str, body: Any = None, token: str = "") -> Reply:
        return async_to_sync(asgi_call)(self.app, method, path, body, token)

    def servers(self) -> Iterator[Call]:
        for name, call in (("rest", rest_call), ("fast", self.fast_call)):
            with self.subTest(server=name):
                yield call

    def log_in(self, call: Call, name: str) -> dict[str, str]:
        reply = call("POST", "/api/auth/token", {"username": name, "password": f"{name}-password-1"})
        self.assertEqual(reply.status, 200, reply.body)
        return reply.body


class BothServersTest(BothServersCase):
    """What is not about one subject: logins, events, the ledger, merges."""

    def test_a_login_opens_the_api_and_a_logout_ends_its_renewal(self) -> None:
        for call in self.servers():
            pair = self.log_in(call, "alice")
            self.assertEqual(call("GET", "/api/analytics/overview", token=pair["access"]).status, 200)
            renewed = call("POST", "/api/auth/token/refresh", {"refresh": pair["refresh"]})
            self.assertEqual(renewed.status, 200)
            used = call("POST", "/api/auth/token/refresh", {"refresh": pair["refresh"]})
            self.assertEqual((used.status, used.body["code"]), (401, "invalid_token"))
            newest = {"refresh": renewed.body["refresh"]}
            self.assertEqual(call("POST", "/api/auth/logout", newest).body, {"revoked": True})
            self.assertEqual(call("POST", "/api/auth/token/refresh", newest).status, 401)

    def test_a_wrong_password_and_an_unknown_name_look_alike(self) -> None:
        for call in self.servers():
            replies = [
                call("POST", "/api/auth/token", {"username": name, "password": "nope"})
                for name in ("alice", "nobody")
            ]
            self.assertEqual([r.status for r in replies], [401, 401])
            self.assertEqual(replies[0].body, replies[1].body)

    def test_credentials_that_do_not_hold_are_401(self) -> None:
        refresh = self.log_in(rest_call, "alice")["refresh"]
        for call in self.servers():
            for token in ("", "a.b.c", refresh, "lk_unknown"):
                reply = call("GET", "/api/analytics/overview", token=token)
                self.assertEqual(reply.status, 401, token)
                self.assertEqual(set(reply.body), {"detail", "code"})

    def test_a_disabled_user_is_out_at_once(self) -> None:
        for call in self.servers():
            User.objects.filter(pk=self.alice.pk).update(is_active=True)
            access = self.log_in(call, "alice")["access"]
            User.objects.filter(pk=self.alice.pk).update(is_active=False)
            self.assertEqual(call("GET", "/api/analytics/overview", token=access).status, 401)

    def test_an_ingest_key_writes_and_does_not_read(self) -> None:
        for call in self.servers():
            body = {"event_name": "scanned", "anonymous_id": "device-7"}
            reply = call("POST", "/api/analytics/events/track", body, token=TOKEN)
            self.assertEqual((reply.status, reply.body["outcome"]), (200, "stored"), reply.body)
            read = call("GET", "/api/analytics/overview", token=TOKEN)
            self.assertEqual((read.status, read.body["code"]), (403, "key_is_write_only"))
        self.assertEqual(set(UserEvent.objects.values_list("ingest_key", flat=True)), {LABEL})

    def test_a_tracked_event_belongs_to_its_user_whatever_it_says(self) -> None:
        for call in self.servers():
            access = self.log_in(call, "alice")["access"]
            body = {"event_name": "joined", "distinct_id": "somebody-else", "metadata": {"city": "Graz"}}
            reply = call("POST", "/api/analytics/events/track", body, token=access)
            event = UserEvent.objects.get(uuid=reply.body["uuid"])
            self.assertEqual((event.user, event.distinct_id), (self.alice, str(self.alice.pk)))
            self.assertEqual((event.metadata, event.event_type), ({"city": "Graz"}, "user_action"))

    def test_an_event_sent_twice_is_a_duplicate_with_one_receipt(self) -> None:
        for call in self.servers():
            access = self.log_in(call, "alice")["access"]
            body = {"event_name": "paid", "uuid": str(uuid.uuid4()), "revenue_impact": "12.50"}
            outcomes = [
                call("POST", "/api/analytics/events/track", body, token=access).body["outcome"]
                for _ in range(2)
            ]
            self.assertEqual(outcomes, ["stored", "duplicate"])
            receipt = call("GET", f"/api/analytics/events/{body['uuid']}/receipt", token=access)
            self.assertEqual((receipt.status, receipt.body["outcome"]), (200, "stored"))
            self.assertIs(receipt.body["sealed"], False)

    def test_somebody_elses_receipt_is_not_found(self) -> None:
        event = posthog_event()
        send_batch(event)
        for call in self.servers():
            path = f"/api/analytics/events/{event['uuid']}/receipt"
            self.assertEqual(call("GET", path, token=self.log_in(call, "alice")["access"]).status, 404)
            self.assertEqual(call("GET", path, token=self.log_in(call, "sam")["access"]).status, 200)

    def test_the_ledger_is_for_staff_and_adds_up(self) -> None:
        send_batch(posthog_event(), {"event": "x"})
        for call in self.servers():
            path = "/api/analytics/ingestion/ledger"
            denied = call("GET", path, token=self.log_in(call, "alice")["access"])
            self.assertEqual((denied.status, denied.body["code"]), (403, "staff_only"))
            book = call("GET", path, token=self.log_in(call, "sam")["access"]).body
            rejected = sum(book["rejected"].values())
            self.assertEqual(
                book["received"], book["stored"] + book["duplicate"] + book["quarantined"] + rejected
            )

    def test_input_that_does_not_fit_is_422_and_names_the_field(self) -> None:
        for call in self.servers():
            access = self.log_in(call, "alice")["access"]
            for method, path, body in (
                ("GET", "/api/analytics/overview?days=31", None),
                ("GET", "/api/analytics/overview?days=x", None),
                ("POST", "/api/analytics/events/track", {"event_name": "a", "surprise": 1}),
                ("POST", "/api/analytics/events/track", {"event_name": "a", "event_type": "dance"}),
            ):
                reply = call(method, path, body, token=access)
                self.assertEqual((reply.status, reply.body["code"]), (422, "invalid_input"), path)
                self.assertRegex(reply.body["detail"], "days|surprise|event_type")

    def test_a_body_over_the_limit_is_refused(self) -> None:
        for call in self.servers():
            access = self.log_in(call, "alice")["access"]
            body = {"event_name": "a", "metadata": {"text": "x" * 3_000_000}}
            reply = call("POST", "/api/analytics/events/track", body, token=access)
            self.assertEqual((reply.status, reply.body["code"]), (413, "body_too_large"))

    def test_both_give_the_same_overview(self) -> None:
        send_batch(posthog_event("$pageview"), posthog_event("paid", properties={"revenue": 5}))
        token = self.log_in(rest_call, "sam")["access"]  # before both: a login is an event as well
        answers = []
        for call in self.servers():
            answer = call("GET", "/api/analytics/overview?days=3", token=token).body
            self.assertEqual(set(answer.pop("proof")), PROOF)
            answers.append(answer)
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0]["total_revenue"], 5.0)

    def test_merges_are_made_previewed_and_undone_by_staff(self) -> None:
        for call in self.servers():
            send_batch(posthog_event(distinct_id="m1"), posthog_event(distinct_id="m2"))
            people = {
                e.distinct_id: str(e.person.uuid)
                for e in UserEvent.objects.filter(distinct_id__in=["m1", "m2"]).select_related("person")
            }
            body = {"target": people["m1"], "sources": [people["m2"]]}
            staff = self.log_in(call, "sam")["access"]
            user = self.log_in(call, "alice")["access"]
            self.assertEqual(call("POST", "/api/analytics/persons/merge", body, token=user).status, 403)
            preview = call("POST", "/api/analytics/persons/merge", {**body, "dry_run": True}, token=staff)
            self.assertEqual((preview.body["persons"], preview.body["merge_ids"]), (2, []))
            made = call("POST", "/api/analytics/persons/merge", body, token=staff).body["merge_ids"][0]
            undo = f"/api/analytics/merges/{made}/undo"
            self.assertEqual(call("POST", undo, {}, token=staff).status, 200)
            self.assertEqual(call("POST", undo, {}, token=staff).body["code"], "already_undone")

    def test_the_sdk_paths_answer_alike(self) -> None:
        for call in self.servers():
            event = posthog_event()
            stored = call("POST", "/batch/", {"api_key": TOKEN, "batch": [event]})
            self.assertEqual((stored.status, stored.body), (200, {"status": 1}))
            wrong = call("POST", "/batch/", {"api_key": "lk_wrong", "batch": [event]})
            self.assertEqual((wrong.status, wrong.body["code"]), (401, "invalid_key"))
            self.assertEqual(call("GET", "/livez").status, 200)
            self.assertEqual(call("GET", "/readyz").status, 200)
            self.assertEqual(call("GET", "/array/lk_x/config").body["sessionRecording"], False)


PROOF = {"fresh_to", "rows_read", "lake_version", "definition", "sql", "duration_ms"}


class RoutesTest(TestCase):
    """Both route tables come from the operations, and neither has a route beside them."""

    def test_both_servers_have_the_same_api(self) -> None:
        listed = {(operation.method, operation.path) for operation in OPERATIONS}
        paths = build_asgi(get_asgi_application()).openapi()["paths"]
        fast = {(method.upper(), path) for path, methods in paths.items() for method in methods}
        rest = set()
        for pattern in get_resolver("analytics.urls").url_patterns:
            view = getattr(pattern.callback, "view_initkwargs", {})
            path = "/" + str(pattern.pattern).replace("<", "{").replace(">", "}")
            rest |= {(method, path) for method in view.get("operations", {})}
        self.assertEqual(fast, listed)
        self.assertEqual(rest, listed)

    def test_every_operation_is_described(self) -> None:
        schema = build_asgi(get_asgi_application()).openapi()
        for operation in OPERATIONS:
            described = schema["paths"][operation.path][operation.method.lower()]
            self.assertTrue(described["summary"])
            self.assertIn("503", described["responses"])
