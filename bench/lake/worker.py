"""One engine's work in a process of its own, so that its peak of memory is its own and a first question is a first one.

    python -m bench.lake.worker ENGINE TASK --folder FOLDER --out FILE [QUESTION ...]

Tasks: `load` fills the engine, `warm` asks every named question several times, `cold` asks one once.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Protocol

from bench.lake.data import Data
from bench.lake.measuring import peak_rss_mb
from bench.lake.questions import QUESTIONS
from bench.lake.shapes import Facts, Question, TimedOutError

ENGINES = ("ours", "clickhouse", "postgres")


class Peer(Protocol):
    """What an engine does here."""

    def load(self) -> dict[str, float]:
        """Fill it; figures by name."""
        ...

    def ask(self, question: Question) -> tuple[float, Facts]:
        """Milliseconds, warm, and the answer."""
        ...

    def ask_cold(self, question: Question) -> float:
        """Milliseconds of a first question."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


def open_engine(name: str, data: Data) -> Peer:
    """The engine of a name, imported only here: the process of one has nothing of the others in memory."""
    if name == "ours":
        from bench.lake.ours import OurLake

        return OurLake(data)
    if name == "clickhouse":
        from bench.lake.clickhouse import ClickHouse

        return ClickHouse(data)
    from bench.lake.postgres import Postgres

    return Postgres(data)


def main() -> None:
    """Do the task and write what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("task", choices=("load", "warm", "cold"))
    parser.add_argument("questions", nargs="*")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    engine = open_engine(options.engine, Data(options.folder))
    chosen = [question for question in QUESTIONS if question.name in options.questions]
    if options.task == "load":
        said: dict[str, Any] = {"figures": engine.load()}
    elif options.task == "cold":
        said = {"ms": engine.ask_cold(chosen[0])}
    else:
        said = {"answers": {question.name: ask(engine, question) for question in chosen}}
    said["peak_rss_mb"] = getattr(engine, "peak_mb", peak_rss_mb())
    engine.close()
    options.out.write_text(json.dumps(said), encoding="utf-8")


def ask(engine: Peer, question: Question) -> dict[str, Any]:
    """Time and answer of a question, or why there is none: one that fails must not cost the others."""
    try:
        ms, facts = engine.ask(question)
    except TimedOutError as error:
        return {"ms": error.after_ms, "facts": None, "timed_out": True, "error": str(error)}
    except Exception as error:  # whatever an engine of others raises
        print(f"  {question.name}: {error}", file=sys.stderr, flush=True)
        return {"ms": None, "facts": None, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
    print(f"  {question.name:40} {ms:10.1f} ms", file=sys.stderr, flush=True)
    return {"ms": ms, "facts": facts}


if __name__ == "__main__":
    main()
