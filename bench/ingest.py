"""Load on a running server from one loopback client: events acknowledged per second, and none lost.

    python -m bench.ingest --url http://127.0.0.1:8000 --key lk_... --seconds 10

Two rounds: batches of 100 events, then single events. Every event has a fresh uuid, one of 5,000 persons, a session
and a handful of properties. Prints acknowledged events per second and latency percentiles.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PERSONS = 5000


@dataclass
class Round:
    """What one round saw. `latencies_s` has one entry a request."""

    name: str
    acknowledged: int = 0
    refused: int = 0
    duration_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    def line(self) -> str:
        """One line for people."""
        ordered = sorted(self.latencies_s) or [0.0]
        p50, p99 = (ordered[int(len(ordered) * q)] * 1000 for q in (0.5, 0.99))
        rate = self.acknowledged / self.duration_s if self.duration_s else 0
        return (
            f"{self.name}: {self.acknowledged} events acknowledged in {self.duration_s:.1f} s = {rate:.0f} "
            f"events/s, {self.refused} requests refused, latency p50 {p50:.1f} ms, p99 {p99:.1f} ms"
        )


def make_event(number: int) -> dict[str, object]:
    """A believable event of a web client."""
    person = random.randrange(PERSONS)
    return {
        "event": random.choice(("$pageview", "meetup_viewed", "search", "meetup_requested")),
        "distinct_id": f"load-{person}",
        "uuid": str(uuid.uuid4()),
        "properties": {
            "$session_id": f"s-{person}-{number // 10_000}",
            "$current_url": f"https://shop.example/meetups/{number % 500}?page=2",
            "$browser": "Firefox",
            "$os": "Linux",
            "$device_type": "Desktop",
            "city": "Graz",
            "number": number,
        },
    }


def encode_request(url: str, key: str, size: int, number: int) -> bytes:
    """A whole HTTP request with one batch."""
    body = json.dumps({"api_key": key, "batch": [make_event(number + i) for i in range(size)]}).encode()
    parts = urlsplit(url)
    head = (
        f"POST /batch/ HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send_until(deadline: float, url: str, requests: list[bytes], size: int, outcome: Round) -> None:
    """One connection: send prepared requests, one after another, until the deadline or their end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    while requests and time.perf_counter() < deadline:
        started = time.perf_counter()
        writer.write(requests.pop())
        status = int((await reader.readline()).split()[1])
        length = 0
        while (line := await reader.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        await reader.readexactly(length)
        outcome.latencies_s.append(time.perf_counter() - started)
        if status == 200:
            outcome.acknowledged += size
        else:
            outcome.refused += 1
            await asyncio.sleep(0.05)
    writer.close()


@dataclass(frozen=True)
class Load:
    """One round's load: `size` events a request over so many connections, at most `rate` events a second."""

    name: str
    size: int
    connections: int
    rate: int


LOADS = (Load("batches of 100", 100, 8, 30_000), Load("single events", 1, 32, 8_000))


async def run_round(url: str, key: str, load: Load, seconds: float) -> Round:
    """Prepare the requests first, so that the client costs little while it measures."""
    outcome = Round(load.name)
    total = int(load.rate * seconds / load.size)
    requests = [encode_request(url, key, load.size, i * load.size) for i in range(total)]
    started = time.perf_counter()
    deadline = started + seconds
    await asyncio.gather(
        *(send_until(deadline, url, requests, load.size, outcome) for _ in range(load.connections))
    )
    outcome.duration_s = time.perf_counter() - started
    return outcome


def main() -> None:
    """Run both rounds and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", required=True)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if urlsplit(options.url).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("only a server on this machine is ever loaded")
    for load in LOADS:
        outcome = asyncio.run(run_round(options.url, options.key, load, options.seconds))
        print(outcome.line(), flush=True)


if __name__ == "__main__":
    main()
