"""The ledger adds up to the event, and every event has a receipt."""

from __future__ import annotations

import uuid
from collections import Counter
from unittest.mock import patch

from django.db import DataError, OperationalError
from django.test import TestCase

from analytics import clock
from analytics.errors import NotFound
from analytics.ingestion import commit as commit_module
from analytics.models import LedgerEntry, RejectedEvent, UserEvent
from analytics.reports.ingestion import ledger, receipt
from analytics.store import ledger as ledger_store
from analytics.tests.cast import make_key, posthog_event, send_batch


class LedgerTest(TestCase):
    """received = stored + duplicate + quarantined + rejected, always."""

    def setUp(self) -> None:
        make_key()

    def test_each_outcome_is_counted_once(self) -> None:
        twice = posthog_event()
        send_batch(twice, twice, posthog_event(), {"event": "x"}, 5)
        send_batch(twice)
        book = ledger()
        self.assertEqual((book.received, book.stored, book.duplicate, book.quarantined), (6, 2, 2, 0))
        self.assertEqual(book.rejected, {"missing_distinct_id": 1, "not_an_object": 1})
        self.assertEqual(book.stored, UserEvent.objects.count())

    def test_folding_changes_no_total(self) -> None:
        for _ in range(3):
            send_batch(posthog_event(), {"event": "x"})
        before = ledger()
        ledger_store.fold()
        self.assertEqual(ledger(), before)
        self.assertEqual(LedgerEntry.objects.count(), 2)

    def test_dates_bound_the_hours_of_arrival(self) -> None:
        send_batch(posthog_event())
        today = clock.now().date()
        self.assertEqual(ledger(date_from=today).received, 1)
        self.assertEqual(ledger(date_to=today).received, 0)

    def test_a_poisoned_row_is_quarantined_and_its_neighbours_are_stored(self) -> None:
        real = commit_module.event_store.insert_rows

        def refuse_poison(rows: object) -> None:
            rows = list(rows)  # type: ignore[call-overload]
            if any("poison" in row for row in rows):
                raise DataError("refused")
            real(rows)

        with patch.object(commit_module.event_store, "insert_rows", refuse_poison):
            events = [posthog_event(name) for name in ("a", "b", "poison", "c", "d")]
            response = send_batch(*events)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["rejected"][0]["index"], 2)
        self.assertEqual(UserEvent.objects.count(), 4)
        book = ledger()
        self.assertEqual((book.received, book.stored, book.quarantined), (5, 4, 1))
        self.assertEqual(RejectedEvent.objects.get().reason, "database_refused")

    def test_a_lost_database_is_503_with_retry_after_and_stores_nothing(self) -> None:
        with patch.object(commit_module.event_store, "insert_rows", side_effect=OperationalError("gone")):
            response = send_batch(posthog_event())
        self.assertEqual(response.status_code, 503)
        self.assertGreaterEqual(int(response["Retry-After"]), 1)
        self.assertEqual(ledger().received, 0)

    def test_the_same_bytes_again_are_a_duplicate_when_they_name_a_time(self) -> None:
        event = {"event": "x", "distinct_id": "u", "timestamp": "2026-01-01T00:00:00Z"}
        for _ in range(2):
            send_batch(event, event)
        self.assertEqual(Counter(ledger().__dict__["stored"] for _ in "x"), {2: 1})

    def test_the_same_bytes_again_are_a_new_event_when_they_name_no_time(self) -> None:
        for _ in range(2):
            send_batch({"event": "x", "distinct_id": "u"})
        self.assertEqual(ledger().stored, 2)


class ReceiptTest(TestCase):
    """What became of one event."""

    def setUp(self) -> None:
        make_key()

    def test_a_stored_event_tells_when(self) -> None:
        event = posthog_event(event="n" * 300)
        send_batch(event)
        found = receipt(uuid.UUID(event["uuid"]))
        self.assertEqual((found.outcome, found.sealed), ("stored", False))
        self.assertEqual(found.warnings, ["event_name_shortened"])
        self.assertIsNotNone(found.stored_at)

    def test_a_rejected_event_tells_why(self) -> None:
        event = posthog_event(distinct_id=None)
        send_batch(event)
        found = receipt(uuid.UUID(event["uuid"]))
        self.assertEqual((found.outcome, found.reason), ("rejected", "missing_distinct_id"))

    def test_an_unknown_event_is_not_found(self) -> None:
        with self.assertRaises(NotFound):
            receipt(uuid.uuid4())
