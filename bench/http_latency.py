"""What the way through HTTP adds to the engine's own time: overview and analyses against a running server.

    python -m bench.http_latency --events 1000000 --out http.json

Sealed and rolled up events of the last 30 days, and fresh ones in the database; one server process (uvicorn), one
client. Each question is asked anew with a range that differs by a minute, so that no kept answer serves; then the same
one again and again, which one does, and with its ETag. `engine_ms` is the duration in the answer's own proof.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from bench import own_servers

_REPEATS = 30
_API = "/api/analytics"
Ask = Callable[[int], httpx2.Response]


def main() -> None:
    """Run in a process whose servers and lake are its own."""
    parser = argparse.ArgumentParser(description="Latency through HTTP beside the engine's own time.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--fresh", type=int, default=5_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inner:
        with tempfile.TemporaryDirectory(prefix="http-latency-") as folder:
            arguments = ["-m", "bench.http_latency", "--inner", "--events", str(options.events)]
            arguments += ["--fresh", str(options.fresh)]
            arguments += ["--out", str(options.out.resolve())] if options.out else []
            sys.exit(subprocess.run(own_servers.command(Path(folder), arguments), check=False).returncode)
    own_servers.set_up()
    from analytics.store.upkeep import run_upkeep

    rows = make_recent(options.events, options.fresh)
    run_upkeep()
    with _server() as client:
        found = {"events": rows, "repeats": _REPEATS, "questions": [_measure(client, n) for n in _QUESTIONS]}
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def make_recent(events: int, fresh: int) -> int:
    """Sealed events of the last 30 days, and fresh ones in the database; how many."""
    from analytics import clock
    from bench import export

    start = (clock.now() - dt.timedelta(days=export.DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    return export.make(events, fresh, start)


@contextmanager
def _server() -> Iterator[httpx2.Client]:
    from django.contrib.auth.models import User
    from rest_framework_simplejwt.tokens import RefreshToken

    from loopin_backend import env

    token = RefreshToken.for_user(User.objects.get(username="root")).access_token
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["uvicorn", "loopin_backend.asgi:application", "--port", str(port), "--log-level", "critical"]
    server = subprocess.Popen([sys.executable, "-m", *command], env=env.child_environment())
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:
            _wait(client)
            yield client
    finally:
        server.terminate()
        server.wait()


def _wait(client: httpx2.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/livez").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _overview(client: httpx2.Client) -> Ask:
    return lambda number: client.get(f"{_API}/overview", params={"days": 1 + number % _REPEATS})


def _query(name: str, **question: Any) -> Callable[[httpx2.Client], Ask]:
    """An analysis over 29 days; the number moves its end by minutes."""

    def of(client: httpx2.Client) -> Ask:
        end = dt.datetime.now(dt.UTC).replace(microsecond=0)
        start = (end - dt.timedelta(days=29)).replace(hour=0, minute=0, second=0)

        def ask(number: int) -> httpx2.Response:
            to_at = end - dt.timedelta(minutes=number)
            body = {"date_from": start.isoformat(), "date_to": to_at.isoformat(), **question}
            return client.post(f"{_API}/query/{name}", json=body)

        return ask

    return of


_QUESTIONS: dict[str, Callable[[httpx2.Client], Ask]] = {
    "overview": _overview,
    "trends by day": _query("trends", interval="day", series=[{"measure": "count"}, {"measure": "persons"}]),
    "trends, breakdown": _query(
        "trends", interval="day", series=[{"measure": "count"}],
        breakdown={"property": "device_type", "scope": "column", "limit": 5},
    ),
    "lifecycle": _query("lifecycle", interval="week"),
    "sessions": _query("sessions"),
}  # fmt: skip


def _measure(client: httpx2.Client, name: str) -> dict[str, Any]:
    ask = _QUESTIONS[name](client)
    ask(_REPEATS - 1)
    new = [_timed(ask, number) for number in range(_REPEATS)]
    kept = [_timed(ask, 0)[0] for _ in range(_REPEATS)]
    http_ms, engine_ms = [took for took, _ in new], [engine for _, engine in new]
    added_ms = [took - engine for took, engine in new]
    return {
        "question": name,
        "http_ms": _spread(http_ms),
        "engine_ms": _spread(engine_ms),
        "added_ms": _spread(added_ms),
        "kept_answer_ms": _spread(kept),
    }


def _timed(ask: Ask, number: int) -> tuple[float, float]:
    """Milliseconds of the request, and of the engine by the answer's proof."""
    started_s = time.perf_counter()
    answer = ask(number)
    took_ms = (time.perf_counter() - started_s) * 1000
    answer.raise_for_status()
    return took_ms, float(answer.json()["proof"]["duration_ms"])


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(p95, 1)}


if __name__ == "__main__":
    main()
