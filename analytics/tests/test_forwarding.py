"""Forwarding: every event once its turn has come, in order, whatever the sink does; positions, receipts and counts."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from unittest import mock

from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings

from analytics import clock
from analytics.delivery import forwarding, relay
from analytics.delivery.outgoing import OutgoingEvent
from analytics.delivery.sinks.sink import Refusal, SinkFault
from analytics.models import (
    ArchivedEvent,
    ForwardedDay,
    ForwardedMinute,
    LedgerEntry,
    OutboxMessage,
    SinkState,
    UserEvent,
)
from analytics.reports.ingestion import receipt
from analytics.store import forwarded, locks, outbox
from analytics.tests.cast import make_key, posthog_event, send_batch

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class ListSink:
    """A sink in memory, with faults on demand."""

    name = "list"
    events_at_once = 5
    got: ClassVar[list[OutgoingEvent]] = []
    faults: ClassVar[list[Exception]] = []
    poison: ClassVar[set[str]] = set()

    def is_on(self) -> bool:
        return True

    def send(self, events: Sequence[OutgoingEvent]) -> None:
        if ListSink.faults:
            raise ListSink.faults.pop(0)
        if ListSink.poison & {event.event_name for event in events}:
            raise Refusal("poison")
        ListSink.got.extend(events)

    @classmethod
    def names(cls) -> list[str]:
        """Names of the events that it got."""
        return [event.event_name for event in cls.got]


@override_settings(ANALYTICS_SINKS=("analytics.tests.test_forwarding.ListSink",))
class StreamTest(TransactionTestCase):
    """The stream, its positions and its counts, with a sink in memory."""

    def setUp(self) -> None:
        make_key()
        ListSink.got.clear()
        ListSink.faults.clear()
        ListSink.poison.clear()
        self.enterContext(clock.frozen(NOON))
        forwarding.forward()

    def later(self, **given: float) -> None:
        """Go on from now."""
        self.enterContext(clock.frozen(clock.now() + timedelta(**given)))

    def store(self, *names: str, who: str = "u1") -> list[str]:
        """Events in one transaction; their uuids."""
        events = [posthog_event(name, who) for name in names]
        send_batch(*events)
        return [event["uuid"] for event in events]

    def test_what_was_stored_before_the_sink_was_set_up_is_not_sent(self) -> None:
        SinkState.objects.all().delete()
        self.store("old")
        forwarding.forward()
        self.store("new")
        self.assertEqual(forwarding.forward(), {"list": 1})
        self.assertEqual(ListSink.names(), ["new"])

    def test_a_sink_that_has_only_had_messages_begins_at_the_end_as_well(self) -> None:
        SinkState.objects.all().delete()
        self.store("old")
        SinkState.objects.create(sink="list")
        forwarding.forward()
        self.assertEqual(ListSink.names(), [])

    def test_starting_over_sends_what_the_database_has(self) -> None:
        SinkState.objects.all().delete()
        self.store("old")
        forwarding.forward()
        forwarded.restart("list")
        forwarding.forward()
        self.assertEqual(ListSink.names(), ["old"])

    def test_every_event_goes_out_once_in_the_order_of_storing(self) -> None:
        self.store(*"abc")
        forwarding.forward()
        self.store(*"defghijklmnop")
        self.store("q")
        self.assertEqual(forwarding.forward(), {"list": 14})
        self.assertEqual(forwarding.forward(), {"list": 0})
        self.assertEqual("".join(ListSink.names()), "abcdefghijklmnopq")

    def test_a_large_transaction_is_sent_in_parts_and_resumed_within(self) -> None:
        self.store(*(f"e{number}" for number in range(23)))
        sink = ListSink()
        with mock.patch.object(sink, "send", side_effect=[None, None, SinkFault("away")]):
            self.assertEqual(forwarding.forward_to(sink), 10)
        self.later(minutes=6)
        self.assertEqual(forwarding.forward(), {"list": 13})
        self.assertEqual(ListSink.names()[0], "e10")

    def test_an_event_of_a_transaction_that_is_still_open_is_waited_for(self) -> None:
        open_now, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                UserEvent.objects.create(event_name="slow", distinct_id="u1")
                open_now.set()
                go_on.wait(10)
            connection.close()

        thread = threading.Thread(target=hold)
        thread.start()
        open_now.wait(10)
        self.store("quick", who="u2")
        forwarding.forward()
        self.assertEqual(ListSink.names(), [])
        go_on.set()
        thread.join()
        forwarding.forward()
        self.assertEqual(ListSink.names(), ["slow", "quick"])

    def test_a_fault_keeps_the_position_and_lets_the_sink_rest_longer_and_longer(self) -> None:
        self.store("a")
        ListSink.faults[:] = [SinkFault("away"), SinkFault("away")]
        with self.assertLogs("analytics.delivery", "WARNING"):
            self.assertEqual(forwarding.forward(), {"list": 0})
        self.assertEqual(forwarding.forward(), {"list": 0})
        self.assertEqual(len(ListSink.faults), 1)
        self.later(seconds=10)
        forwarding.forward()
        state = SinkState.objects.get(sink="list")
        self.assertEqual((state.faults_in_a_row, state.last_error), (2, "away"))
        self.assertGreaterEqual(state.resting_until, clock.now() + timedelta(seconds=10))
        self.assertEqual(forwarded.lag(state), forwarded.Lag(1, 10.0))
        self.later(seconds=20)
        self.assertEqual(forwarding.forward(), {"list": 1})
        state.refresh_from_db()
        self.assertEqual((state.faults_in_a_row, state.resting_until), (0, None))
        self.assertEqual(state.last_delivered_at, clock.now())
        self.assertEqual(forwarded.lag(state), forwarded.Lag(0, 0.0))

    def test_a_rest_is_a_minute_at_most_unless_the_sink_asks_for_more(self) -> None:
        self.store("a")
        SinkState.objects.update(faults_in_a_row=500)
        for asked, expected_s in ((None, 60), (1800.0, 1800), (1e9, 3600)):
            ListSink.faults[:] = [SinkFault("away", asked)]
            forwarding.forward()
            resting_until = SinkState.objects.get(sink="list").resting_until
            self.assertEqual(resting_until, clock.now() + timedelta(seconds=expected_s))
            self.later(hours=1)

    def test_events_that_were_refused_are_put_aside_alone_and_in_sight(self) -> None:
        uuids = self.store("a", "bad", "c", "d", "bad")
        ListSink.poison.add("bad")
        with self.assertLogs("analytics.delivery", "ERROR"):
            self.assertEqual(forwarding.forward(), {"list": 3})
        self.assertEqual(ListSink.names(), ["a", "c", "d"])
        aside = OutboxMessage.objects.filter(sink="list", state="dead").order_by("pk")
        self.assertEqual([message.payload["uuid"] for message in aside], [uuids[1], uuids[4]])
        self.assertIsNone(receipt(uuid.UUID(uuids[1])).forwarded_at)
        ListSink.poison.clear()
        outbox.requeue(aside)
        self.assertEqual(relay.deliver_due().delivered, 2)
        self.assertEqual(ListSink.names(), ["a", "c", "d", "bad", "bad"])
        self.assertIsNotNone(receipt(uuid.UUID(uuids[1])).forwarded_at)

    def test_a_sink_that_refuses_everything_loses_nothing(self) -> None:
        self.store("bad", "bad", "bad")
        ListSink.poison.add("bad")
        self.assertEqual(forwarding.forward(), {"list": 0})
        self.assertFalse(OutboxMessage.objects.exists())
        ListSink.poison.clear()
        self.later(minutes=6)
        self.assertEqual(forwarding.forward(), {"list": 3})

    def test_a_second_process_does_nothing_while_the_first_is_at_it(self) -> None:
        self.store("a")
        found: list[dict[str, int]] = []

        def work() -> None:
            found.append(forwarding.forward())
            connection.close()

        with locks.session("forward list"):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        self.assertEqual((found, ListSink.names()), ([{"list": 0}], []))

    def test_a_position_that_was_moved_meanwhile_is_not_moved_back(self) -> None:
        self.store("a")
        state = forwarded.state_of("list")
        part = forwarded.next_part(state, 5)
        forwarding.forward()
        self.assertRaises(forwarded.Overtaken, forwarded.take, state, part)
        self.assertEqual(SinkState.objects.get(sink="list").delivered, 1)

    def test_an_event_that_was_erased_before_its_turn_is_left_out(self) -> None:
        self.store("a", "b", "c")
        UserEvent.objects.filter(event_name="b").delete()
        self.assertEqual(forwarding.forward(), {"list": 2})
        self.assertEqual(ListSink.names(), ["a", "c"])

    def test_events_that_a_sink_has_yet_to_get_are_to_stay_while_the_sink_is_alive(self) -> None:
        self.store("a")
        forwarding.forward()
        self.store("b")
        ListSink.faults[:] = [SinkFault("away")]
        forwarding.forward()
        places = dict(UserEvent.objects.values_list("event_name", "insert_xid"))
        held = forwarded.slowest_watermark() or 0
        self.assertTrue(places["a"] < held <= places["b"])
        self.later(days=8)
        self.assertIsNone(forwarded.slowest_watermark())

    def test_a_restored_database_sends_what_it_has_again(self) -> None:
        self.store("a")
        forwarding.forward()
        SinkState.objects.update(cluster=4711, watermark=10**15)
        forwarding.forward()
        self.assertEqual(ListSink.names(), ["a", "a"])

    def test_receipts_say_when_an_event_was_forwarded(self) -> None:
        (first,) = self.store("a")
        self.assertIsNone(receipt(uuid.UUID(first)).forwarded_at)
        self.later(minutes=1)
        forwarding.forward()
        self.later(minutes=5)
        (second,) = self.store("b")
        self.assertEqual(receipt(uuid.UUID(first)).forwarded_at, NOON + timedelta(minutes=1))
        self.assertIsNone(receipt(uuid.UUID(second)).forwarded_at)
        forwarding.forward()
        self.assertEqual(receipt(uuid.UUID(first)).forwarded_at, NOON + timedelta(minutes=1))
        self.assertEqual(receipt(uuid.UUID(second)).forwarded_at, NOON + timedelta(minutes=6))

    def test_receipts_know_it_still_when_minutes_and_rows_are_gone(self) -> None:
        (first,) = self.store("a")
        forwarding.forward()
        self.later(days=20)
        relay.tidy()
        self.assertFalse(ForwardedMinute.objects.exists())
        self.assertEqual(receipt(uuid.UUID(first)).forwarded_at, NOON)
        event = UserEvent.objects.get()
        ArchivedEvent.objects.create(
            uuid=event.uuid,
            row_id=event.pk,
            received_at=event.received_at,
            created_at=event.created_at,
            ends_at=NOON,
        )
        event.delete()
        self.assertEqual(receipt(uuid.UUID(first)).forwarded_at, NOON)

    def test_what_was_stored_before_the_sink_began_has_not_been_forwarded(self) -> None:
        SinkState.objects.all().delete()
        (first,) = self.store("old")
        forwarding.forward()
        self.store("new")
        forwarding.forward()
        self.assertIsNone(receipt(uuid.UUID(first)).forwarded_at)

    def test_minutes_are_one_row_each(self) -> None:
        for _ in range(3):
            self.store("a")
            forwarding.forward()
        self.later(minutes=1)
        self.store("a")
        forwarding.forward()
        self.assertEqual(
            list(ForwardedMinute.objects.order_by("pk").values_list("events", flat=True)), [3, 1]
        )

    def test_days_add_up_and_a_difference_is_logged_once_a_day(self) -> None:
        self.later(days=1)
        self.store("a", "b", "c")
        forwarding.forward()
        self.later(days=1)
        with self.assertNoLogs("analytics.delivery", "ERROR"):
            forwarding.forward()
        day = ForwardedDay.objects.get(day="2026-05-05")
        self.assertEqual((day.stored, day.delivered, day.waiting, day.missing), (3, 3, 0, 0))
        ForwardedDay.objects.update(delivered=1, compared_at=None)
        with self.assertLogs("analytics.delivery", "ERROR") as logs:
            forwarding.forward()
            forwarding.forward()
        self.assertEqual(len(logs.output), 1)
        self.assertIn("2 are missing", logs.output[0])

    def test_days_count_what_waits_and_what_was_refused(self) -> None:
        self.later(days=1)
        self.store("a", "bad")
        ListSink.poison.add("bad")
        forwarding.forward()
        self.store("c")
        ListSink.faults[:] = [SinkFault("away")] * 2
        self.later(days=1)
        forwarding.forward()
        day = ForwardedDay.objects.get(day="2026-05-05")
        self.assertEqual((day.stored, day.delivered, day.refused, day.waiting, day.missing), (3, 1, 1, 1, 0))
        ListSink.faults.clear()
        self.later(days=1)
        forwarding.forward()
        day.refresh_from_db()
        self.assertEqual((day.delivered, day.waiting, day.missing), (2, 0, 0))

    def test_a_day_that_has_just_ended_is_not_compared_yet(self) -> None:
        self.later(days=1)
        LedgerEntry.objects.create(hour=clock.now(), outcome="stored", count=5)
        with clock.frozen(datetime(2026, 5, 6, 0, 30, tzinfo=UTC)):
            forwarding.forward()
        self.assertFalse(ForwardedDay.objects.exists())
