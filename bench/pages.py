"""The dashboard's budget: server time of every page and of its data, and what a first visit transfers.

    python -m bench.pages --events 10000000 --out pages.json

Sealed and rolled up events of the last 30 days, and fresh ones in the database; pages are asked for through Django, in
this process. `first_ms` is the first time that a question is asked, `again_ms` the median of the times after it, when
its answer is kept as long as nothing has changed, and `new_ms` the median over ranges that were not asked before, with
nothing kept but the engine warm. `transferred_kb` is the page, its data and its files, compressed as they are served.
The budget: 300 ms warm, 400 KB.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import own_servers

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

_BUDGET_MS = 300
_BUDGET_KB = 400
_REPEATS = 7
#: Days that a new range has; each is another question.
_NEW_DAYS = (8, 9, 11, 12, 13)
_ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')
_DATA = re.compile(r'hx-get="([^"]+/data/[^"]*)"')


def main() -> None:
    """Run in a process whose servers and lake are its own."""
    parser = argparse.ArgumentParser(description="Server time and size of every page of the dashboard.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--fresh", type=int, default=5_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inner:
        with tempfile.TemporaryDirectory(prefix="pages-") as folder:
            arguments = ["-m", "bench.pages", "--inner", "--events", str(options.events)]
            arguments += ["--fresh", str(options.fresh)]
            arguments += ["--out", str(options.out.resolve())] if options.out else []
            sys.exit(subprocess.run(own_servers.command(Path(folder), arguments), check=False).returncode)
    own_servers.set_up()
    found = {"budget_ms": _BUDGET_MS, "budget_kb": _BUDGET_KB, "events": _make(options.events, options.fresh)}
    found["pages"] = measure()
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _make(events: int, fresh: int) -> int:
    from analytics.metrics import MetricsProcessor
    from analytics.store.upkeep import run_upkeep
    from bench.http_latency import make_recent

    rows = make_recent(events, fresh)
    run_upkeep()
    MetricsProcessor.process_daily_metrics()
    return rows


def measure() -> list[dict[str, Any]]:
    """One row a page of the side bar."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from analytics.dashboard.navigation import PAGES

    root = User.objects.create_superuser("pages", password="pages-password-1")  # noqa: S106 (of a bench)
    client = Client()
    client.force_login(root)
    return [_page(client, reverse(f"analytics:{page.route}")) for page in PAGES]


def _page(client: Client, path: str) -> dict[str, Any]:
    shell, shell_ms = _timed(client, path)
    parts = _DATA.findall(shell.content.decode().replace("&amp;", "&"))
    datas = [_timed(client, part) for part in parts]
    again = [sum(_timed(client, part)[1] for part in parts) for _ in range(_REPEATS)]
    new = [sum(_timed(client, _with_days(part, days))[1] for part in parts) for days in _NEW_DAYS]
    warm_ms = statistics.median(new) if parts else shell_ms
    kilobytes = _transferred(client, [shell, *(data for data, _ in datas)]) / 1024
    return {
        "page": path,
        "shell_ms": round(shell_ms, 1),
        "first_ms": round(sum(took for _, took in datas), 1),
        "again_ms": round(statistics.median(again), 1),
        "new_ms": round(warm_ms, 1),
        "transferred_kb": round(kilobytes),
        "is_within": warm_ms <= _BUDGET_MS and kilobytes <= _BUDGET_KB,
    }


def _with_days(path: str, days: int) -> str:
    route, _, query = path.partition("?")
    kept = [pair for pair in query.split("&") if pair and not pair.startswith("days=")]
    return f"{route}?{'&'.join([*kept, f'days={days}'])}"


def _timed(client: Client, path: str) -> tuple[HttpResponse, float]:
    started_s = time.perf_counter()
    answer: Any = client.get(path)
    took_ms = (time.perf_counter() - started_s) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return answer, took_ms


def _transferred(client: Client, answers: list[HttpResponse]) -> int:
    """Bytes of the answers and of every file that they name, each once, compressed."""
    from django.contrib.staticfiles import finders

    total = sum(len(gzip.compress(answer.content)) for answer in answers)
    names = {name for answer in answers for name in _ASSET.findall(answer.content.decode())}
    for name in names:
        found = finders.find(name.removeprefix("/static/").partition("?")[0])
        if found:
            content = Path(found).read_bytes()
            is_packed = name.endswith((".woff2", ".png"))
            total += len(content if is_packed else gzip.compress(content))
    return total


if __name__ == "__main__":
    main()
