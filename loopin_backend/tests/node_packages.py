"""The client SDKs of `node/package.json`, installed once into the data directory of the tests."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loopin_backend import env
from loopin_backend.tests.sdk_case import lack, need

SOURCE = Path(__file__).parent / "node"
INSTALL_TIMEOUT_S = 100
HINT = "install nodejs and npm, for instance with apt-get"


def install() -> Path:
    """The directory with our scripts beside `node_modules`; skips loudly where that cannot be had."""
    need("node", "npm", hint=HINT)
    wanted = (SOURCE / "package.json").read_bytes()
    home = env.load().loopin_data_dir / "node" / hashlib.sha256(wanted).hexdigest()[:12]
    home.mkdir(parents=True, exist_ok=True)
    for source in SOURCE.iterdir():
        shutil.copy(source, home)
    done = home / "installed"
    if not done.exists():
        command = [
            "npm", "install", "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund",
        ]  # fmt: skip
        outcome = subprocess.run(
            command, cwd=home, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
        if outcome.returncode:
            lack(f"npm install failed in {home}: {outcome.stderr[-500:]}")
        done.touch()
    return home


class NodeRun:
    """One of our scripts at work with an SDK, with more variables if given; `finish` gives what it printed."""

    def __init__(
        self, home: Path, script: str, task: dict[str, Any], variables: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            ["node", script, json.dumps(task)],  # noqa: S607 - found on the path by `need`
            cwd=home,
            env=env.child_environment(**(variables or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, timeout_s: float = 90) -> dict[str, Any]:
        """What the script printed last, as JSON; fails with its words when it failed."""
        try:
            out, err = self._process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.end()
            raise
        if self._process.returncode or not out:
            raise AssertionError(f"the script ended with code {self._process.returncode}:\n{out}{err}")
        printed: dict[str, Any] = json.loads(out.splitlines()[-1])
        return printed

    def end(self) -> None:
        """Make sure that the process is gone."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
