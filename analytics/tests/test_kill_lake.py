"""The loop of kills in small: `python -m bench.kill_lake` runs it two hundred times."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_every_row_is_there_once_however_often_the_worker_dies() -> None:
    command = [sys.executable, "-m", "bench.kill_lake", "--rounds", "6", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "6 kills" in done.stdout
    assert "0 faults" in done.stdout
