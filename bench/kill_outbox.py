"""Kill the delivering worker again and again while messages are put and events arrive, and count on the other side.

    python -m bench.kill_outbox --rounds 60

A worker delivers messages to a webhook and forwards events to a stand-in for PostHog; it dies by SIGKILL at a random
moment of each round, and the receiver fails at times. At the end one worker is left to finish: every message must have
arrived at least once and those of a key in order, every event must be there, in order, and no other.

The database is made in a folder of its own. Exit code 1 when a single message or event is not as it should be.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench import own_servers

if TYPE_CHECKING:
    from analytics.tests.posthog_stand_in import Reply, Request, StandIn

_KEYS = 6
_PERSONS = 20
_BATCH = 20
_LONGEST_LIFE_S = 0.8
_LEASE_S = 1.0  # so that what a killed worker had claimed is free again within the loop


@dataclass
class Put:
    """What was committed: messages by key in the order of their putting, and uuids of events."""

    messages: dict[str, list[str]] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    def count(self) -> int:
        """Number of messages."""
        return sum(map(len, self.messages.values()))


def main() -> None:
    """Run the loop, then count."""
    parser = argparse.ArgumentParser(description="Kill the delivering worker again and again, then count.")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=("all", "loop", "nursery"), default="all", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "all":
        with tempfile.TemporaryDirectory(prefix="kill-outbox-") as folder:
            command = _command(Path(folder), options.rounds, options.seed)
            sys.exit(subprocess.run(command, check=False).returncode)
    if options.part == "nursery":
        own_servers.use_django()
        _use_receiver()
        nurse(options.rounds, random.Random(options.seed))
        return
    own_servers.set_up()
    faults = run(options.rounds, options.seed)
    for fault in faults[:20]:
        print(fault)
    sys.exit(1 if faults else 0)


def _command(folder: Path, rounds: int, seed: int) -> list[str]:
    return own_servers.command(folder, _part("loop", rounds, seed), LOG_LEVEL="CRITICAL")


def _part(name: str, rounds: int, seed: int) -> list[str]:
    numbers = ["--rounds", str(rounds), "--seed", str(seed)]
    return ["-m", "bench.kill_outbox", "--part", name, *numbers]


def _use_receiver() -> None:
    """The receiver that the loop gave to the nursery."""
    from django.conf import settings

    (host,) = settings.ANALYTICS_OUTBOUND_PRIVATE_HOSTS
    settings.POSTHOG_API_KEY, settings.POSTHOG_HOST = "phc_kill", f"http://{host}"


def run(rounds: int, seed: int) -> list[str]:
    """What is wrong at the end; nothing, if all is well."""
    from analytics.tests.posthog_stand_in import StandIn
    from loopin_backend import env

    put, stop, dice = Put(), threading.Event(), random.Random(seed)
    with StandIn() as there:
        there.choose = lambda request: _stumble(request, dice)
        _begin(there)
        writer = threading.Thread(target=_write, args=(put, stop, random.Random(seed)))
        writer.start()
        started_s = time.perf_counter()
        try:
            environment = env.child_environment(ANALYTICS_OUTBOUND_PRIVATE_HOSTS=there.host)
            subprocess.run([sys.executable, *_part("nursery", rounds, seed)], env=environment, check=True)
        finally:
            stop.set()
            writer.join()
        killed_s = time.perf_counter() - started_s
        there.choose = lambda request: None
        _finish()
        faults = count(put, there)
        again = len(there.taken) - len(there.batches) - put.count()
        print(
            f"{rounds} kills in {killed_s:.0f} s; {put.count():,} messages put, {again:,} arrived twice; "
            f"{len(put.events):,} events here, {len(there.events):,} there, "
            f"{sum(map(len, there.batches)) - len(there.events):,} twice; "
            f"{len(there.requests) - len(there.taken):,} requests failed, {len(faults)} faults"
        )
    return faults


def _begin(there: StandIn) -> None:
    """A target for messages, and the sink's state before the first event."""
    from django.test.utils import override_settings

    from analytics.delivery import forwarding, signing
    from analytics.models import AlertTarget

    # For the rest of this process: it finishes what the killed workers leave.
    override_settings(
        POSTHOG_API_KEY="phc_kill", POSTHOG_HOST=there.url, ANALYTICS_OUTBOUND_PRIVATE_HOSTS=(there.host,)
    ).enable()
    target = AlertTarget(
        name="hook", kind="webhook", address=f"{there.url}/hook", secret=signing.new_secret()
    )
    target.save()
    forwarding.forward()


def _stumble(_: Request, dice: random.Random) -> Reply | None:
    """One request in eight fails, in one way or another."""
    from analytics.tests.posthog_stand_in import Reply

    return dice.choice((Reply(500), Reply(503), Reply(hangs_up=True))) if dice.random() < 0.125 else None


def nurse(rounds: int, dice: random.Random) -> None:
    """Fork a worker, let it live for a moment, kill it; so many times."""
    import posthog.request  # noqa: F401  (a worker that has it works from its first moment on)

    for number in range(rounds):
        child = os.fork()
        if child == 0:
            _work()
            os._exit(0)
        time.sleep(dice.uniform(0.02, _LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if number % 20 == 19:
            print(f"  {number + 1} of {rounds}", flush=True)


def _work() -> None:
    """Deliver and forward for ever, without the waits of real life."""
    from analytics.delivery import forwarding, relay
    from analytics.delivery.sinks.posthog import PostHogSink
    from analytics.models import SinkState
    from analytics.store import outbox

    outbox.BACK_OFF_S = 0.05
    PostHogSink.events_at_once = 30
    while True:
        relay.deliver_due(turn_s=0.2, lease_s=_LEASE_S)
        forwarding.forward(turn_s=0.2)
        SinkState.objects.update(resting_until=None)


def _finish() -> None:
    from analytics import clock
    from analytics.delivery import forwarding, relay
    from analytics.models import OutboxMessage, SinkState
    from analytics.store import forwarded

    ends_s = time.monotonic() + 60
    while time.monotonic() < ends_s:
        OutboxMessage.objects.filter(state="pending").update(available_at=clock.now())
        SinkState.objects.update(resting_until=None)
        relay.deliver_due()
        forwarding.forward()
        is_done = not OutboxMessage.objects.filter(state="pending").exists()
        if is_done and not forwarded.lag(forwarded.state_of("posthog")).events:
            return
        time.sleep(0.2)


def _write(put: Put, stop: threading.Event, dice: random.Random) -> None:
    """Messages and events in one transaction, of which some are rolled back."""
    from django.db import connection, transaction

    from analytics.models import AlertTarget
    from analytics.store.outbox import put_message, sink_of_target

    sink = sink_of_target(AlertTarget.objects.get().pk)
    while not stop.is_set():
        key = f"k{dice.randrange(_KEYS)}"
        is_kept = dice.random() < 0.9
        with transaction.atomic():
            message = put_message(sink=sink, kind="alert", payload={"key": key}, ordering_key=key)
            events = store_batch(dice)
            transaction.set_rollback(not is_kept)
        if is_kept:
            put.messages.setdefault(key, []).append(str(message.uuid))
            put.events += events
        time.sleep(0.02)
    connection.close()


def store_batch(dice: random.Random, events: int = _BATCH) -> list[str]:
    """Commit a batch of events of a few persons; their uuids."""
    from analytics import clock
    from analytics.ingestion import pipeline
    from analytics.ingestion.commit import commit
    from analytics.ingestion.dialects.posthog import to_event
    from analytics.ingestion.event import Arrival

    arrival = Arrival(received_at=clock.now(), source="api", ingest_key="kill", dialect="posthog")
    items: list[dict[str, Any]] = [
        {
            "event": "step",
            "distinct_id": f"u{dice.randrange(_PERSONS)}",
            "uuid": str(UUID(int=dice.getrandbits(128), version=4)),
        }
        for _ in range(events)
    ]
    batch = pipeline.run(arrival, [to_event(item, arrival, number) for number, item in enumerate(items)])
    (results,) = commit([batch])
    return [str(result.uuid) for result in results if result.outcome == "stored"]


def count(put: Put, there: StandIn) -> list[str]:
    """What is lost, doubled, out of order or unexpected."""
    from analytics.models import OutboxMessage, SinkState, UserEvent

    arrived: dict[str, str] = {}  # each message at its first arrival
    for request in there.taken:
        if request.path == "/hook":
            arrived.setdefault(request.body["id"], request.body["data"]["key"])
    faults = []
    for key, uuids in put.messages.items():
        got = [uuid for uuid, of_key in arrived.items() if of_key == key]
        faults += [f"message {uuid} of {key} is lost" for uuid in set(uuids).difference(got)]
        if got != [uuid for uuid in uuids if uuid in set(got)]:
            faults.append(f"messages of {key} came out of order, or some that were rolled back")
    left = Counter(OutboxMessage.objects.exclude(state="delivered").values_list("state", flat=True))
    faults += [f"{number} messages are {state}" for state, number in left.items()]
    ours = [str(u) for u in UserEvent.objects.order_by("insert_xid", "pk").values_list("uuid", flat=True)]
    theirs = [event["uuid"] for event in there.events]
    if sorted(ours) != sorted(put.events):
        faults.append(f"{len(put.events)} events were committed, {len(ours)} are stored")
    if theirs != ours:
        faults.append(
            f"events differ: {len(set(ours) - set(theirs))} lost, {len(set(theirs) - set(ours))} too many"
        )
    acknowledged = SinkState.objects.get(sink="posthog").delivered
    if acknowledged != len(ours):
        faults.append(f"{acknowledged} events are counted as delivered")
    return faults


if __name__ == "__main__":
    main()
