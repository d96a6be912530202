"""An outage of PostHog under load: how the queue grows and drains, and whether both sides hold the same afterwards.

    python -m bench.outage --outage-s 300 --rate 500 --out outage.json

Events are stored at a steady rate; a process forwards them to a stand-in for PostHog on loopback, as the task does
every five seconds. The stand-in answers 503 for the outage and then takes everything again. Afterwards every event must
be there once, in the order in which it was stored. Exit code 1 when one is not.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import own_servers

if TYPE_CHECKING:
    from analytics.tests.posthog_stand_in import StandIn

_BATCH = 50
_EVERY_S = 5.0  # as the schedule runs the task
_BEFORE_S = 20.0
_GIVEN_UP_S = 600.0


@dataclass(frozen=True)
class Moment:
    """How things stood so many seconds after the start."""

    after_s: int
    phase: str
    stored: int
    there: int


def main() -> None:
    """Run it in a process with servers of its own, and keep what it printed."""
    parser = argparse.ArgumentParser(description="An outage of PostHog under load.")
    parser.add_argument("--outage-s", type=float, default=300.0)
    parser.add_argument("--rate", type=int, default=500, help="events a second")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inner:
        with tempfile.TemporaryDirectory(prefix="outage-") as folder:
            arguments = [
                "-m",
                "bench.outage",
                "--inner",
                "--outage-s",
                str(options.outage_s),
                "--rate",
                str(options.rate),
            ]
            arguments += ["--out", str(options.out.resolve())] if options.out else []
            sys.exit(subprocess.run(own_servers.command(Path(folder), arguments), check=False).returncode)
    own_servers.set_up()
    result = run(options.outage_s, options.rate)
    print(json.dumps({**result, "moments": len(result["moments"])}, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(0 if result["is_equal"] else 1)


class Story:
    """One run: what is stored here, what is there, and how both stood at each moment."""

    def __init__(self, there: StandIn) -> None:
        self.there = there
        self.stored = 0
        self.moments: list[Moment] = []
        self.started_s = time.monotonic()

    @property
    def waiting(self) -> int:
        """Events that are stored and not there yet."""
        return self.stored - len(self.there.events)

    def note(self, phase: str) -> None:
        """Remember how things stand."""
        after_s = round(time.monotonic() - self.started_s)
        self.moments.append(Moment(after_s, phase, self.stored, len(self.there.events)))

    def watch(self, phase: str, length_s: float) -> None:
        """Note it every five seconds for so long."""
        ends_s = time.monotonic() + length_s
        while time.monotonic() < ends_s:
            time.sleep(min(_EVERY_S, max(0.0, ends_s - time.monotonic())))
            self.note(phase)

    def watch_until(self, most_waiting: int) -> float:
        """Note it every second until no more events wait than so many; how long that took, in seconds."""
        began_s = time.monotonic()
        while self.waiting > most_waiting and time.monotonic() - began_s < _GIVEN_UP_S:
            time.sleep(1.0)
            self.note("draining")
        return time.monotonic() - began_s


def run(outage_s: float, rate: int) -> dict[str, Any]:
    """The whole story; `moments` holds both counts every few seconds."""
    from analytics.tests.posthog_stand_in import StandIn

    with StandIn() as there:
        _use(there.url, there.host)
        stop = threading.Event()
        forwarder = multiprocessing.get_context("spawn").Process(
            target=_forward, args=(there.url, there.host)
        )
        forwarder.start()
        _wait_until_begun()
        story = Story(there)
        writer = threading.Thread(target=_write, args=(rate, stop, story))
        writer.start()
        story.watch("before", _BEFORE_S)
        usual = max(moment.stored - moment.there for moment in story.moments)
        there.is_away = True
        story.watch("outage", outage_s)
        there.is_away = False
        caught_up_s = story.watch_until(usual)
        story.watch("after", _BEFORE_S)
        stop.set()
        writer.join()
        story.watch_until(0)
        forwarder.terminate()
        forwarder.join()
    ours, theirs = _stored_uuids(), [event["uuid"] for event in there.events]
    return {
        "outage_s": outage_s,
        "rate": rate,
        "stored": len(ours),
        "there": len(theirs),
        "twice": sum(map(len, there.batches)) - len(theirs),
        "is_equal": ours == theirs,
        "usually_waiting": usual,
        "most_waiting": max(moment.stored - moment.there for moment in story.moments),
        "caught_up_s": round(caught_up_s, 1),
        "requests": len(there.requests),
        "moments": [asdict(moment) for moment in story.moments],
    }


def _use(url: str, host: str) -> None:
    from django.test.utils import override_settings

    override_settings(
        POSTHOG_API_KEY="phc_outage", POSTHOG_HOST=url, ANALYTICS_OUTBOUND_PRIVATE_HOSTS=(host,)
    ).enable()


def _forward(url: str, host: str) -> None:
    """What a worker does."""
    own_servers.use_django()
    _use(url, host)
    from analytics.delivery import forwarding

    while True:
        started_s = time.monotonic()
        forwarding.forward()
        time.sleep(max(0.0, _EVERY_S - (time.monotonic() - started_s)))


def _wait_until_begun() -> None:
    """The sink counts from its first look on: nothing is stored before."""
    from analytics.models import SinkState

    while not SinkState.objects.exists():
        time.sleep(0.1)


def _write(rate: int, stop: threading.Event, story: Story) -> None:
    from django.db import connection

    from bench.kill_outbox import store_batch

    dice = random.Random(1)
    started_s = time.monotonic()
    while not stop.is_set():
        story.stored += len(store_batch(dice, _BATCH))
        ahead_s = story.stored / rate - (time.monotonic() - started_s)
        if ahead_s > 0:
            time.sleep(ahead_s)
    connection.close()


def _stored_uuids() -> list[str]:
    from analytics.models import UserEvent

    return [str(u) for u in UserEvent.objects.order_by("insert_xid", "pk").values_list("uuid", flat=True)]


if __name__ == "__main__":
    main()
