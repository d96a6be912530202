"""Refused events that go through the pipeline again: what is stored, what is counted, and what is done only once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from analytics import clock, conf
from analytics.errors import BadInput, Conflict, NotFound
from analytics.ingestion import pipeline, replay
from analytics.ingestion.event import Event, Reason, Rejected
from analytics.models import LedgerEntry, Receipt, RejectedEvent, UserEvent
from analytics.reports import data_health, ingestion
from analytics.store import erasure, ledger
from analytics.tests.cast import LABEL, LakeTestCase, posthog_event, send_batch


def _refuse(event: Event) -> None:
    raise Rejected(Reason.EVENT_TOO_LARGE, "a rule of this test")


@contextmanager
def a_strict_rule() -> Iterator[None]:
    """While it lasts, every event is refused at the end of the pipeline."""
    with mock.patch.object(pipeline, "PIPELINE", (*pipeline.PIPELINE, _refuse)):
        yield


class ReplayTest(LakeTestCase):
    def refused(self, count: int = 1) -> list[RejectedEvent]:
        """Good events that a rule refused which is gone now."""
        with a_strict_rule():
            send_batch(*(posthog_event(f"bought {number}", f"u{number}") for number in range(count)))
        return list(RejectedEvent.objects.order_by("pk"))

    def counted(self) -> tuple[int, int, int, dict[str, int]]:
        found = ingestion.ledger()
        return found.received, found.stored, found.duplicate, found.rejected

    def test_an_event_is_stored_with_its_uuid_time_of_arrival_key_and_properties(self) -> None:
        with a_strict_rule():
            send_batch(posthog_event("bought", "ann", properties={"plan": "pro"}))
        row = RejectedEvent.objects.get()
        self.assertEqual(replay.replay(row.pk).outcome, "stored")
        event = UserEvent.objects.get()
        self.assertEqual((event.uuid, event.received_at), (row.uuid, row.received_at))
        self.assertEqual((event.event_name, event.distinct_id, event.ingest_key), ("bought", "ann", LABEL))
        self.assertEqual(event.metadata["plan"], "pro")
        self.assertEqual(Receipt.objects.get(uuid=row.uuid).warnings, ["replayed"])

    def test_the_outcome_moves_and_what_was_received_stays(self) -> None:
        first, _ = self.refused(2)
        self.assertEqual(self.counted(), (2, 0, 0, {"event_too_large": 2}))
        replay.replay(first.pk)
        self.assertEqual(self.counted(), (2, 1, 0, {"event_too_large": 1}))

    def test_the_ledger_adds_up_after_folding_as_well(self) -> None:
        rows = self.refused(3)
        ledger.fold()
        for row in rows:
            replay.replay(row.pk)
        ledger.fold()
        self.assertEqual(self.counted(), (3, 3, 0, {}))
        self.assertFalse(LedgerEntry.objects.filter(count=0).exists())

    def test_a_row_is_replayed_once(self) -> None:
        row = self.refused()[0]
        replay.replay(row.pk)
        with self.assertRaises(Conflict):
            replay.replay(row.pk)
        self.assertEqual(UserEvent.objects.count(), 1)
        self.assertEqual(self.counted()[:3], (1, 1, 0))

    def test_an_event_that_came_in_meanwhile_counts_as_a_duplicate(self) -> None:
        known = posthog_event("bought", "ann")
        with a_strict_rule():
            send_batch(known)
        send_batch(known)
        self.assertEqual(replay.replay(RejectedEvent.objects.get().pk).outcome, "duplicate")
        self.assertEqual(UserEvent.objects.count(), 1)
        self.assertEqual(self.counted(), (2, 1, 1, {}))

    def test_one_that_is_refused_again_keeps_its_row_and_its_count(self) -> None:
        send_batch(posthog_event(""))
        row = RejectedEvent.objects.get()
        result = replay.replay(row.pk)
        self.assertEqual((result.outcome, result.reason), ("rejected", "missing_event_name"))
        row.refresh_from_db()
        self.assertIsNone(row.replayed_at)
        self.assertEqual(self.counted(), (1, 0, 0, {"missing_event_name": 1}))

    def test_one_that_is_refused_for_another_reason_is_counted_under_that(self) -> None:
        row = self.refused()[0]
        RejectedEvent.objects.update(
            body=json.dumps(
                {"event": "", "distinct_id": "u", "uuid": "", "timestamp": None, "properties": {}}
            ).encode()
        )
        replay.replay(row.pk)
        row.refresh_from_db()
        self.assertEqual(row.reason, "missing_event_name")
        self.assertEqual(self.counted(), (1, 0, 0, {"missing_event_name": 1}))

    def test_one_that_the_database_refuses_stays_one_row_in_quarantine(self) -> None:
        row = self.refused()[0]
        with (
            mock.patch("analytics.ingestion.commit.to_row", side_effect=TypeError("broken")),
            self.assertLogs("analytics.ingestion"),
        ):
            self.assertEqual(replay.replay(row.pk).outcome, "quarantined")
        found = RejectedEvent.objects.get()
        self.assertEqual((found.pk, found.reason), (row.pk, "step_failed"))
        ledger_now = ingestion.ledger()
        self.assertEqual((ledger_now.received, ledger_now.quarantined, ledger_now.rejected), (1, 1, {}))
        self.assertEqual(replay.replay(row.pk).outcome, "stored")
        self.assertEqual(self.counted(), (1, 1, 0, {}))

    def test_a_person_who_was_erased_is_not_brought_back(self) -> None:
        send_batch(posthog_event("seen", "ann"))
        with a_strict_rule():
            send_batch(posthog_event("bought", "other"))
        row = RejectedEvent.objects.get()
        RejectedEvent.objects.update(body=bytes(row.body).replace(b'"other"', b'"ann"'))
        person = UserEvent.objects.get().person
        assert person is not None
        kept = bytes(RejectedEvent.objects.get().body)
        erasure.erase(person.uuid)
        row.body = kept
        row.save(force_insert=True)
        self.assertEqual(replay.replay(row.pk).reason, "erased_person")
        row.refresh_from_db()
        self.assertEqual((bytes(row.body), UserEvent.objects.count()), (b"", 0))

    def test_a_failure_half_way_changes_nothing(self) -> None:
        row = self.refused()[0]
        before = self.counted()
        with (
            mock.patch("analytics.ingestion.replay.ledger_moves.take_back", side_effect=OSError),
            self.assertRaises(OSError),
        ):
            replay.replay(row.pk)
        row.refresh_from_db()
        self.assertEqual((self.counted(), UserEvent.objects.count(), row.replayed_at), (before, 0, None))

    def test_what_cannot_be_read_any_more_says_why(self) -> None:
        for body, why in (
            (b"", "not kept"),
            (b"{" + b" " * 70_000, "beginning"),
            (b"\xff\x00", "not JSON"),
        ):
            row = RejectedEvent.objects.create(
                outcome="rejected", reason="not_an_object", body=body, dialect="posthog"
            )
            self.assertIn(why, replay.obstacle_of(row))
            with self.assertRaisesMessage(BadInput, why):
                replay.replay(row.pk)
        row = RejectedEvent.objects.create(
            outcome="rejected", reason="malformed_row", body=b'{"a": 1}', dialect="import"
        )
        self.assertIn("import it again", replay.obstacle_of(row))
        with self.assertRaises(NotFound):
            replay.replay(10**9)

    def test_a_refused_message_of_segment_is_read_as_segment(self) -> None:
        item = {"type": "track", "event": "Ordered", "userId": "ann", "messageId": str(uuid.uuid4())}
        row = RejectedEvent.objects.create(
            outcome="rejected",
            reason="unknown_message_type",
            body=json.dumps(item).encode(),
            dialect="segment",
            ingest_key=LABEL,
        )
        self.assertEqual(replay.replay(row.pk).outcome, "stored")
        self.assertEqual(UserEvent.objects.get().uuid, uuid.UUID(item["messageId"]))

    def test_all_of_a_reason_go_turn_by_turn_and_others_stay(self) -> None:
        self.refused(3)
        send_batch(posthog_event(""))
        turn = replay.replay_reason("event_too_large", turn_s=0)
        self.assertEqual((turn.outcomes["stored"], turn.left), (1, 2))
        while turn.left:
            turn = replay.replay_reason("event_too_large", after_id=turn.last_id)
        self.assertEqual(UserEvent.objects.count(), 3)
        self.assertEqual(self.counted(), (4, 3, 0, {"missing_event_name": 1}))

    def test_a_turn_over_rows_that_stay_refused_ends(self) -> None:
        send_batch(posthog_event(""), posthog_event(""))
        turn = replay.replay_reason("missing_event_name")
        self.assertEqual((turn.outcomes["rejected"], turn.left), (2, 0))

    def test_the_days_of_the_ledger_add_up_to_the_ledger(self) -> None:
        self.refused(2)
        send_batch(posthog_event(""), posthog_event())
        today = clock.today(conf.get().zone)
        days = data_health.ledger_days(today, today)
        self.assertEqual(sum(day.received for day in days), ingestion.ledger().received)
