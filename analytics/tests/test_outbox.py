"""The outbox: what is put goes out once its transaction has committed, in order, at least once, to the last try."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from unittest import mock

from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from django.urls import reverse

from analytics import clock
from analytics.delivery import relay
from analytics.models import DeliveryAttempt, OutboxMessage, SinkState
from analytics.store import outbox
from analytics.store.outbox import MAX_ATTEMPTS, Try, claim, put_message, settle

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
FAILED = Try("no")


def put(text: str, key: str = "", sink: str = "s") -> OutboxMessage:
    """A message that says so."""
    return put_message(sink=sink, kind="k", payload={"text": text}, ordering_key=key)


def texts(messages: list[OutboxMessage]) -> list[str]:
    """What messages say."""
    return [message.payload["text"] for message in messages]


class ClaimTest(TestCase):
    def setUp(self) -> None:
        self.enterContext(clock.frozen(NOON))

    def later(self, seconds: float) -> None:
        """Go on from now."""
        self.enterContext(clock.frozen(clock.now() + timedelta(seconds=seconds)))

    def test_the_longest_due_is_claimed_first(self) -> None:
        put_message(sink="s", kind="k", payload={"text": "b"}, available_at=NOON - timedelta(seconds=1))
        put_message(sink="s", kind="k", payload={"text": "a"}, available_at=NOON - timedelta(seconds=2))
        self.assertEqual(texts(claim("s", 10, 60)), ["a", "b"])

    def test_what_is_not_yet_available_waits(self) -> None:
        put_message(sink="s", kind="k", payload={"text": "a"}, available_at=NOON + timedelta(seconds=5))
        self.assertEqual(claim("s", 10, 60), [])
        self.later(5)
        self.assertEqual(texts(claim("s", 10, 60)), ["a"])

    def test_a_claimed_message_is_free_again_when_its_lease_ends(self) -> None:
        put("a")
        claim("s", 10, 60)
        self.assertEqual(claim("s", 10, 60), [])
        self.later(60)
        (again,) = claim("s", 10, 60)
        self.assertEqual(again.attempts, 2)

    def test_of_a_key_only_the_first_that_waits_is_claimed(self) -> None:
        put("a1", "a")
        put("a2", "a")
        put("b1", "b")
        put("free")
        put("free too")
        first = claim("s", 10, 60)
        self.assertEqual(texts(first), ["a1", "b1", "free", "free too"])
        settle(first[0], Try())
        self.assertEqual(texts(claim("s", 10, 60)), ["a2"])

    def test_a_message_is_not_overtaken_while_the_one_before_it_waits_for_its_next_try(self) -> None:
        put("a1", "a")
        put("a2", "a")
        settle(claim("s", 10, 60)[0], FAILED)
        self.assertEqual(claim("s", 10, 60), [])
        self.later(20)
        self.assertEqual(texts(claim("s", 10, 60)), ["a1"])

    def test_the_same_key_of_another_sink_has_an_order_of_its_own(self) -> None:
        put("a1", "a", sink="other")
        put("a2", "a")
        self.assertEqual(texts(claim("s", 10, 60)), ["a2"])

    def test_a_worker_whose_lease_has_ended_does_not_settle_what_another_has_claimed(self) -> None:
        put("a")
        (slow,) = claim("s", 1, 60)
        self.later(61)
        (quick,) = claim("s", 1, 60)
        self.assertFalse(settle(slow, FAILED))
        self.assertTrue(settle(quick, Try()))
        self.assertFalse(settle(slow, FAILED))
        self.assertEqual(OutboxMessage.objects.get().state, "delivered")

    def test_waits_double_and_spread_and_end_at_an_hour(self) -> None:
        for attempts, longest_s in ((1, 10), (2, 20), (5, 160), (10, 3600), (24, 3600)):
            waits = [outbox.wait_after(attempts).total_seconds() for _ in range(200)]
            self.assertTrue(longest_s / 2 <= min(waits) < max(waits) <= longest_s, attempts)

    def test_a_receiver_may_ask_for_more_patience_but_for_an_hour_at_most(self) -> None:
        self.assertEqual(outbox.wait_after(1, 600.0).total_seconds(), 600)
        self.assertEqual(outbox.wait_after(1, 1e9).total_seconds(), 3600)

    def test_after_the_last_try_a_message_is_given_up_and_frees_its_key(self) -> None:
        put("a1", "a")
        put("a2", "a")
        for _ in range(MAX_ATTEMPTS):
            (message,) = claim("s", 1, 60)
            self.assertEqual(message.payload["text"], "a1")
            settle(message, FAILED)
            self.later(3600)
        self.assertEqual(OutboxMessage.objects.get(pk=message.pk).state, "dead")
        self.assertEqual(texts(claim("s", 1, 60)), ["a2"])

    def test_a_message_that_kills_its_workers_is_given_up_in_the_end(self) -> None:
        put("a")
        for _ in range(MAX_ATTEMPTS):
            self.assertEqual(len(claim("s", 1, 60)), 1)
            self.later(61)
        self.assertEqual(claim("s", 1, 60), [])
        message = OutboxMessage.objects.get()
        self.assertEqual(message.state, "dead")
        self.assertIn("died", message.last_error)

    def test_what_cannot_be_helped_is_given_up_at_once(self) -> None:
        put("a")
        settle(claim("s", 1, 60)[0], Try("gone", is_final=True))
        self.assertEqual(OutboxMessage.objects.get().state, "dead")

    def test_a_requeued_message_has_all_its_tries_again(self) -> None:
        put("a")
        settle(claim("s", 1, 60)[0], Try("gone", is_final=True))
        self.assertEqual(outbox.requeue(OutboxMessage.objects.all()), 1)
        (message,) = claim("s", 1, 60)
        self.assertEqual(message.attempts, 1)

    def test_every_try_is_in_the_log_and_the_sink_shows_how_it_is_doing(self) -> None:
        put("a")
        settle(claim("s", 1, 60)[0], Try("busy", status_code=503, duration_ms=7))
        self.later(20)
        settle(claim("s", 1, 60)[0], Try(status_code=200))
        rows = DeliveryAttempt.objects.order_by("pk").values_list("is_delivered", "status_code", "error")
        self.assertEqual(list(rows), [(False, 503, "busy"), (True, 200, "")])
        state = SinkState.objects.get(sink="s")
        self.assertEqual((state.delivered, state.faults_in_a_row, state.last_error), (1, 0, "busy"))
        self.assertEqual(state.last_delivered_at, clock.now())

    def test_delivered_messages_and_tries_are_forgotten_after_some_days_and_dead_ones_are_not(self) -> None:
        put("a")
        put("b")
        first, second = claim("s", 2, 60)
        settle(first, Try())
        settle(second, Try("gone", is_final=True))
        self.later(15 * 86_400)
        self.assertEqual(relay.tidy(), 1)
        self.assertEqual(OutboxMessage.objects.get().state, "dead")
        self.assertFalse(DeliveryAttempt.objects.exists())


class RelayTest(TestCase):
    def deliver(self, send: mock.Mock) -> relay.Delivered:
        """What comes of a turn with this sender for the sink "s"."""
        with mock.patch.dict(relay.SENDERS, {"s": send}):
            return relay.deliver_due()

    def test_all_messages_of_a_key_go_out_in_one_turn_in_order(self) -> None:
        for number in range(12):
            put(str(number), "a")
        send = mock.Mock(return_value=Try())
        self.assertEqual(self.deliver(send).delivered, 12)
        self.assertEqual(texts([call.args[0] for call in send.call_args_list]), [str(n) for n in range(12)])

    def test_a_message_that_breaks_its_sender_holds_up_no_other_key(self) -> None:
        for number in range(7):
            put(f"bad {number}", f"bad {number}")
        put("good", "good")

        def send(message: OutboxMessage) -> Try:
            if message.payload["text"].startswith("bad"):
                raise ValueError("poison")
            return Try()

        with self.assertLogs("analytics.delivery", "ERROR"):
            done = self.deliver(mock.Mock(side_effect=send))
        self.assertEqual((done.delivered, done.failed), (1, 7))

    def test_a_message_to_a_sink_that_nobody_serves_waits(self) -> None:
        put("a", sink="elsewhere")
        self.assertEqual(relay.deliver_due(), relay.Delivered(failed=1))
        self.assertIn("nobody", OutboxMessage.objects.get().last_error)


class WorkersTest(TransactionTestCase):
    """Several workers at once, each with a connection of its own."""

    def test_a_message_of_a_transaction_that_is_rolled_back_never_was(self) -> None:
        with transaction.atomic():
            put("a")
            transaction.set_rollback(True)
        self.assertEqual(claim("s", 1, 60), [])

    def test_two_workers_share_the_messages_and_keep_the_order_of_every_key(self) -> None:
        for number in range(60):
            put(str(number), f"key {number % 4}" if number % 3 else "")
        sent: list[tuple[str, int]] = []
        lock, start = threading.Lock(), threading.Barrier(2)

        def send(message: OutboxMessage) -> Try:
            with lock:
                sent.append((message.ordering_key, int(message.payload["text"])))
            return Try()

        def work() -> None:
            start.wait()
            try:
                relay.deliver_due()
            finally:
                connection.close()

        with mock.patch.dict(relay.SENDERS, {"s": send}):
            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(sorted(number for _, number in sent), list(range(60)))
        for key in {key for key, _ in sent} - {""}:
            numbers = [number for name, number in sent if name == key]
            self.assertEqual(numbers, sorted(numbers))
        self.assertFalse(OutboxMessage.objects.exclude(state="delivered").exists())

    def test_a_worker_passes_over_what_another_is_just_claiming(self) -> None:
        put("a")
        put("b")
        with transaction.atomic():
            self.assertEqual(texts(claim("s", 1, 60)), ["a"])
            found: list[str] = []

            def work() -> None:
                found.extend(texts(claim("s", 2, 60)))
                connection.close()

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        self.assertEqual(found, ["b"])


class AdminTest(TestCase):
    def setUp(self) -> None:
        put("a")
        settle(claim("s", 1, 60)[0], Try("gone", is_final=True))
        self.page = reverse("admin:analytics_outboxmessage_changelist")
        self.act = {"action": "send_again", "_selected_action": [OutboxMessage.objects.get().pk]}

    def log_in(self, *rights: str) -> None:
        """As a member of staff with these rights."""
        user = User.objects.create_user("sam", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        self.client.force_login(user)

    def test_what_was_given_up_is_sent_again_by_hand(self) -> None:
        self.log_in("view_outboxmessage", "change_outboxmessage")
        self.client.post(self.page, self.act)
        self.assertEqual(OutboxMessage.objects.get().state, "pending")

    def test_who_may_only_look_sends_nothing(self) -> None:
        self.log_in("view_outboxmessage")
        self.client.post(self.page, self.act)
        self.assertEqual(OutboxMessage.objects.get().state, "dead")
