"""Bulk loads: nothing twice, nothing lost, the ledger exact, and no deadlock between two loaders."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import DataError, connection, transaction
from django.test import TestCase, TransactionTestCase

from analytics.errors import BadInput
from analytics.ingestion.bulk import BulkResult, EventBatch, load_events
from analytics.ingestion.bulk_persons import KnownPerson, Link, link_ids, load_persons, remove_loaded
from analytics.ingestion.merges import undo
from analytics.models import LedgerEntry, MergeLog, Person, PersonDistinctId, UserEvent
from analytics.store import ledger, persons, staging
from analytics.tests.cast import alice

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def batch(*numbers: int, distinct_id: str = "", **columns: Any) -> dict[str, Any]:
    """Events by number: the same number is the same event."""
    return {
        "uuid": [uuid.UUID(int=number) for number in numbers],
        "distinct_id": [distinct_id or f"visitor-{number % 3}" for number in numbers],
        "event_name": ["clicked" for _ in numbers],
        "timestamp": [START + timedelta(minutes=number) for number in numbers],
        **columns,
    }


@contextmanager
def plain_database() -> Iterator[None]:
    """Take the way of databases other than PostgreSQL, on the same rows."""
    with patch.object(connection._connections[connection._alias], "vendor", "plain"):
        yield


class LoadEventsTest(TestCase):
    """What `load_events` stores and counts, the COPY way."""

    def load(self, *batches: EventBatch) -> BulkResult:
        return load_events(batches)

    def test_new_events_are_stored_with_their_values(self) -> None:
        user = alice()
        given = {
            "user_id": [user.pk],
            "session_id": ["s1"],
            "metadata": ['{"note": "tab\\t, quote \\", é"}'],
            "page_url": ["https://example.org/a\\b"],
            "referrer": ["line\nbreak\ttab"],
            "revenue_impact": [Decimal("-12.50")],
            "response_time_ms": [None],
            "created_at": [START],
        }
        self.load(batch(1, distinct_id="u1", **given))
        event = UserEvent.objects.get()
        self.assertEqual(event.metadata, {"note": 'tab\t, quote ", é'})
        self.assertEqual(event.page_url, "https://example.org/a\\b")
        self.assertEqual(event.referrer, "line\nbreak\ttab")
        self.assertEqual(event.revenue_impact, Decimal("-12.50"))
        self.assertIsNone(event.response_time_ms)
        self.assertEqual((event.created_at, event.timestamp), (START, START + timedelta(minutes=1)))
        self.assertEqual((event.user, event.session_id, event.source), (user, "s1", "batch_job"))
        self.assertEqual((event.event_type, event.ingest_key), ("user_action", "demo"))

    def test_a_uuid_is_stored_once_inside_a_batch(self) -> None:
        self.assertEqual(self.load(batch(1, 2, 1, 1)), BulkResult(stored=2, duplicates=2))
        self.assertEqual(UserEvent.objects.count(), 2)

    def test_a_uuid_is_stored_once_across_batches_and_loads(self) -> None:
        self.assertEqual(self.load(batch(1, 2), batch(2, 3)), BulkResult(stored=3, duplicates=1))
        self.assertEqual(self.load(batch(1, 2), batch(2, 3)), BulkResult(stored=0, duplicates=4))
        self.assertEqual(UserEvent.objects.count(), 3)

    def test_every_event_points_at_the_node_of_its_distinct_id(self) -> None:
        self.load(batch(0, 1, 2, 3, 4))
        self.assertEqual(Person.objects.count(), 3)
        for event in UserEvent.objects.all():
            self.assertEqual(event.person.uuid, persons.node_uuid(event.distinct_id))
            self.assertEqual(event.person.own_distinct_id.distinct_id, event.distinct_id)

    def test_a_node_is_as_old_as_its_first_event(self) -> None:
        self.load(batch(9, 3, 6, distinct_id="u1"))
        self.assertEqual(Person.objects.get().created_at, START + timedelta(minutes=3))

    def test_a_node_that_exists_is_used_and_learns_its_user(self) -> None:
        user = alice()
        self.load(batch(1, distinct_id="u1"))
        self.load(batch(2, distinct_id="u1", user_id=[user.pk]))
        self.assertEqual(Person.objects.get().user, user)

    def test_the_ledger_counts_what_was_stored_and_what_was_there(self) -> None:
        self.load(batch(1, 2, 2), batch(2, 3))
        self.assertEqual(ledger.totals(), {("stored", ""): 3, ("duplicate", ""): 2})
        self.assertEqual(UserEvent.objects.count(), 3)
        self.assertEqual(set(LedgerEntry.objects.values_list("ingest_key", flat=True)), {"demo"})

    def test_an_empty_batch_leaves_no_trace(self) -> None:
        self.assertEqual(self.load(batch()), BulkResult())
        self.assertFalse(LedgerEntry.objects.exists())

    def test_a_batch_that_the_database_refuses_leaves_no_trace(self) -> None:
        self.load(batch(1))
        bad = batch(2, 3, event_type=["x" * 51, "ok"])
        with self.assertRaises(DataError), transaction.atomic():
            self.load(bad)
        self.assertEqual(UserEvent.objects.count(), 1)
        self.assertEqual(ledger.totals(), {("stored", ""): 1})
        self.assertFalse(PersonDistinctId.objects.filter(distinct_id="visitor-0").exists())

    def test_a_batch_of_the_wrong_shape_is_refused_with_its_columns(self) -> None:
        with self.assertRaisesMessage(BadInput, "nonsense"):
            self.load(batch(1, nonsense=[1]))
        with self.assertRaisesMessage(BadInput, "event_name"):
            self.load({name: values for name, values in batch(1).items() if name != "event_name"})
        with self.assertRaisesMessage(BadInput, "same length"):
            self.load(batch(1, action=["a", "b"]))

    def test_progress_is_told_after_each_batch(self) -> None:
        told: list[BulkResult] = []
        load_events([batch(1, 2), batch(2)], on_batch=told.append)
        self.assertEqual(told, [BulkResult(2, 0), BulkResult(0, 1)])


class LoadEventsByOrmTest(LoadEventsTest):
    """The same promises where there is no COPY."""

    def load(self, *batches: EventBatch) -> BulkResult:
        with plain_database():
            return load_events(batches)

    def test_no_copy_is_used(self) -> None:
        with patch.object(staging, "insert_new_events", side_effect=AssertionError):
            self.assertEqual(self.load(batch(1)).stored, 1)


class LinkIdsTest(TestCase):
    """Anonymous ids that turn out to be persons."""

    def link(self, *links: Link) -> int:
        return link_ids(links)

    def setUp(self) -> None:
        self.user = alice()
        load_persons([KnownPerson("u1", self.user.pk, {"city": "Lisbon"}, START)])
        load_events([batch(0, 1, 2)])

    def person(self, distinct_id: str) -> Person:
        return PersonDistinctId.objects.get(distinct_id=distinct_id).person

    def test_an_anonymous_id_joins_the_person(self) -> None:
        event = uuid.UUID(int=77)
        self.assertEqual(self.link(Link("visitor-0", "u1", event)), 1)
        self.assertEqual(self.person("visitor-0").root, self.person("u1"))
        log = MergeLog.objects.get()
        self.assertEqual((log.source, log.target), (self.person("visitor-0"), self.person("u1")))
        self.assertEqual((log.reason, log.event_uuid), ("identify", event))

    def test_the_person_keeps_its_properties_and_gets_the_earliest_birth(self) -> None:
        Person.objects.filter(own_distinct_id__distinct_id="visitor-0").update(
            properties={"city": "Porto", "plan": "free"}, created_at=START - timedelta(days=2)
        )
        self.link(Link("visitor-0", "u1"))
        person = self.person("u1")
        self.assertEqual(person.properties, {"city": "Lisbon", "plan": "free"})
        self.assertEqual(person.created_at, START - timedelta(days=2))
        self.assertTrue(person.is_identified)

    def test_several_ids_join_one_after_the_other(self) -> None:
        linked = self.link(Link("visitor-0", "u1"), Link("visitor-1", "u1"), Link("visitor-2", "u1"))
        self.assertEqual(linked, 3)
        self.assertEqual(Person.objects.filter(merged_into=self.person("u1")).count(), 3)
        self.assertEqual(MergeLog.objects.count(), 3)

    def test_linking_again_changes_nothing(self) -> None:
        links = (Link("visitor-0", "u1"), Link("visitor-1", "u1"))
        self.link(*links)
        self.assertEqual(self.link(*links), 0)
        self.assertEqual(MergeLog.objects.count(), 2)

    def test_ids_that_are_unknown_or_identified_are_left_alone(self) -> None:
        load_persons([KnownPerson("u2", None, {}, START)])
        self.assertEqual(self.link(Link("nobody", "u1"), Link("u2", "u1"), Link("visitor-0", "nobody")), 0)
        self.assertFalse(MergeLog.objects.exists())

    def test_a_root_of_others_is_left_alone(self) -> None:
        self.link(Link("visitor-0", "visitor-1"))
        Person.objects.update(is_identified=False)
        self.assertEqual(self.link(Link("visitor-1", "u1")), 0)
        self.assertEqual(self.person("visitor-0").root, self.person("visitor-1"))

    def test_a_merged_target_stands_for_its_root(self) -> None:
        self.link(Link("visitor-0", "u1"))
        self.link(Link("visitor-1", "visitor-0"))
        self.assertEqual(self.person("visitor-1").merged_into, self.person("u1"))

    def test_a_link_can_be_undone_like_any_merge(self) -> None:
        self.link(Link("visitor-0", "u1"))
        undo(MergeLog.objects.get().id)
        self.assertEqual(self.person("visitor-0").root, self.person("visitor-0"))


class LinkIdsByOrmTest(LinkIdsTest):
    """The same promises where links are made one by one."""

    def link(self, *links: Link) -> int:
        with plain_database():
            return link_ids(links)


class LoadPersonsTest(TestCase):
    """Persons known from the host."""

    def load(self, *known: KnownPerson) -> None:
        load_persons(known)

    def test_a_person_is_made_once_and_brought_up_to_date(self) -> None:
        user = alice()
        self.load(KnownPerson("u1", user.pk, {"city": "Lisbon", "plan": "free"}, START))
        self.load(KnownPerson("u1", user.pk, {"city": "Porto"}, START + timedelta(days=1)))
        person = Person.objects.get()
        self.assertEqual(person.properties, {"city": "Porto", "plan": "free"})
        self.assertEqual((person.user, person.created_at), (user, START))
        self.assertTrue(person.is_identified)


class LoadPersonsByOrmTest(LoadPersonsTest):
    """The same where there is no set-based update."""

    def load(self, *known: KnownPerson) -> None:
        with plain_database():
            load_persons(known)


class RemoveLoadedTest(TestCase):
    """Taking a load back."""

    def test_only_the_load_goes(self) -> None:
        user = User.objects.create_user("guest")
        load_persons([KnownPerson("7001", user.pk, {}, START)])
        load_events([batch(1, 2, distinct_id="demo-a"), batch(3, distinct_id="7001")])
        load_events([batch(4, distinct_id="other")], ingest_key="shop")
        link_ids([Link("demo-a", "7001")])
        self.assertEqual(remove_loaded("demo", id_prefix="demo-", user_ids=[user.pk]), 3)
        self.assertEqual(UserEvent.objects.get().distinct_id, "other")
        self.assertEqual(PersonDistinctId.objects.get().distinct_id, "other")
        self.assertEqual(ledger.totals(), {("stored", ""): 1})
        self.assertFalse(MergeLog.objects.exists())


class ConcurrentLoadTest(TransactionTestCase):
    """Two loaders with the same events and ids, in opposite orders."""

    ROUNDS = 5
    EVENTS = 600

    def test_two_loaders_store_everything_once(self) -> None:
        for first in range(0, self.ROUNDS * self.EVENTS, self.EVENTS):
            numbers = list(range(first, first + self.EVENTS))
            barrier = Barrier(2)
            with ThreadPoolExecutor(2) as pool:
                results = list(pool.map(lambda ns, b=barrier: self.load(ns, b), (numbers, numbers[::-1])))
            self.assertEqual(sum(result.stored for result in results), self.EVENTS)
            self.assertEqual(sum(result.duplicates for result in results), self.EVENTS)
        total = self.ROUNDS * self.EVENTS
        self.assertEqual(UserEvent.objects.count(), total)
        self.assertEqual(Person.objects.count(), PersonDistinctId.objects.count())
        self.assertEqual(ledger.totals(), {("stored", ""): total, ("duplicate", ""): total})

    @staticmethod
    def load(numbers: list[int], barrier: Barrier) -> BulkResult:
        try:
            given = batch(*numbers)
            given["distinct_id"] = [f"visitor-{number // 2}" for number in numbers]
            barrier.wait(timeout=30)
            return load_events([given])
        finally:
            connection.close()
