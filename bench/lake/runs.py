"""Running the engines, each in a process of its own, one after another."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

from bench.lake.data import Data
from bench.lake.measuring import drop_from_page_cache

Said = dict[str, Any]

#: What decides how a peer's store looks: a kept one is used again while these are the same.
_STORE_SOURCES = {
    "clickhouse": ("clickhouse.py", "sql/clickhouse/create_events.sql", "sql/clickhouse/insert_events.sql"),
    "postgres": ("postgres.py",),
}


def load(engine: str, data: Data) -> Said:
    """The figures of filling an engine. A peer that is filled already says what it said then; ours is filled anew."""
    kept = data.folder / f"loaded-{engine}.json"
    version = _version(engine)
    if version and kept.exists():
        said: Said = json.loads(kept.read_text(encoding="utf-8"))
        if said.get("version") == version:
            return said
    said = {**_work(engine, "load", data), "version": version}
    kept.write_text(json.dumps(said), encoding="utf-8")
    return said


def ask_warm(engine: str, data: Data, names: Sequence[str]) -> Said:
    """Times and answers of all questions, in one process, and its peak of memory."""
    return _work(engine, "warm", data, names)


def ask_cold(engine: str, data: Data, names: Sequence[str]) -> dict[str, float]:
    """Milliseconds of each question as the first one of a process, whose files the kernel was told to forget.

    Without those that failed.
    """
    found = {}
    folder = data.lake if engine == "ours" else data.clickhouse
    for name in names:
        drop_from_page_cache(folder)
        with suppress(subprocess.CalledProcessError):  # the worker has said why
            found[name] = float(_work(engine, "cold", data, [name])["ms"])
    return found


def _version(engine: str) -> str:
    sources = _STORE_SOURCES.get(engine, ())
    texts = [(resources.files("bench.lake") / source).read_bytes() for source in sources]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16] if texts else ""


def _work(engine: str, task: str, data: Data, names: Sequence[str] = ()) -> Said:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "said.json"
        command = [sys.executable, "-m", "bench.lake.worker", engine, task, *names]
        options = ["--folder", str(data.folder), "--out", str(out)]
        subprocess.run([*_environment(engine, data), *command, *options], check=True)
        said: Said = json.loads(out.read_text(encoding="utf-8"))
        return said


def _environment(engine: str, data: Data) -> list[str]:
    """PostgreSQL is the embedded one, in a data directory of its own, whatever server the environment names."""
    if engine != "postgres":
        return []
    unset = ["-u", "DATABASE_URL", "-u", "REDIS_URL"]
    return ["env", *unset, f"LOOPIN_DATA_DIR={data.postgres}", "LOOPIN_ENV=test"]
