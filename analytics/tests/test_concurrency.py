"""Several writers at once: every event once, every person once, and the lake misses nothing."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable

from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings

from analytics import clock
from analytics.errors import Unavailable
from analytics.ingestion import pipeline
from analytics.ingestion.commit import commit
from analytics.ingestion.dialects.posthog import to_event
from analytics.ingestion.event import Arrival, Batch
from analytics.models import Person, PersonDistinctId, UserEvent
from analytics.reports.ingestion import ledger
from analytics.store.lake import lake
from analytics.store.sealing import seal_all, seal_next
from analytics.tests.cast import posthog_event

THREADS = 4


def batch_of(items: list[dict[str, object]]) -> Batch:
    """Items as one request's batch."""
    arrival = Arrival(received_at=clock.now(), source="api", ingest_key="k", dialect="posthog")
    return pipeline.run(arrival, [to_event(item, arrival, i) for i, item in enumerate(items)])


def send(items: list[dict[str, object]]) -> None:
    """As a client does: what cannot be stored right now is sent again."""
    for is_last in (False, False, True):
        try:
            commit([batch_of(items)])
        except Unavailable:
            if is_last:
                raise
        else:
            return


def in_threads(act: Callable[[int], None]) -> None:
    """Run `act(number)` in several threads at once; a fault in one fails the test."""
    faults: list[BaseException] = []
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        try:
            barrier.wait(10)
            act(number)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if faults:
        raise faults[0]


class ManyWritersTest(TransactionTestCase):
    """What several processes do to one database."""

    def test_the_same_events_from_all_sides_are_stored_once(self) -> None:
        events = [posthog_event(distinct_id=f"u{i % 30}") for i in range(120)]

        def send_mine(number: int) -> None:
            mine = random.Random(number).sample(events, len(events))
            for start in range(0, len(mine), 15):
                commit([batch_of(mine[start : start + 15])])

        in_threads(send_mine)
        book = ledger()
        self.assertEqual(UserEvent.objects.count(), 120)
        self.assertEqual((book.received, book.stored), (480, 120))
        self.assertEqual(book.duplicate, 360)
        self.assertEqual(PersonDistinctId.objects.count(), 30)
        self.assertEqual(Person.objects.count(), 30)

    def test_a_row_that_postgresql_really_refuses_is_found_and_kept(self) -> None:
        batch = batch_of([posthog_event(f"e{i}") for i in range(9)])
        batch.events[4].event_name = "x" * 300  # as if a step had forgotten to cut it
        with self.assertLogs("analytics.ingestion", "WARNING"):
            outcomes = [result.outcome for result in commit([batch])[0]]
        self.assertEqual(outcomes, ["stored"] * 4 + ["quarantined"] + ["stored"] * 4)
        self.assertEqual(UserEvent.objects.count(), 8)
        self.assertEqual((ledger().received, ledger().quarantined), (9, 1))

    def test_merges_from_all_sides_end_in_one_step_roots(self) -> None:
        ids = [f"p{i}" for i in range(8)]
        commit([batch_of([posthog_event(distinct_id=i) for i in ids])])

        def merge(number: int) -> None:
            dice = random.Random(number)
            for _ in range(12):
                target, source = dice.sample(ids, 2)
                send([posthog_event("$merge_dangerously", target, properties={"alias": source})])

        in_threads(merge)
        for node in Person.objects.exclude(merged_into=None).select_related("merged_into"):
            self.assertIsNone(node.merged_into.merged_into_id)

    def test_sealing_while_events_arrive_misses_and_doubles_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder, override_settings(ANALYTICS_LAKE_URI=folder):

            def write_or_seal(number: int) -> None:
                for _ in range(15):
                    if number == 0:
                        seal_next()
                        continue
                    try:
                        with transaction.atomic():
                            commit([batch_of([posthog_event() for _ in range(5)])])
                            if random.random() < 0.3:
                                raise ZeroDivisionError
                    except ZeroDivisionError:
                        pass

            in_threads(write_or_seal)
            seal_all()
            table = lake().open_table().to_pyarrow_table(columns=["uuid"])
            sealed = table.column("uuid").to_pylist()
        stored = {str(uuid) for uuid in UserEvent.objects.values_list("uuid", flat=True)}
        self.assertEqual(len(sealed), len(set(sealed)))
        self.assertEqual(set(sealed), stored)
