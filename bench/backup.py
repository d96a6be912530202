"""Back up under load, restore into a fresh data directory, and compare: nothing that was acknowledged may be missing.

    python -m bench.backup --seconds 20 --kills 20

Writers send batches without a pause while events are sealed. Some events are deleted and a person is erased; then
backups are begun and killed at random moments, and one is left to finish. A second deployment, with a database cluster
of its own, restores it: every event that was acknowledged before it began must be there, deleted ones must not, the
lake must agree with the database, and sealing must go on. A person who is erased after the backup stays erased.
Exit code 1 when something is not so.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from bench.own_servers import command, set_up, use_django

_TOKEN = "lk_bench_backup"  # noqa: S105
_BATCH = 50
_PERSONS = 500
_LONGEST_LIFE_S = 0.6


def main() -> None:
    """Two deployments, one after the other."""
    parser = argparse.ArgumentParser(description="Back up under load, restore elsewhere, compare.")
    parser.add_argument("--seconds", type=float, default=20, help="of load before the backup")
    parser.add_argument("--kills", type=int, default=20, help="backups that are killed")
    parser.add_argument(
        "--part", choices=("all", "source", "backup", "target"), default="all", help=argparse.SUPPRESS
    )
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "all":
        with tempfile.TemporaryDirectory(prefix="backup-") as folder:
            Path(folder).chmod(0o711)  # the servers' account must be able to walk into it
            sys.exit(_both(Path(folder), options.seconds, options.kills))
    if options.part == "backup":
        use_django()
        from django.core.management import call_command

        call_command("backup", str(options.folder))
        return
    set_up()
    faults = (
        _fill(options.folder, options.seconds, options.kills)
        if options.part == "source"
        else _compare(options.folder)
    )
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


def _both(folder: Path, seconds: float, kills: int) -> int:
    for part in ("source", "target"):
        home = folder / part
        home.mkdir(mode=0o711)
        arguments = ["-m", "bench.backup", "--part", part, "--folder", str(folder)]
        arguments += ["--seconds", str(seconds), "--kills", str(kills)]
        code = subprocess.run(command(home, arguments, LOOPIN_ENV="development"), check=False).returncode
        if code:
            return code
    print("0 faults")
    return 0


class Load:
    """Writers that note what was acknowledged."""

    def __init__(self, seed: int) -> None:
        self.acknowledged: dict[str, str] = {}
        self.lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(random.Random(seed + n),)) for n in range(2)
        ]
        self._threads.append(threading.Thread(target=self._seal))

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def so_far(self) -> dict[str, str]:
        """uuid to distinct id of what was acknowledged until now."""
        with self.lock:
            return dict(self.acknowledged)

    def _write(self, dice: random.Random) -> None:
        from django.db import connection
        from django.test import Client

        client = Client(SERVER_NAME="localhost")
        while not self._stop.is_set():
            batch = [_event(f"u{dice.randrange(_PERSONS)}") for _ in range(_BATCH)]
            body = gzip.compress(json.dumps({"api_key": _TOKEN, "batch": batch}).encode())
            headers = {"Content-Encoding": "gzip"}
            answer = client.post("/batch/", body, content_type="application/json", headers=headers)
            if answer.status_code == 200:
                with self.lock:
                    self.acknowledged.update((event["uuid"], event["distinct_id"]) for event in batch)
        connection.close()

    def _seal(self) -> None:
        from django.db import connection

        from analytics.store.sealing import seal_all

        while not self._stop.wait(0.2):
            seal_all()
        connection.close()


def _event(distinct_id: str) -> dict[str, Any]:
    return {
        "event": "clicked",
        "distinct_id": distinct_id,
        "uuid": str(uuid.uuid4()),
        "properties": {"size": 3},
    }


def _fill(folder: Path, seconds: float, kills: int) -> list[str]:
    """Load, deletes, killed backups, the backup."""
    from analytics.ingestion.keys import create_ingest_key
    from analytics.models import UserEvent
    from analytics.store.sealing import seal_all
    from analytics.store.upkeep import run_upkeep

    create_ingest_key("bench", _TOKEN)
    faults: list[str] = []
    with Load(seed=1) as load:
        time.sleep(seconds / 2)
        gone = [str(event.uuid) for event in UserEvent.objects.order_by("pk")[:100]]
        UserEvent.objects.filter(uuid__in=gone[:50]).delete()
        seal_all()
        run_upkeep()
        UserEvent.objects.filter(uuid__in=gone[50:]).delete()  # the lake does not know of these yet
        _erase("u1")
        time.sleep(seconds / 2)
        killed = _kill_backups(folder / "killed", kills, faults)
        before = load.so_far()
        started = time.perf_counter()
        _backup(folder / "made")
        took_s = time.perf_counter() - started
        after = load.so_far()
    _erase("u2")
    digests = subprocess.run(
        [sys.executable, "manage.py", "erased_ids"], capture_output=True, text=True, check=True
    ).stdout
    (folder / "erased.txt").write_text(digests)
    told = {"before": before, "deleted": gone, "after": len(after)}
    (folder / "told.json").write_text(json.dumps(told))
    print(
        f"{len(before):,} events acknowledged, then a backup in {took_s:.1f} s while {len(after) - len(before):,} more "
        f"came; {killed} of {kills} backups before it were killed half way"
    )
    return faults


def _erase(distinct_id: str) -> None:
    from django.core.management import call_command

    call_command("erase_person", distinct_id, yes=True, verbosity=0, stdout=open("/dev/null", "w"))  # noqa: SIM115


def _backup(folder: Path) -> None:
    from analytics.store import backup

    backup.make(folder)


def _kill_backups(folder: Path, kills: int, faults: list[str]) -> int:
    """Begin a backup and kill it with -9, so many times; how many left nothing that a restore would take."""
    dice, halves = random.Random(5), 0
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.backup", "--part", "backup", "--folder", str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        unfinished = folder.with_name(f".{folder.name}.unfinished")
        while process.poll() is None and not unfinished.exists():
            time.sleep(0.01)
        time.sleep(dice.uniform(0, _LONGEST_LIFE_S))
        process.kill()
        process.wait()
        halves += not folder.exists()
        if folder.exists() and not _is_whole(folder):
            faults.append("a killed backup left a folder under its name that is not complete")
        if unfinished.exists() and not (unfinished / "manifest.json").exists() and _is_whole(unfinished):
            faults.append("a restore would take a half backup")
        shutil.rmtree(folder, ignore_errors=True)  # it was quicker than we were
        shutil.rmtree(unfinished, ignore_errors=True)
    return halves


def _is_whole(folder: Path) -> bool:
    """Whether a restore would take the folder."""
    from analytics.errors import BadInput
    from analytics.store.backup.manifest import check_files, read_manifest

    try:
        check_files(folder, read_manifest(folder))
    except BadInput:
        return False
    return True


def _compare(folder: Path) -> list[str]:
    """In the other deployment: restore, and what is not as it should be."""
    from django.db import connection

    from analytics.ingestion.keys import ring
    from analytics.models import PersonDistinctId, UserEvent
    from analytics.reports.overview import overview
    from analytics.store import backup
    from analytics.store.rebuild import find_faults
    from analytics.store.sealing import seal_all

    told = json.loads((folder / "told.json").read_text())
    started = time.perf_counter()
    done = backup.restore(folder / "made", erased=(folder / "erased.txt").read_text().split())
    took_s = time.perf_counter() - started
    here = {str(value) for value in UserEvent.objects.values_list("uuid", flat=True)}
    expected = {name for name, owner in told["before"].items() if owner not in ("u1", "u2")} - set(
        told["deleted"]
    )
    faults = [f"{len(expected - here)} acknowledged events are missing"] if expected - here else []
    faults += (
        [f"{len(here & set(told['deleted']))} deleted events are back"] if here & set(told["deleted"]) else []
    )
    erased = PersonDistinctId.objects.filter(distinct_id__in=["u1", "u2"])
    faults += [f"erased persons are back: {erased.count()}"] if erased.exists() else []
    faults += [] if done.is_rebased and done.erased_again == 1 else [f"rebased, erased again: {done}"]
    ring.forget()
    load = Load(seed=9)
    with load:
        time.sleep(1)
    seal_all()
    faults += list(find_faults())
    total = overview(2).as_answer()["total_events"]
    rows = UserEvent.objects.count()
    stored = sum(owner not in ("u1", "u2") for owner in load.acknowledged.values())
    faults += [f"analyses see {total} events of {rows}"] if total != rows else []
    if rows != len(here) + stored:
        faults.append(f"{stored} were stored after the restore; {rows} rows, {len(here)} before")
    connection.close()
    print(
        f"restored in {took_s:.1f} s: {len(here):,} events, {len(expected):,} expected at least, "
        f"{len(done.manifest.tables)} tables compared, {done.erased_again} person erased again; "
        f"{stored:,} events stored and sealed since"
    )
    return faults


if __name__ == "__main__":
    main()
