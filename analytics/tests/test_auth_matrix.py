"""Who may call what: every route of both servers as everybody, against the committed table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.asgi import get_asgi_application
from django.db import connection
from django.test import Client, SimpleTestCase, TestCase
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from analytics.api import capture, route_table
from analytics.api.descriptions import DESCRIPTIONS
from analytics.api.fast.app import build_asgi
from analytics.api.operations import OPERATIONS, Operation
from analytics.store.groups import ANALYSTS
from analytics.tests.cast import TOKEN, posthog_event
from analytics.tests.servers import Answer, Call, ServersTestCase

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "permissions.md"
_LINE = re.compile(r"^\| (?P<method>\w+) \| `(?P<path>[^`]+)` \| (?P<permission>[\w ]+) \|")

#: What each caller is told, by the permission of the table; None: they pass.
_STAFF = {"staff": None, "superuser": None}
_HUMANS = {"user": None, "analyst": None, **_STAFF}
VERDICTS: dict[str, dict[str, int | None]] = {
    "public": {"anonymous": None, "ingest key": None, **_HUMANS},
    "sender": {"anonymous": 401, "ingest key": None, **_HUMANS},
    "user": {"anonymous": 401, "ingest key": 403, **_HUMANS},
    "analyst": {"anonymous": 401, "ingest key": 403, **_HUMANS, "user": 403},
    "staff": {"anonymous": 401, "ingest key": 403, "user": 403, "analyst": 403, **_STAFF},
}


def committed() -> dict[tuple[str, str], str]:
    """Permission by method and path, as the file says."""
    found = (_LINE.match(line) for line in TABLE.read_text(encoding="utf-8").splitlines())
    return {(line["method"], line["path"]): line["permission"] for line in found if line}


class TableTest(SimpleTestCase):
    def test_the_committed_table_is_the_servers(self) -> None:
        self.assertEqual(
            TABLE.read_text(encoding="utf-8"),
            route_table.render(),
            "write it anew: python manage.py permission_table > docs/reference/permissions.md",
        )

    def test_both_servers_have_the_same_routes(self) -> None:
        operations = {(operation.method, operation.path) for operation in OPERATIONS}
        fast = route_table.fast_routes(build_asgi(get_asgi_application()))
        sdk_paths = {f"/{path}" for path in (*capture.DIALECT_OF_PATH, *capture.CONFIG_PATHS)}
        own = {(method, path) for method, path in fast if path.startswith(("/api/analytics", "/api/auth"))}
        self.assertEqual(own, operations)
        self.assertEqual(route_table.django_operations(), operations)
        beside = {path.rstrip("/") for method, path in fast if (method, path) not in operations}
        asgi_only = {path for _, path, _ in route_table.ASGI_ONLY}
        self.assertEqual(beside, {"/livez", *sdk_paths, *asgi_only})
        self.assertLessEqual(beside - asgi_only, {path.rstrip("/") for path, _ in route_table.django_paths()})

    def test_a_route_under_no_rule_is_an_error(self) -> None:
        with self.assertRaises(LookupError):
            route_table.rule("/api/analytics/backdoor", "analytics")

    def test_every_permission_has_a_verdict_for_everybody(self) -> None:
        known = {permission for (method, _), permission in committed().items() if method != "any"}
        self.assertEqual(known, set(VERDICTS))


class Caller:
    """Somebody with the header that they send."""

    def __init__(self, name: str, authorization: str | None) -> None:
        self.name = name
        self.headers = {"Authorization": authorization} if authorization else {}


class MatrixTest(ServersTestCase):
    """Operations as everybody, on both servers; whoever is refused changes nothing."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = User.objects.create_user("ann", password="ann-password-1")
        self.ann.groups.add(Group.objects.get(name=ANALYSTS))
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.dan = User.objects.create_user("dan", password="dan-password-1")

    @cached_property
    def friends(self) -> list[Caller]:
        """Callers whose credential holds, or who have none."""
        people = {"user": self.alice, "analyst": self.ann, "staff": self.sam, "superuser": self.root}
        return [
            Caller("anonymous", None),
            Caller("ingest key", f"Bearer {TOKEN}"),
            *(
                Caller(name, f"Bearer {RefreshToken.for_user(user).access_token}")
                for name, user in people.items()
            ),
        ]

    @cached_property
    def strangers(self) -> list[Caller]:
        """Callers with a credential that does not hold; each would be staff if it did."""
        good = RefreshToken.for_user(self.sam).access_token
        expired = RefreshToken.for_user(self.sam).access_token
        expired.set_exp(lifetime=-timedelta(seconds=1))
        head, claims, signature = str(good).split(".")
        revoked = RefreshToken.for_user(self.sam)
        revoked.blacklist()
        disabled = RefreshToken.for_user(self.dan).access_token
        User.objects.filter(pk=self.dan.pk).update(is_active=False, is_staff=True)
        forged = {
            "expired token": str(expired),
            "alg none": jwt.encode(good.payload, None, algorithm="none"),
            "swapped alg": jwt.encode(good.payload, settings.SECRET_KEY, algorithm="HS512"),
            "bad signature": f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
            "other secret": jwt.encode(good.payload, "x" * 64, algorithm="HS256"),
            "refresh as access": str(RefreshToken.for_user(self.sam)),
            "revoked refresh": str(revoked),
            "disabled user": str(disabled),
            "user who is gone": str(self.token_of_nobody()),
            "wrong key": "lk_somebody_elses_key",
        }
        return [
            *(Caller(name, f"Bearer {text}") for name, text in forged.items()),
            Caller("basic", "Basic c2FtOng="),
        ]

    @staticmethod
    def token_of_nobody() -> AccessToken:
        token = AccessToken()
        token["user_id"] = "999999"
        return token

    def call(self, call: Call, operation: Operation, caller: Caller) -> Answer:
        path = operation.path
        for name in re.findall(r"\{(\w+)\}", path):
            path = path.replace(f"{{{name}}}", _example_of(operation, name))
        needed = {"date_from": "2026-05-04", "date_to": "2026-05-05"}
        fields = operation.query.model_fields if operation.query is not None else {}
        query = {
            name: value for name, value in needed.items() if name in fields and fields[name].is_required()
        }
        about = DESCRIPTIONS[operation.name]
        return call(operation.method, path, about.body, query=query, headers=caller.headers)

    def test_everybody_gets_what_the_table_says(self) -> None:
        table = committed()
        # Who logs out first is out; the tokens of the examples hold nowhere.
        for call in self.servers():
            for caller in self.friends:
                before = _fingerprint()
                for operation in OPERATIONS:
                    expected = VERDICTS[table[operation.method, operation.path]][caller.name]
                    if expected is None:
                        continue
                    found = self.call(call, operation, caller)
                    self.assertEqual(found.status, expected, (operation.name, caller.name, found.content))
                    self.assertEqual(set(found.body), {"detail", "code"})
                self.assertEqual(_fingerprint(), before, f"{caller.name} was refused and changed something")

    def test_whoever_may_ask_is_not_refused(self) -> None:
        table = committed()
        for call in self.servers():
            for caller in self.friends:
                for operation in OPERATIONS:
                    if VERDICTS[table[operation.method, operation.path]][caller.name] is not None:
                        continue
                    found = self.call(call, operation, caller)
                    place = (operation.name, caller.name, found.content[:300])
                    self.assertLess(found.status, 500, place)
                    if operation.name in ("log_in", "renew", "log_out"):
                        self.assertIn(
                            found.body["code"], ("invalid_credentials", "invalid_token", "locked_out")
                        )
                    else:
                        self.assertNotIn(found.status, (401, 403, 405), place)

    def test_a_credential_that_does_not_hold_is_401_everywhere_and_nothing_to_public_routes(self) -> None:
        table = committed()
        closed = [op for op in OPERATIONS if table[op.method, op.path] != "public"]
        strangers = self.strangers
        for call in self.servers():
            before = _fingerprint()
            for caller in strangers:
                for operation in closed:
                    found = self.call(call, operation, caller)
                    self.assertEqual(found.status, 401, (operation.name, caller.name, found.content))
                    self.assertIn("Bearer", found.headers["www-authenticate"])
            self.assertEqual(_fingerprint(), before)
            for caller in strangers:
                self.assertEqual(call("GET", "/api/analytics/health", headers=caller.headers).status, 200)

    def test_who_may_not_ask_does_not_learn_what_is_wrong_with_the_question(self) -> None:
        table = committed()
        for call in self.servers():
            for operation in OPERATIONS:
                if operation.body is None or table[operation.method, operation.path] == "public":
                    continue
                path = re.sub(r"\{\w+\}", "x", operation.path)
                for body in (b"{", b"[]", b'{"surprise": 1}'):
                    found = call(operation.method, path, body, headers={"Content-Type": "application/json"})
                    self.assertEqual(found.status, 401, (operation.name, body, found.content))

    def test_paths_of_sdks_take_an_ingest_key_and_nothing_else(self) -> None:
        sam = self.friends[-2].headers
        for call in self.servers():
            for path, dialect in capture.DIALECT_OF_PATH.items():
                for slash in ("", "/"):
                    for token in ("lk_wrong", ""):
                        event = {**posthog_event(), "type": "track", "userId": "u"}
                        body = {"api_key": token, "writeKey": token, "batch": [event], **event}
                        before = _fingerprint()
                        found = call("POST", f"/{path}{slash}", body, headers=sam)
                        self.assertEqual(found.status, 401, (path, dialect, found.content))
                        self.assertEqual(_fingerprint(), before)


class PagesTest(TestCase):
    """Pages of sessions: the dashboard and the admin."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.people = {
            "user": User.objects.create_user("alice", password="alice-password-1"),
            "staff": User.objects.create_user("sam", password="sam-password-1", is_staff=True),
            "superuser": User.objects.create_superuser("root", password="root-password-1"),
        }

    def clients(self) -> Iterator[tuple[str, Client]]:
        yield "anonymous", Client()
        for name, user in self.people.items():
            client = Client()
            client.force_login(user)
            yield name, client

    def test_pages_of_staff_send_others_to_the_login(self) -> None:
        table = committed()
        for name, client in self.clients():
            for path, app in route_table.django_paths():
                permission = table.get(("any", route_table.line_of(path, app)))
                if permission not in ("site staff", "site model") or "?P" in path or "logout" in path:
                    continue
                by_uuid = re.sub(
                    r"\{(person|erasure|alert|insight|board|report|subject|link|note|subscription)\}",
                    str(UUID(int=1)),
                    path,
                )
                found = client.get(re.sub(r"\{\w+\}", "1", by_uuid.replace("{kind}", "report")))
                place = (path, name, found.status_code)
                if name in ("anonymous", "user"):
                    self.assertEqual(found.status_code, 302, place)
                    self.assertRegex(found["Location"], "/admin/login/|^/dashboard/overview/$", place)
                elif name == "staff" and permission == "site model":
                    self.assertIn(found.status_code, (302, 403, 404), place)
                    self.assertNotIn("/login/", found.headers.get("Location", ""), place)
                else:
                    self.assertNotIn("/login/", found.headers.get("Location", ""), place)
                    self.assertLess(found.status_code, 500, place)

    def test_a_token_of_the_api_opens_no_page(self) -> None:
        token = RefreshToken.for_user(self.people["superuser"]).access_token
        for path in ("/dashboard/overview/", "/admin/"):
            self.assertEqual(
                Client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code, 302
            )

    def test_a_session_is_no_credential_for_the_api(self) -> None:
        client = Client()
        client.force_login(self.people["superuser"])
        self.assertEqual(client.get("/api/analytics/overview").status_code, 401)


def _example_of(operation: Operation, name: str) -> str:
    """Something that fits and that nobody has."""
    assert operation.query is not None
    kind = operation.query.model_fields[name].annotation
    if kind is UUID:
        return "6f1f0a5e-3f0b-4a53-8f0e-0a4f3f0b8c11"
    return "plan" if kind is str else "987654"


def _fingerprint() -> tuple[Any, ...]:
    """All rows of all tables, as one value a table."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        one = "SELECT '{0}', count(*), sum(hashtextextended(t::text, 0)) FROM \"{0}\" t"
        parts = [one.format(table) for table in tables]
        cursor.execute(" UNION ALL ".join(parts))
        return tuple(cursor.fetchall())
