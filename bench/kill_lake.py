"""Kill the lake's worker again and again while events arrive, and count afterwards: rows in = rows out, exactly.

    python -m bench.kill_lake --rounds 200

A worker seals, merges changes, compacts, rolls up, archives, expires and erases; it dies by SIGKILL at a random moment
of each round. Meanwhile events are stored, some are changed and some deleted. At the end one worker is left to finish,
and every event must be there once, with its last value, and nothing of the persons who were erased.

The database and the lake are made in a folder of their own. Exit code 1 when a single row is not as it should be.
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
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.own_servers import command, set_up, use_django

_PERSONS = 40
_BATCH = 50
_LONGEST_LIFE_S = 1.5


@dataclass
class Sent:
    """What was stored: the value of each event by uuid, and whose it is; guarded by `lock`."""

    values: dict[UUID, int] = field(default_factory=dict)
    owners: dict[UUID, str] = field(default_factory=dict)
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> None:
    """Run the loop, then count."""
    parser = argparse.ArgumentParser(description="Kill the lake's worker again and again, then count.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=("all", "loop", "nursery"), default="all", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "all":
        with tempfile.TemporaryDirectory(prefix="kill-lake-") as folder:
            sys.exit(
                subprocess.run(
                    command(
                        Path(folder), _part("loop", options.rounds, options.seed), ANALYTICS_HOT_DAYS="1"
                    ),
                    check=False,
                ).returncode
            )
    if options.part == "nursery":
        use_django()
        nurse(options.rounds, random.Random(options.seed))
        return
    set_up()
    faults = run(options.rounds, options.seed)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


def _part(name: str, rounds: int, seed: int) -> list[str]:
    numbers = ["--rounds", str(rounds), "--seed", str(seed)]
    return ["-m", "bench.kill_lake", "--part", name, *numbers]


def run(rounds: int, seed: int) -> list[str]:
    """What is wrong at the end; nothing, if all is well."""
    sent, stop = Sent(), threading.Event()
    writer = threading.Thread(target=_write, args=(sent, stop, random.Random(seed)))
    writer.start()
    started = time.perf_counter()
    try:
        subprocess.run([sys.executable, *_part("nursery", rounds, seed)], check=True)
    finally:
        stop.set()
        writer.join()
    killed_s = time.perf_counter() - started
    _work(random.Random(seed), once=True)
    faults, rows, erased = count(sent)
    print(
        f"{rounds} kills in {killed_s:.0f} s; {len(sent.values):,} rows in, {rows:,} rows out, "
        f"{erased} persons erased, {sent.refused:,} later events of theirs refused, {len(faults)} faults"
    )
    return faults


def nurse(rounds: int, dice: random.Random) -> None:
    """Fork a worker, let it live for a moment, kill it; so many times."""
    _import_everything()
    for number in range(rounds):
        child = os.fork()
        if child == 0:
            _work(random.Random(dice.random() + number), once=False)
            os._exit(0)
        time.sleep(dice.uniform(0.02, _LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if number % 20 == 19:
            print(f"  {number + 1} of {rounds}", flush=True)


def _import_everything() -> None:
    """What a worker needs, so that it works from its first moment on."""
    import eventlake.rollups.build  # noqa: F401


def _work(dice: random.Random, *, once: bool) -> None:
    """Do what workers do, in any order, for ever; or everything once."""
    from analytics.store import archive, changes, erasure, upkeep
    from analytics.store.sealing import seal_all

    archive.GRACE = timedelta(seconds=1)
    changes.MAX_NOTES = 50
    acts: list[Any] = [
        seal_all,
        upkeep.run_upkeep,
        upkeep.run_cleanup,
        lambda: _erase_somebody(dice),
        lambda: erasure.continue_erasures(upkeep.engine(), at_once=True),
    ]
    if once:
        seal_all()
        for act in (acts[4], acts[1], acts[2]):
            act()
        time.sleep(1.5)
        acts[2]()
        return
    while True:
        dice.choices(acts, weights=(5, 3, 3, 1, 1))[0]()


def _erase_somebody(dice: random.Random) -> None:
    from analytics.models import Erasure, Person
    from analytics.store.erasure import erase

    if Erasure.objects.count() < _PERSONS // 4:
        people = list(Person.objects.order_by("pk").values_list("uuid", flat=True))
        if people:
            erase(dice.choice(people))


def _write(sent: Sent, stop: threading.Event, dice: random.Random) -> None:
    """Store events of the last three days, and change or delete some of those that are there."""
    from django.db import connection

    while not stop.is_set():
        _store_batch(sent, dice)
        if dice.random() < 0.3:
            _change_one(sent, dice)
        time.sleep(0.02)
    connection.close()


def _store_batch(sent: Sent, dice: random.Random) -> None:
    from analytics import clock
    from analytics.ingestion import pipeline
    from analytics.ingestion.commit import commit
    from analytics.ingestion.dialects.posthog import to_event
    from analytics.ingestion.event import Arrival

    now = clock.now()
    arrival = Arrival(received_at=now, source="api", ingest_key="kill", dialect="posthog")
    values = {UUID(int=dice.getrandbits(128), version=4): dice.randrange(1000) for _ in range(_BATCH)}
    owners = {uuid: f"u{dice.randrange(_PERSONS)}" for uuid in values}
    items = [
        {
            "event": "step",
            "distinct_id": owners[uuid],
            "uuid": str(uuid),
            "timestamp": (now - timedelta(hours=dice.uniform(0, 72))).isoformat(),
            "properties": {"revenue": value},
        }
        for uuid, value in values.items()
    ]
    batch = pipeline.run(arrival, [to_event(item, arrival, number) for number, item in enumerate(items)])
    (results,) = commit([batch])
    for result in results:
        if result.outcome == "stored":
            sent.values[result.uuid] = values[result.uuid]
            sent.owners[result.uuid] = owners[result.uuid]
        else:
            sent.refused += 1


def _change_one(sent: Sent, dice: random.Random) -> None:
    """An archived event cannot be changed any more: then the number of rows says so."""
    from analytics.models import UserEvent

    uuid = dice.choice(list(sent.values))
    rows = UserEvent.objects.filter(uuid=uuid)
    if dice.random() < 0.2:
        if rows.delete()[0]:
            del sent.values[uuid]
        return
    value = dice.randrange(1000, 2000)
    if rows.update(revenue_impact=value):
        sent.values[uuid] = value


def count(sent: Sent) -> tuple[list[str], int, int]:
    """Faults, rows that analyses see, and persons erased."""
    from analytics.models import Erasure
    from analytics.store import lake as lakes
    from analytics.store.persons import node_uuid
    from analytics.store.rebuild import find_faults

    erased = set(Erasure.objects.values_list("person_uuid", flat=True))
    gone = {f"u{number}" for number in range(_PERSONS) if node_uuid(f"u{number}") in erased}
    expected = {uuid: value for uuid, value in sent.values.items() if sent.owners[uuid] not in gone}
    found = _read_all()
    faults = [
        f"{uuid} is there {times} times" for uuid, times in Counter(u for u, _ in found).items() if times > 1
    ]
    values = dict(found)
    faults += [f"{uuid} is lost" for uuid in expected.keys() - values.keys()]
    faults += [f"{uuid} should not be there" for uuid in values.keys() - expected.keys()]
    faults += [
        f"{uuid} has {values[uuid]}, not {value}"
        for uuid, value in expected.items()
        if uuid in values and values[uuid] != value
    ]
    for uuid in set(sent.values).difference(expected):
        del sent.values[uuid]  # rows in, without those of erased persons
    return [*faults, *find_faults(), *_lost_archive(lakes.lake().snapshot().rows)], len(found), len(gone)


def _read_all() -> list[tuple[UUID, int]]:
    """Uuid and value of every event that an analysis sees."""
    from analytics import clock
    from analytics.store import lake as lakes
    from eventlake.parameters import Parameters
    from eventlake.periods import Span
    from eventlake.relations import Events

    span = Span(clock.now() - timedelta(days=9), clock.now() + timedelta(days=1))
    source = lakes.source(span.from_at, span.to_at)
    with lakes.engine().read(source) as reader:
        sql = "select uuid, cast(revenue_impact as bigint) from ({{events}})"
        rows = reader.run("count").rows(sql, Parameters(), events=Events(span))
    return [(UUID(uuid), value) for uuid, value in rows]


def _lost_archive(rows: int) -> list[str]:
    """Archived events must all be in the lake, whose rows are at least as many."""
    from analytics.models import ArchivedEvent

    archived = ArchivedEvent.objects.count()
    print(f"{archived:,} events only in the lake, which has {rows:,}")
    return [f"{archived} events were archived, but the lake has {rows}"] if archived > rows else []


if __name__ == "__main__":
    main()
