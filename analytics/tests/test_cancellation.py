"""A query is called off when its client has gone, and only then."""

from __future__ import annotations

import threading
import time
from unittest import mock

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.test import SimpleTestCase, TransactionTestCase

from analytics.api.auth import log_in
from analytics.api.fast.app import build_asgi
from analytics.errors import Unavailable
from analytics.reports import cancellation
from analytics.tests.cast import alice

_LIMIT_S = 10.0
_OVERVIEW = "analytics.reports.shared_answers.get_own_overview_cached"


def wait_until_called_off(found: list[bool]) -> None:
    """Note whether the caller's leaving was noticed in time."""
    is_cancelled = cancellation.current()
    deadline = time.monotonic() + _LIMIT_S
    while not is_cancelled() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    found.append(is_cancelled())


class CancellationTest(SimpleTestCase):
    def test_without_a_surface_everybody_waits(self) -> None:
        self.assertFalse(cancellation.current()())

    def test_it_holds_inside_its_block_alone(self) -> None:
        with cancellation.cancelled_by(lambda: True):
            self.assertTrue(cancellation.current()())
        self.assertFalse(cancellation.current()())


class ClientThatLeavesTest(TransactionTestCase):
    def test_its_query_is_called_off(self) -> None:
        user = alice()
        token = log_in(user.username, f"{user.username}-password-1")["access"]
        found: list[bool] = []

        def report(*_: object) -> None:
            wait_until_called_off(found)
            raise Unavailable("called off", code="too_slow")

        with mock.patch(_OVERVIEW, side_effect=report):
            async_to_sync(self.leave)(token, found)
        self.assertEqual(found, [True])

    async def leave(self, token: str, found: list[bool]) -> None:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/analytics/overview",
            "raw_path": b"/api/analytics/overview",
            "query_string": b"",
            "headers": [(b"host", b"testserver"), (b"authorization", f"Bearer {token}".encode())],
            "client": ("127.0.0.1", 1234),
            "server": ("testserver", 80),
        }
        communicator = ApplicationCommunicator(build_asgi(get_asgi_application()), scope)
        await communicator.send_input({"type": "http.request", "body": b""})
        await communicator.send_input({"type": "http.disconnect"})
        await communicator.wait(timeout=2 * _LIMIT_S)
