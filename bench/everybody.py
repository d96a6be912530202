"""The profiles of all users in one pass, beside the loop over users and rows that the specification sketches.

    python -m bench.everybody --users 200000 --events 10000000

Makes servers and a lake in a folder of its own: users with their persons in the database, their events sealed day by
day, rewritten and rolled up as upkeep does. The loop reads the events of 200 users through the ORM, one user after
another, from a table that holds the events of a tenth of the users; its time for all of them is extrapolated.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.own_servers import command, set_up

START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
DAYS = 30
_LOOPED = 200
_COPIED_SHARE = 10
_ROWS_AT_ONCE = 50_000


def main() -> None:
    """Run in a process whose servers and lake are its own."""
    parser = argparse.ArgumentParser(description="The profiles of all users in one pass.")
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        with tempfile.TemporaryDirectory(prefix="everybody-") as folder:
            sys.exit(subprocess.run(command(Path(folder), _inside()), check=False).returncode)
    set_up()
    found = measure(options.users, options.events)
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _inside() -> list[str]:
    return ["-m", "bench.everybody", "--inside", *sys.argv[1:]]


def measure(users: int, events: int) -> dict[str, Any]:
    """Seconds of the pass and its parts, and of the loop."""
    from analytics import clock

    _say(f"{users:,} users")
    make_users(users)
    _say(f"{events:,} events")
    make_events(users, events)
    with clock.frozen(START + dt.timedelta(days=DAYS)):
        first = _timed_pass()
        second = _timed_pass()
        loop = time_loop()
    return {
        "users": users,
        "events": events,
        "days": DAYS,
        "pass_first_s": first[0],
        "pass_s": second[0],
        "profiles": second[1],
        "loop_users": _LOOPED,
        "loop_s": round(loop, 2),
        "loop_all_users_s": round(loop * users / _LOOPED),
    }


def make_users(count: int) -> None:
    """Users and their persons with the same numbers."""
    from django.contrib.auth.models import User

    from analytics.ingestion.bulk import find_or_add_nodes
    from analytics.models import Person

    numbers = range(1, count + 1)
    User.objects.bulk_create(
        (User(pk=number, username=f"user{number}") for number in numbers),
        batch_size=10_000,
    )
    for start in range(1, count + 1, _ROWS_AT_ONCE):
        find_or_add_nodes(
            {str(number): START for number in range(start, min(start + _ROWS_AT_ONCE, count + 1))}
        )
    # The node of a user's distinct id gets the user's own number, so that events can be made without asking.
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE renumbered AS SELECT person_id AS old, distinct_id::bigint + 10000000 AS new "
            "FROM analytics_persondistinctid"
        )
        cursor.execute("ALTER TABLE analytics_persondistinctid DISABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE analytics_person DISABLE TRIGGER ALL")
        cursor.execute(
            "UPDATE analytics_person p SET id = r.new, user_id = r.new - 10000000 FROM renumbered r WHERE p.id = r.old"
        )
        cursor.execute(
            "UPDATE analytics_persondistinctid d SET person_id = r.new FROM renumbered r WHERE d.person_id = r.old"
        )
    assert Person.objects.filter(user=None).count() == 0


def make_events(users: int, count: int) -> None:
    """Seal the events; a tenth of the users have theirs in the database as well."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from analytics.store import lake as lakes
    from analytics.store import upkeep
    from eventlake.sealing import seal
    from eventlake.tests.synthetic import World

    lake, first = lakes.lake(), 1
    for made in World(count, start=START, days=DAYS, seed=7, has_merges=False).days():
        user = made.column("person_id").to_numpy() % users + 1
        day = _with(made, "person_id", pa.array(user + 10_000_000))
        day = _with(day, "user_id", pa.array(user, pa.int64()))
        ids = pa.array(np.arange(first, first + day.num_rows))
        day = _with(_with(day, "id", ids), "insert_xid", ids)
        until = first + day.num_rows
        seal(lake, day, watermark_from=first if first > 1 else 0, watermark_to=until, cluster=lakes.cluster())
        first = until
        _copy(day.filter(pc.less(day.column("user_id"), users // _COPIED_SHARE)))
    # The lake's watermark lies above every transaction of this database, so the copied rows are not read twice.
    upkeep.run_upkeep()


def _with(table: Any, name: str, values: Any) -> Any:
    if name not in table.column_names:
        return table.append_column(name, values)
    return table.set_column(table.column_names.index(name), name, values)


def _copy(day: Any) -> None:
    from analytics.store import staging

    names = (
        "uuid",
        "user_id",
        "person_id",
        "event_name",
        "event_type",
        "timestamp",
        "session_id",
        "metadata",
    )
    columns = {name: day.column(name).to_pylist() for name in names}
    at = START
    constants = {
        "distinct_id": "", "anonymous_id": "", "ingest_key": "", "page_url": "", "page_path": "", "action": "",
        "client_timestamp": "", "received_at": at, "created_at": at, "updated_at": at, "source": "api",
        "lineage_depth": 0, "retention_days": 365, "is_archived": False, "user_agent": "", "referrer": "",
        "device_type": "", "browser": "", "os": "", "intent_classification": "", "engagement_level": "",
    }  # fmt: skip
    from django.db import transaction

    with transaction.atomic():
        staging.insert_new_events(
            {**columns, "created_at": columns["timestamp"]},
            {name: value for name, value in constants.items() if name != "created_at"},
        )


def _timed_pass() -> tuple[float, int]:
    from analytics.ai_services.behaviour.profiles import profile_everybody

    started_s = time.perf_counter()
    profiles = profile_everybody(DAYS)
    return round(time.perf_counter() - started_s, 2), profiles


def time_loop() -> float:
    """Seconds for 200 users, one row after another: counts, hours, sessions, and a profile saved each."""
    from django.contrib.auth.models import User

    from analytics import clock
    from analytics.models import UserBehaviorProfile, UserEvent

    users = list(User.objects.order_by("pk")[:_LOOPED])
    since = clock.now() - dt.timedelta(days=DAYS)
    started_s = time.perf_counter()
    for user in users:
        events = UserEvent.objects.filter(user=user, created_at__gte=since)
        hours: Counter[int] = Counter()
        types: Counter[str] = Counter()
        days, sessions = set(), set()
        for event in events:
            hours[event.created_at.hour] += 1
            types[event.event_type] += 1
            days.add(event.created_at.date())
            sessions.add(event.session_id)
        score = min(1.0, len(days) / DAYS)
        UserBehaviorProfile.objects.update_or_create(
            user=user,
            defaults={
                "engagement_score": score,
                "preferred_event_types": [name for name, _ in types.most_common(5)],
            },
        )
    return time.perf_counter() - started_s


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
