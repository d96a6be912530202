"""The loop of kills in small: `python -m bench.kill_outbox` runs it sixty times."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_everything_arrives_in_order_however_often_the_worker_dies() -> None:
    command = [sys.executable, "-m", "bench.kill_outbox", "--rounds", "5", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "5 kills" in done.stdout
    assert "0 faults" in done.stdout
