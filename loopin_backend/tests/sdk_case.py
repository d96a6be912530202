"""What the tests of real client SDKs share: one live server a class, and the proof that nothing was lost or doubled."""

from __future__ import annotations

import json
import shutil
import unittest
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, ClassVar, NoReturn
from uuid import UUID

from loopin_backend import env
from loopin_backend.tests.live import Call, LiveServer, count_calls
from loopin_backend.tests.waiting import eventually

EVENTS = 1000
STORE_TIMEOUT_S = 30.0
RECOVERY_TIMEOUT_S = 60.0


class SdkCase(unittest.TestCase):
    """A server for the class, an ingest key for each test."""

    server: ClassVar[LiveServer]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = LiveServer()
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def setUp(self) -> None:
        self.label = self.id().rsplit(".", 1)[-1][:100]
        self.token = self.server.make_key(self.label)
        self._calls_before = len(self.server.calls())

    def calls(self) -> list[Call]:
        """The requests that this test's SDK has made."""
        return [call for call in self.server.calls()[self._calls_before :] if call.path != "/livez"]

    def assert_stored_once(self, sent: Iterable[UUID], *, duplicates: bool = False) -> None:
        """Exactly the events sent are stored, and the ledger says so too.

        `duplicates`: the SDK may rightly have sent some of them twice, so the ledger may count such.
        """
        expected = list(sent)
        rows = self.server.query("SELECT uuid FROM analytics_userevent WHERE ingest_key = %s", self.label)
        stored = [row[0] for row in rows]
        self.assertEqual(len(expected), len(set(expected)), "the SDK itself gave a uuid twice")
        self.assertEqual(Counter(stored), Counter(expected))
        book = self.server.ledger(self.label)
        again = book.pop("duplicate", 0)
        self.assertEqual(book, Counter(stored=len(expected)))
        if not duplicates:
            self.assertEqual(again, 0)

    def assert_only_called(self, allowed: Collection[str]) -> None:
        """Every request of this test was one of `allowed` ("POST /batch 200")."""
        counted = count_calls(self.calls())
        self.assertEqual({name: n for name, n in counted.items() if name not in allowed}, {})

    def wait_for(self, count: int, *, within_s: float = STORE_TIMEOUT_S) -> None:
        """Return once that many events of this test are stored."""
        eventually(
            lambda: self.server.count_stored(self.label) >= count,
            f"{count} events stored; it is {self.server.ledger(self.label)}",
            within_s=within_s,
        )

    def kill_in_mid_run(self, after: int) -> None:
        """Kill the server once `after` events are stored, see that this is mid-run, start it again."""
        self.wait_for(after)
        self.server.kill()
        stored = self.server.count_stored(self.label)
        self.server.boot()  # whatever comes of this test, the next one needs the server
        self.assertLess(stored, EVENTS, "the SDK was done before the server was killed")

    def person(self, distinct_id: str) -> dict[str, Any]:
        """The root person of an id: its row's id, whether identified, and its properties."""
        rows = self.server.query(
            "SELECT root.id, root.is_identified, root.properties FROM analytics_persondistinctid given "
            "JOIN analytics_person node ON node.id = given.person_id "
            "JOIN analytics_person root ON root.id = coalesce(node.merged_into_id, node.id) "
            "WHERE given.distinct_id = %s",
            distinct_id,
        )
        self.assertEqual(len(rows), 1, f"no person {distinct_id}")
        root, is_identified, properties = rows[0]
        return {"id": root, "is_identified": is_identified, "properties": as_json(properties)}

    def events(self, name: str) -> list[dict[str, Any]]:
        """The stored events of this test with this name: distinct id, metadata and page."""
        rows = self.server.query(
            "SELECT distinct_id, metadata, page_url FROM analytics_userevent "
            "WHERE ingest_key = %s AND event_name = %s ORDER BY id",
            self.label,
            name,
        )
        return [{"distinct_id": who, "metadata": as_json(data), "page_url": url} for who, data, url in rows]

    def group(self, group_type: str, group_key: str) -> dict[str, Any]:
        """The properties of a group."""
        rows = self.server.query(
            "SELECT properties FROM analytics_persongroup WHERE group_type = %s AND group_key = %s",
            group_type,
            group_key,
        )
        self.assertEqual(len(rows), 1, f"no group {group_type}:{group_key}")
        return dict(as_json(rows[0][0]))


def as_json(value: Any) -> Any:
    """A JSON column's value, whether the driver has parsed it or not."""
    return json.loads(value) if isinstance(value, str) else value


def need(*programs: str, hint: str) -> None:
    """Skip loudly where a program is missing; `LOOPIN_REQUIRE_ALL=1` makes that a failure."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        lack(f"{' and '.join(missing)} not found: {hint}")


def lack(message: str) -> NoReturn:
    """Skip with this message, or fail where everything is required."""
    if env.load().loopin_require_all:
        raise AssertionError(f"LOOPIN_REQUIRE_ALL is set, but {message}")
    raise unittest.SkipTest(message)
