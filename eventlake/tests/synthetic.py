"""Synthetic events of a realistic shape, made column by column so that a million take seconds.

Sessions of a long-tailed length, persons by a power law, a day and a week rhythm, a purchase here and
there. Same seed, same events.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from eventlake.schema import MONEY, conform

KINDS = (
    ("page_view", "page_view", 0.52),
    ("meetup_viewed", "page_view", 0.2),
    ("search", "user_action", 0.1),
    ("meetup_requested", "user_action", 0.06),
    ("login", "system_event", 0.05),
    ("payment_succeeded", "conversion", 0.02),
    ("meetup_created", "user_action", 0.02),
    ("logout", "system_event", 0.03),
)
NAMES, TYPES, WEIGHTS = zip(*KINDS, strict=True)
Integers = npt.NDArray[np.int64]
PLANS = ("free", "pro", "team", "enterprise")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"


def synthetic_events(count: int, *, start: dt.datetime, days: int = 90, seed: int = 7) -> pa.Table:
    """`count` events over `days` days from `start`, in order of time; ids and insert_xid from 1."""
    rng = np.random.default_rng(seed)
    persons = max(count // 25, 1)
    sessions = max(count // 8, 1)
    session_person = (persons * rng.power(3.0, sessions)).astype(np.int64)
    hour_weights = 1.2 + np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
    hours = rng.choice(24, sessions, p=hour_weights / hour_weights.sum())
    session_start_s = rng.integers(0, days, sessions) * 86400 + hours * 3600 + rng.integers(0, 3600, sessions)
    of_session = np.minimum((sessions * rng.power(1.5, count)).astype(np.int64), sessions - 1)
    micros = (session_start_s[of_session] * 1_000_000 + rng.exponential(200e6, count)).astype(np.int64)
    micros = np.minimum(micros, days * 86_400_000_000 - 1) + int(start.timestamp()) * 1_000_000
    order = np.argsort(micros, kind="stable")
    micros, of_session = micros[order], of_session[order]
    which = rng.choice(len(NAMES), count, p=WEIGHTS)
    pages = rng.zipf(1.6, count) % 400
    return conform(_table(rng, count, micros, of_session, session_person[of_session] + 1, which, pages))


def _table(
    rng: np.random.Generator,
    count: int,
    micros: Integers,
    session: Integers,
    person: Integers,
    which: Integers,
    page: Integers,
) -> pa.Table:
    stamps = pa.array(micros, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    ids = pa.array(np.arange(1, count + 1), pa.int64())
    paid = which == NAMES.index("payment_succeeded")
    amounts = np.where(paid, rng.integers(500, 20_000, count), 0)
    cents = pa.array(amounts, pa.int64(), mask=~paid).cast(pa.decimal128(19, 0))
    paths = [f"/p/{n}" for n in page]
    plan = rng.integers(0, len(PLANS), count)
    cost = rng.integers(1, 900, count)
    properties = zip(plan, cost, strict=True)
    bits = rng.bytes(16 * count)
    return pa.table(
        {
            "id": ids,
            "uuid": [str(uuid.UUID(bytes=bits[i : i + 16], version=4)) for i in range(0, 16 * count, 16)],
            "timestamp": stamps,
            "event_name": pa.array(NAMES).take(which),
            "event_type": pa.array(TYPES).take(which),
            "action": pa.array(["view", "click", "submit", ""]).take(which % 4),
            "person_id": person,
            "user_id": pa.array(person, mask=person % 3 == 0),
            "distinct_id": [f"u{n}" for n in person],
            "anonymous_id": [""] * count,
            "session_id": [f"s{n:x}" for n in session],
            "ingest_key": ["web"] * count,
            "source": ["api"] * count,
            "page_url": [f"https://example.org{p}?ref={n % 7}" for p, n in zip(paths, session, strict=True)],
            "page_path": paths,
            "referrer": pa.array(["", "https://search.example/", "https://news.example/"]).take(session % 3),
            "device_type": pa.array(["desktop", "mobile", "tablet"]).take(person % 3),
            "browser": pa.array(["Chrome", "Firefox", "Safari", "Edge"]).take(person % 4),
            "os": pa.array(["Windows", "Linux", "iOS", "Android", "macOS"]).take(person % 5),
            "user_agent": [AGENT.format(100 + n % 30) for n in person],
            "response_time_ms": pa.array(rng.gamma(2.0, 60.0, count).astype(np.int32)),
            "status_code": pa.array(np.where(rng.random(count) < 0.01, 500, 200), pa.int32()),
            "revenue_impact": pc.multiply(cents, pa.scalar(Decimal("0.01"))).cast(MONEY),
            "metadata": [
                f'{{"plan": "{PLANS[p]}", "cost": {c}, "$lib": "web", "step": {c % 5}}}'
                for p, c in properties
            ],
            "retention_days": pa.array([365] * count, pa.int32()),
            "created_at": stamps,
            "updated_at": stamps,
            "insert_xid": ids,
        }
    )
