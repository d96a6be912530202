"""The erasure of many persons in small: `python -m bench.erase` does it with a thousand, on servers of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_no_byte_of_the_erased_is_left_anywhere() -> None:
    command = [sys.executable, "-m", "bench.erase", "--people", "12"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "24 late events refused" in done.stdout
    assert "0 faults" in done.stdout
