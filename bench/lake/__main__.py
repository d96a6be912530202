"""Load the same events into three engines, ask every analysis, compare the answers, write times and ratios.

    python -m bench.lake --events 1000000 --out bench.json

See `bench/README.md` for what is measured and how.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.lake import report, runs
from bench.lake.data import Data, make_data
from bench.lake.questions import QUESTIONS
from bench.lake.runs import Said
from bench.lake.shapes import Question


def main() -> None:
    """Do a whole run."""
    options = _options()
    folder = options.data or Path(tempfile.mkdtemp(prefix="bench-lake-"))
    try:
        document = measure(options, make_data(folder, options.events, has_merges=options.merges))
    finally:
        if options.data is None:
            shutil.rmtree(folder, ignore_errors=True)
    table = report.render(document, QUESTIONS)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    options.out.with_suffix(".md").write_text(table, encoding="utf-8")
    print(table)


def measure(options: argparse.Namespace, data: Data) -> Said:
    """The whole document."""
    chosen = [question for question in QUESTIONS if not options.only or question.name in options.only]
    engines = ["ours", "clickhouse", *([] if options.skip_postgres else ["postgres"])]
    loaded, warm, cold = {}, {}, {}
    for engine in engines:
        print(f"{engine}: loading {data.events:,} events", flush=True)
        loaded[engine] = runs.load(engine, data)
    for engine in engines:
        print(f"{engine}: asking", flush=True)
        warm[engine] = runs.ask_warm(engine, data, _names(chosen, engine))
    for engine in ("ours", "clickhouse"):
        if not options.skip_cold:
            print(f"{engine}: first questions of fresh processes", flush=True)
            cold[engine] = runs.ask_cold(engine, data, _names(chosen, engine))
    entries = report.analyses(chosen, warm, cold)
    figures = {engine: said["figures"] for engine, said in loaded.items()}
    return {
        "events": data.events,
        "analyses": entries,
        "geomean_vs_chdb": report.geometric_mean(report.ratios(entries, "ours_warm_ms", "chdb_ms")),
        "geomean_vs_postgres": report.geometric_mean(report.ratios(entries, "postgres_ms", "ours_warm_ms")),
        "bytes_per_event": _bytes(figures),
        "seal_events_per_s": figures["ours"]["seal_events_per_s"],
        "peak_rss_mb": {
            **{engine: said["peak_rss_mb"] for engine, said in warm.items()},
            **{f"{engine}_loading": said["peak_rss_mb"] for engine, said in loaded.items()},
        },
        "seconds": {
            f"{engine}_{name}": value
            for engine, said in figures.items()
            for name, value in said.items()
            if name.endswith("seconds")
        },
        "merges": options.merges,
        **report.circumstances(),
    }


def _names(chosen: Sequence[Question], engine: str) -> list[str]:
    return [question.name for question in chosen if engine != "ours" or question.ours is not None]


def _bytes(figures: Said) -> Said:
    found = {
        "ours": figures["ours"]["bytes_per_event"],
        "ours_rollups": figures["ours"]["rollup_bytes_per_event"],
        "chdb": figures["clickhouse"]["bytes_per_event"],
    }
    if "postgres" in figures:
        found["postgres_table"] = figures["postgres"]["bytes_per_event"]
        found["postgres_indexes"] = figures["postgres"]["index_bytes_per_event"]
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True, help="JSON; the table goes beside it as .md")
    parser.add_argument("--data", type=Path, help="a folder that keeps events and peers for the next run")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=[question.name for question in QUESTIONS]
    )
    parser.add_argument("--merges", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--skip-postgres", action="store_true")
    parser.add_argument("--skip-cold", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
