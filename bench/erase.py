"""Erase many persons whose every field holds a mark of theirs, then look for that mark everywhere, byte by byte.

    python -m bench.erase --people 1000

Each person has two merged ids; events sealed, archived, hot and dated in the future; properties, a refused event, a
receipt, an event that a sink refused, an insight, a place in a cohort, and answers kept in Valkey. As many others live
beside them. Afterwards no mark may be in a dump of the database, in any file of the lake, in Valkey, in the logs or in
a new export; the others' rows are as before, and what still arrives under an erased id is refused.

Servers, lake and logs are made in a folder of their own. Exit code 1 when a single mark is left.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import logging
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.own_servers import command, set_up

MARK = b"kanarienvogel"
_TOKEN = "lk_bench_erase"  # noqa: S105
_AT_ONCE = 50
_HOT_DAYS = 1


def main() -> None:
    """Fill, look, erase, look again."""
    parser = argparse.ArgumentParser(description="Erase many marked persons and look for what is left.")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder is None:
        with tempfile.TemporaryDirectory(prefix="erase-") as folder:
            inner = ["-m", "bench.erase", "--people", str(options.people), "--folder", folder]
            given = {"LOOPIN_ENV": "development", "LOG_LEVEL": "INFO", "ANALYTICS_HOT_DAYS": str(_HOT_DAYS)}
            sys.exit(subprocess.run(command(Path(folder), inner, **given), check=False).returncode)
    set_up()
    _write_log(options.folder / "python.log")
    faults = run(options.people, options.folder)
    for fault in faults:
        print(f"FAULT: {fault}")
    print(f"{len(faults)} faults")
    sys.exit(1 if faults else 0)


def _write_log(path: Path) -> None:
    """Everything from INFO on goes into the file; only errors are printed."""
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.ERROR)
    logging.getLogger().addHandler(logging.FileHandler(path, encoding="utf-8"))


def run(people: int, folder: Path) -> list[str]:
    """What is wrong at the end; nothing, if all is well."""
    from analytics.ingestion.keys import create_ingest_key

    create_ingest_key("bench", _TOKEN)
    _fill(people)
    before, others = traces(folder), _others(folder / "before.jsonl")
    print("marks before: " + ", ".join(f"{place} {count:,}" for place, count in before.items()))
    faults = [
        f"nothing of the marks was in {place}, so nothing is shown" for place in before if not before[place]
    ]
    erase_s, upkeep_s, rows = _erase()
    refused = _send_late(people)
    after, others_after = traces(folder), _others(folder / "after.jsonl")
    print(
        f"{people:,} persons erased in {erase_s:.1f} s ({rows:,} events); lake, files and cache in {upkeep_s:.1f} s"
    )
    print("marks after: " + ", ".join(f"{place} {count:,}" for place, count in after.items()))
    print(
        f"{refused:,} late events refused; {others_after[1]:,} rows of others, checksum {others_after[0][:12]}"
    )
    faults += [f"{count} marks are left in {place}" for place, count in after.items() if count]
    if others != others_after:
        faults.append(f"the others were {others} and are {others_after}")
    if refused != 2 * people:
        faults.append(f"of {2 * people} late events {refused} were refused")
    return faults


def _fill(people: int) -> None:
    """Everything about everybody, in all the states that rows can have."""
    from analytics import clock
    from analytics.store.sealing import seal_all
    from analytics.store.upkeep import run_cleanup, run_upkeep

    now = clock.now()
    names = [f"{MARK.decode()}-{number:05d}" for number in range(people)]
    crowd = [*names, *(f"other-{number:05d}" for number in range(people))]
    with clock.frozen(now - timedelta(days=3)):
        _send([event for name in crowd for event in _early(name)])
        seal_all()
        run_upkeep()
    with clock.frozen(now - timedelta(hours=3)):
        run_cleanup()
    run_cleanup()  # the rows of three days ago are in the lake alone from here on
    _send([event for name in crowd for event in _later(name)])
    seal_all()
    _send([event for name in crowd for event in _fresh(name)])
    _put_rows(names)
    _keep_answers()


def _event(name: str, distinct_id: str, **properties: Any) -> dict[str, Any]:
    return {"event": name, "distinct_id": distinct_id, "uuid": str(uuid.uuid4()), "properties": properties}


def _early(name: str) -> Iterator[dict[str, Any]]:
    """Every field that a client can fill."""
    yield _event(
        f"saw {name}", name,
        **{
            name: name, "nested": {"deep": [name]}, "city": name, "comment": f"{name} likes it", "revenue": 3,
            "$current_url": f"https://shop.example/{name}?q={name}", "$referrer": f"https://{name}.example/",
            "$session_id": f"session-{name}", "$browser": name, "$os": name, "$device_type": name[:20],
            "$raw_user_agent": f"agent {name}", "$set": {"email": f"{name}@example.org"}, "$set_once": {"first": name},
        },
    )  # fmt: skip


def _later(name: str) -> Iterator[dict[str, Any]]:
    """A second id that is merged into the first, an event of the future, and one without a name."""
    yield _event("opened", f"{name}-phone", **{"$set": {"phone": name}})
    yield _event("$merge_dangerously", name, alias=f"{name}-phone")
    future = _event("planned", name, note=name)
    yield {**future, "timestamp": "2031-05-04T10:00:00Z"}
    yield _event("", name, note=name)


def _fresh(name: str) -> Iterator[dict[str, Any]]:
    """A row that is not sealed yet, twice, and with an id too long for its column: both leave receipts."""
    twice = _event(f"left {name}", f"{name}-phone", page=name)
    yield twice
    yield twice
    yield _event("long " + "x" * 300, name)


def _put_rows(names: Sequence[str]) -> None:
    """What is made of events later: insights, a cohort, and what a sink said of an event that it refused."""
    from django.contrib.auth.models import User

    from analytics.models import AIInsight, Cohort, CohortMember, Person, UserBehaviorProfile, UserEvent
    from analytics.store.outbox import put_message

    cohort = Cohort.objects.create(name="early birds", kind="static")
    people = list(Person.objects.filter(own_distinct_id__distinct_id__in=names).order_by("pk"))
    CohortMember.objects.bulk_create(CohortMember(cohort=cohort, person=person) for person in people)
    users = User.objects.bulk_create(User(username=f"user{place}") for place in range(len(people)))
    for person, user, name in zip(people, users, names, strict=True):
        Person.objects.filter(pk=person.pk).update(user=user)
        AIInsight.objects.create(
            insight_type="churn_risk", target_type="user", target_id=str(user.pk), title=f"About {name}",
            description=name, confidence_score=0.9, model_name="churn", model_version="1",
        )  # fmt: skip
        UserBehaviorProfile.objects.create(user=user, preferred_locations=[name])
        event = UserEvent.objects.filter(person=person).latest("pk")
        message = put_message(
            sink="posthog", kind="event", payload={"uuid": str(event.uuid)}, ordering_key=str(event.uuid)
        )
        message.last_error = f"400: {name} is not welcome"
        message.save()


def _keep_answers() -> None:
    from django.contrib.auth.models import User

    from analytics.reports.shared_answers import get_analytics_overview_cached, get_user_behavior_cached

    get_analytics_overview_cached(30)
    for user in User.objects.order_by("pk")[:5]:
        get_user_behavior_cached(user.pk, 30)


def _send(events: Sequence[dict[str, Any]]) -> None:
    """POST them as an SDK does."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    for first in range(0, len(events), _AT_ONCE):
        body = json.dumps({"api_key": _TOKEN, "batch": events[first : first + _AT_ONCE]}).encode()
        headers = {"Content-Encoding": "gzip"}
        answer = client.post("/batch/", gzip.compress(body), content_type="application/json", headers=headers)
        if answer.status_code != 200:
            raise SystemExit(f"/batch/ answered {answer.status_code}: {answer.content[:300]!r}")


def _erase() -> tuple[float, float, int]:
    """Erase everybody who is marked; seconds in the database, seconds of the upkeep, events that went."""
    from analytics.models import Erasure, Person
    from analytics.store import erasure
    from analytics.store.upkeep import engine

    marked = Person.objects.filter(merged_into=None, own_distinct_id__distinct_id__startswith=MARK.decode())
    started = time.perf_counter()
    for person in list(marked.order_by("pk").values_list("uuid", flat=True)):
        erasure.erase(person)
    erased = time.perf_counter()
    erasure.continue_erasures(engine(), at_once=True)
    done = time.perf_counter()
    left = Erasure.objects.filter(completed_at=None).count()
    if left:
        raise SystemExit(f"{left} erasures are not complete")
    return erased - started, done - erased, sum(Erasure.objects.values_list("deleted_rows", flat=True))


def _send_late(people: int) -> int:
    """Events that come after the erasure; how many of them were refused because of it."""
    from analytics.models import LedgerEntry

    names = [f"{MARK.decode()}-{number:05d}" for number in range(people)]
    _send([_event("late", f"{name}{part}", note=name) for name in names for part in ("", "-phone")])
    return sum(LedgerEntry.objects.filter(reason="erased_person").values_list("count", flat=True))


def traces(folder: Path) -> dict[str, int]:
    """How often the mark occurs, by place."""
    return {
        "database dump": _dump().count(MARK),
        "lake": sum(_in_file(path) for path in (folder / "lake").rglob("*") if path.is_file()),
        "Valkey": sum(value.count(MARK) for value in _cached()),
        **_others_of(folder),
    }


def _others_of(folder: Path) -> dict[str, int]:
    """Places that must never have had a mark are looked at after the erasure only."""
    from analytics.models import Erasure

    if not Erasure.objects.exists():
        return {}
    export = folder / "export.jsonl"
    _export(export)
    logs = [path for path in folder.rglob("*.log") if path.is_file()]
    return {
        "logs": sum(path.read_bytes().count(MARK) for path in logs),
        "a new export": export.read_bytes().count(MARK),
    }


def _dump() -> bytes:
    from loopin_backend import embedded
    from loopin_backend.embedded.postgres import binary

    command = [str(binary("pg_dump")), "--inserts", embedded.places().postgres_url]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _in_file(path: Path) -> int:
    """Marks in the bytes of a file and, since columns are compressed, in the decoded values of a Parquet file."""
    import pyarrow.parquet as pq

    count = path.read_bytes().count(MARK)
    if path.suffix == ".parquet":
        count += str(pq.read_table(path, partitioning=None).to_pylist()).encode().count(MARK)
    return count


def _cached() -> Iterator[bytes]:
    """Every key of every database of Valkey, with its value as the server keeps it."""
    from redis import Redis

    from loopin_backend import embedded

    for number in range(4):
        client = Redis.from_url(embedded.places().valkey_url.replace("db=0", f"db={number}"))
        for key in client.scan_iter(count=1000):
            yield key
            yield client.dump(key) or b""
            if client.type(key) == b"string":
                yield bytes(client.get(key) or b"")  # type: ignore[arg-type]  # nothing is decoded here
        client.close()


def _others(export: Path) -> tuple[str, int]:
    """A checksum of all rows of those who are not marked, and how many they are."""
    _export(export)
    rows = sorted(line for line in export.read_bytes().splitlines() if MARK not in line)
    export.unlink()
    return hashlib.sha256(b"\n".join(rows)).hexdigest(), len(rows)


def _export(path: Path) -> None:
    from analytics.reports.exports import ExportFormat, export_events

    with path.open("wb") as file:
        file.writelines(export_events(ExportFormat.JSONL).chunks)


if __name__ == "__main__":
    main()
