"""Building the image and running its containers without an engine: the same lines, in a folder that stands for /.

Paths of the image (`/app`, `/opt/venv`, `/data`) are led into that folder; everything else is run as it is written.
Containers run as an account that is not root wherever the tests are root.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopin_backend.embedded.account import Account, find_account
from loopin_backend.tests.container_files import (
    ROOT,
    Instruction,
    command_of,
    image_environment,
    iter_context,
    last_stage,
    read_dockerfile,
)

#: Accounts are made by the image's own system tools; here there is one already.
_MAKES_ACCOUNT = "groupadd "
#: What a worker writes past all logging when it is told to stop.
_CELERYS_FAREWELL = ("", "worker: Warm shutdown (MainProcess)")
_PLACES = re.compile(r"(?<![\w/.-])/(opt/venv|app|data|build|tmp/build)\b")


@dataclass
class Image:
    """What building gives: a folder for a root, and who its containers run as."""

    root: Path
    account: Account = field(default_factory=find_account)
    instructions: list[Instruction] = field(default_factory=read_dockerfile)
    steps: list[str] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """`text` with the image's paths led into the folder."""
        return _PLACES.sub(lambda found: f"{self.root}/{found[1]}", text)

    @property
    def app(self) -> Path:
        """The folder that stands for /app."""
        return self.root / "app"

    def build(self) -> None:
        """Each instruction in order, as root or whoever runs the tests."""
        python = find_python(self.account)
        variables = {"PATH": f"{Path(python).parent}:/usr/bin:/bin"}
        folder = self.root
        for instruction in self.instructions:
            match instruction.name:
                case "WORKDIR":
                    folder = Path(self.inside(instruction.value))
                    folder.mkdir(parents=True, exist_ok=True)
                case "COPY":
                    self._copy(instruction.words, folder)
                case "ENV":
                    found = image_environment([instruction])
                    variables |= {
                        n: self.inside(v.replace("$PATH", variables["PATH"])) for n, v in found.items()
                    }
                case "RUN":
                    self._run(instruction.value, folder, variables, python)
        (self.root / "data").mkdir()
        shutil.chown(self.root / "data", self.account.uid, self.account.gid)

    def _copy(self, words: Sequence[str], folder: Path) -> None:
        if words[0].startswith("--from="):
            return  # both stages are the same folder
        files = list(iter_context()) if words[0] == "." else [Path(word) for word in words[:-1]]
        for name in files:
            target = folder / words[-1] / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
        self.steps.append(f"COPY {len(files)} files")

    def _run(self, line: str, folder: Path, variables: Mapping[str, str], python: str) -> None:
        if line.startswith(_MAKES_ACCOUNT):
            self.steps.append("accounts: as they are here")
            return
        # The cache of wheels saves minutes and changes nothing about what is installed.
        line = self.inside(line).replace("--no-cache-dir ", "")
        if line.startswith("python -m venv"):
            line = line.replace("python", python, 1)
        inherited = {
            n: v for n, v in os.environ.items() if n not in ("DJANGO_SETTINGS_MODULE", "LOOPIN_DATA_DIR")
        }
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=folder,
            env={**inherited, **variables},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"RUN {line}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        self.steps.append(f"RUN {line[:60]}")

    def files(self) -> dict[str, tuple[int, int]]:
        """Size and time of everything that a read-only container cannot change."""
        found = {}
        for place in ("app", "opt"):
            for path in (self.root / place).rglob("*"):
                status = path.lstat()
                found[str(path)] = (status.st_size, status.st_mtime_ns)
        return found


class Container:
    """One service of compose.yaml as a process; its output is kept as it came."""

    def __init__(
        self, image: Image, name: str, service: Mapping[str, Any], changes: Mapping[str, str]
    ) -> None:
        self.name = name
        self._image = image
        self._scratch = image.root / f"tmp-{name}"  # the tmpfs of the container
        self._scratch.mkdir(exist_ok=True)  # a service may be run again
        shutil.chown(self._scratch, image.account.uid, image.account.gid)
        stage = last_stage(image.instructions)
        given = {**image_environment(stage), **service["environment"]}
        self._environment = {key: image.inside(str(value)) for key, value in given.items()} | {
            "PATH": f"{image.root}/opt/venv/bin:/usr/bin:/bin",
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
            "LOOPIN_ALIVE_DIR": str(self._scratch),
            "HOSTNAME": name,
            **changes,
        }
        self._command = service.get("command") or command_of(stage)
        self._check = (service.get("healthcheck") or {}).get("test") or _check_of(stage)
        self._log = image.root / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process by the command of the file."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._located(self._command), stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                **self._place(),
            )  # fmt: skip

    def run(
        self, command: Sequence[str] | None = None, timeout_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run the command of the file, or another one, to its end."""
        return subprocess.run(
            self._located(command or self._command), capture_output=True, text=True, check=False, timeout=timeout_s,
            **self._place(),
        )  # fmt: skip

    def is_healthy(self) -> bool:
        """What the container's own check says; raises when its process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-4000:]}")
        return self.run(self._check[1:], 30).returncode == 0

    def stop(self, within_s: float = 30) -> int:
        """As `docker stop` does: a signal to the first process, and time to end; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop:\n{self.log()[-2000:]}") from None

    def kill(self) -> None:
        """End it and its children whatever they are doing."""
        if self.process is not None and self.process.poll() is None:
            subprocess.run(["/bin/kill", "-s", "KILL", "--", f"-{self.process.pid}"], check=False)
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def log(self) -> str:
        """Everything that it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def lines(self) -> list[dict[str, Any]]:
        """The same as records, but for Celery's last words. **Errors**: `AssertionError` for a line that is none."""
        found = []
        for line in self.log().splitlines():
            if line in _CELERYS_FAREWELL:
                continue
            try:
                found.append(json.loads(line))
            except ValueError:
                raise AssertionError(f"{self.name} printed a line that is not JSON: {line}") from None
        return found

    def _located(self, command: Sequence[str]) -> list[str]:
        """The program by its place in the image: a child looks it up with our PATH, not with its own."""
        program = self._image.root / "opt/venv/bin" / command[0]
        return [str(program), *command[1:]]

    def _place(self) -> dict[str, Any]:
        account = self._image.account
        other = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.is_other else {}
        return {"cwd": self._image.app, "env": self._environment, **other}


def _check_of(stage: list[Instruction]) -> list[str]:
    value = next(i.value for i in stage if i.name == "HEALTHCHECK")
    return ["CMD", *json.loads(value[value.index("[") :])]


def find_python(account: Account) -> str:
    """A Python that the account of the containers may run; a home directory of root's is closed to it.

    **Errors**: `LookupError` when there is none.
    """
    is_new_enough = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    for folder in (Path(sys.base_prefix) / "bin", Path("/usr/local/bin"), Path("/usr/bin")):
        python = folder / "python3"
        if python.exists() and (not account.is_other or account.can_reach(python)):
            tried = subprocess.run([python, "-c", is_new_enough], check=False, capture_output=True)
            if tried.returncode == 0:
                return str(python)
    raise LookupError("no Python of 3.11 or newer that an account other than root may run")
