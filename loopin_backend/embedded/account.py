"""Which operating-system account the servers run as, and how a process becomes it.

PostgreSQL refuses to run as root. An ordinary user's servers run as that user; root's run as the
system account `loopin`, made on first use, or as `nobody` where no account can be made.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from loopin_backend.embedded.errors import EmbeddedServerError

ROOTS_ACCOUNT = "loopin"
FALLBACK_ACCOUNT = "nobody"

_PR_SET_KEEPCAPS = 8  # linux/prctl.h
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE = 1  # linux/capability.h
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Account:
    """An account by name and numbers; `is_other` when it is not the account of this process."""

    name: str
    uid: int
    gid: int
    is_other: bool

    def own(self, directory: Path, mode: int = 0o700) -> None:
        """Make `directory` if need be and give it to this account alone.

        Errors: `EmbeddedServerError` when it is a link or belongs to somebody else.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=mode)
        status = directory.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {self.uid, os.geteuid()}:
            raise EmbeddedServerError(
                f"{directory} belongs to uid {status.st_uid}, not to {self.name}: run as its owner, "
                "or set LOOPIN_DATA_DIR to a directory of your own"
            )
        if status.st_uid != self.uid:
            os.chown(directory, self.uid, self.gid)
        if stat.S_IMODE(status.st_mode) != mode:
            directory.chmod(mode)

    def can_reach(self, path: Path) -> bool:
        """True when this account may walk every directory above `path` by its mode bits."""
        return all(_may_enter(self, parent.stat()) for parent in path.resolve().parents)


def find_account() -> Account:
    """The account that the servers of this process run as.

    Errors: `EmbeddedServerError` when this uid has no name, which PostgreSQL insists on.
    """
    uid = os.geteuid()
    if uid == 0:
        return _account_for_root()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise EmbeddedServerError(
            f"uid {uid} has no entry in the user database, which the embedded PostgreSQL needs: "
            "add one, or set DATABASE_URL to a PostgreSQL of your own"
        ) from error
    return Account(entry.pw_name, uid, os.getegid(), is_other=False)


def _account_for_root() -> Account:
    for name in (ROOTS_ACCOUNT, FALLBACK_ACCOUNT):
        entry = _find_entry(name)
        if entry is None and name == ROOTS_ACCOUNT:
            entry = _make_system_account(name)
        if entry is not None and entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_other=True)
    raise EmbeddedServerError(
        "PostgreSQL does not run as root and this machine has no account for it: "
        f"make one with 'useradd --system {ROOTS_ACCOUNT}', or run as an ordinary user"
    )


def _find_entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_system_account(name: str) -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd is None:
        return None
    command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name]
    subprocess.run(command, check=False, capture_output=True)  # another process may have won the race
    return _find_entry(name)


def _may_enter(account: Account, status: os.stat_result) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def run_as(
    account: Account, command: Sequence[str | Path], *, reach: Sequence[Path] = (), stdin_text: str = ""
) -> str:
    """Run `command` to its end as `account` and return what it printed.

    A clean environment and `/` as the working directory keep the caller's locale, PG* variables and
    unreadable home out of the server. `reach` lists the paths that the account must get at.

    Errors: `EmbeddedServerError` with the command's output when it fails.
    """
    # A file, not a pipe: a server started by the command inherits it, and a pipe would never close.
    with TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(part) for part in command],
            input=stdin_text,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_server_environment(),
            preexec_fn=_become(account, reach),
            check=False,
        )
        output.seek(0)
        said = output.read().strip()
    if done.returncode != 0:
        raise EmbeddedServerError(f"{Path(command[0]).name} failed with status {done.returncode}: {said}")
    return said


def _server_environment() -> Mapping[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _become(account: Account, reach: Sequence[Path]) -> Callable[[], None] | None:
    """What a child does between fork and exec to become `account`; None when it already is."""
    if not account.is_other:
        return None
    keeps_reach = not all(account.can_reach(path) for path in reach)
    libc = ctypes.CDLL(None, use_errno=True) if keeps_reach else None

    def become() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
        os.umask(0o077)
        if libc is not None:
            _keep_one_capability(libc, _CAP_DAC_OVERRIDE)

    return become


def _keep_one_capability(libc: ctypes.CDLL, capability: int) -> None:
    """Carry one of root's capabilities over the coming exec, and drop all others.

    A clone below a closed directory such as /root cannot be read by another account. Opening that
    directory to everybody would change the user's machine; this lets the server alone pass.
    Source: man 7 capabilities, "Ambient".
    """
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable for capabilities 0 to 31, then the same for 32 to 63
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if libc.capset(header, sets) or libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot keep CAP_DAC_OVERRIDE")
