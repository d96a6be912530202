"""Every quality table of the intelligence, from data of the shape of docs/guides/intelligence.md.

    python -m bench.ai --data FOLDER --out bench-ai.json

Files and columns that are missing are left out. Nothing that the shipped models learned from is tested on.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.ai import anomaly, attendance, churn, clusters, conversion, engagement, sentiment

SECTIONS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "sentiment": sentiment.measure,
    "anomaly": anomaly.measure,
    "churn": churn.measure,
    "attendance": attendance.measure,
    "conversion": conversion.measure,
    "clusters": clusters.measure,
    "engagement": engagement.measure,
}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Quality of the intelligence beside baselines.")
    parser.add_argument(
        "--data", type=Path, required=True, help="a folder with sentiment/, anomaly/, churn/, ..."
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS))
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"there is no folder {options.data}")
    document: dict[str, Any] = {}
    for name, measure in SECTIONS.items():
        if options.only and name not in options.only:
            continue
        started_s = time.perf_counter()
        document[name] = measure(options.data)
        print_section(name, document[name], time.perf_counter() - started_s)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(document, indent=1, default=float) + "\n", encoding="utf-8")


def print_section(name: str, found: dict[str, Any], seconds: float) -> None:
    """A line for each set and method."""
    print(f"\n## {name} ({seconds:.0f} s)", flush=True)
    for label, figures in found.items():
        if not isinstance(figures, dict):
            print(f"{label}: {figures}")
            continue
        methods = {key: value for key, value in figures.items() if isinstance(value, dict)}
        rest = {key: value for key, value in figures.items() if not isinstance(value, dict)}
        print(f"{label}: {_line(rest)}" if rest else f"{label}:")
        for method, values in methods.items():
            print(f"    {method:14} {_line(values)}")


def _line(values: dict[str, Any]) -> str:
    return "  ".join(
        f"{key} {_short(value)}" for key, value in values.items() if not isinstance(value, dict | list)
    )


def _short(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
