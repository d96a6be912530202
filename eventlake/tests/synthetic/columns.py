"""The columns of events that have happened: everything that follows from who did what when."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from eventlake.schema import INSTANT, MONEY
from eventlake.tests.synthetic.journeys import KINDS, NAMES, Codes, Integers
from eventlake.tests.synthetic.properties import meetup_price, metadata
from eventlake.tests.synthetic.texts import bytes_of, join, number, pick, scatter, uuids, zipf

MEETUPS = 2_000
_HOST = "https://meet.example"

#: Pages that are not about one meetup, the most viewed first.
_PAGES = (
    "/",
    "/meetups",
    "/me",
    "/me/meetups",
    "/messages",
    "/help",
    "/pricing",
    "/about",
    "/blog",
    "/terms",
)
_PAGES_OF_BLOG = 60

#: Rows of one transaction of the writer.
_TRANSACTION_ROWS = 40

#: Device, browser, system and how many of a hundred persons have it.
_CLIENTS = (
    ("mobile", "Mobile Safari", "iOS", 27),
    ("mobile", "Chrome Mobile", "Android", 25),
    ("desktop", "Chrome", "Windows", 19),
    ("desktop", "Chrome", "Mac OS X", 8),
    ("desktop", "Safari", "Mac OS X", 7),
    ("desktop", "Edge", "Windows", 6),
    ("desktop", "Firefox", "Linux", 4),
    ("tablet", "Mobile Safari", "iOS", 4),
)
_VERSIONS = range(128, 140)
_REFERRERS = ("", "https://search.example/", "https://news.example/today", "https://social.example/")


@dataclass(frozen=True, slots=True)
class Happened:
    """Events in order of time: places of kinds, visits and persons, the node, and microseconds since 1970.

    `is_known`: the visitor is a user by then. `first_id`: the id of the first row, and its transaction.
    """

    code: Codes
    visit: Integers
    person: Integers
    node: Integers
    at_us: Integers
    visit_start_us: Integers
    is_known: npt.NDArray[np.bool_]
    is_server_side: npt.NDArray[np.bool_]
    first_id: int


def make_table(rng: np.random.Generator, events: Happened) -> pa.Table:
    """The rows, with every column of the lake but `day`."""
    count = len(events.code)
    stored_us = events.at_us + rng.exponential(2e6, count).astype(np.int64)
    rank = np.arange(count)
    return pa.table(
        {
            "id": events.first_id + rank,
            "uuid": uuids(events.at_us // 1000, rng.integers(0, 256, (count, 10), np.uint8)),
            "timestamp": _instants(events.at_us),
            "event_name": pick(NAMES, events.code),
            "event_type": pick([kind.event_type for kind in KINDS], events.code),
            "action": pick([kind.action for kind in KINDS], events.code),
            **_who(events),
            **_where(rng, events),
            **_client(events),
            "response_time_ms": pa.array(rng.gamma(2.0, 60.0, count).astype(np.int32)),
            "status_code": pa.array(np.array([200, 200, 200, 404, 500], np.int32)[_status(rng, count)]),
            "sentiment_score": pa.array(
                rng.uniform(-1, 1, count).round(3), mask=events.code != NAMES.index("review_written")
            ),
            "engagement_level": pick(["", "low", "medium", "high"], _none_but(rng, count)),
            "retention_days": pa.array(np.full(count, 365, np.int32)),
            "created_at": _instants(stored_us),
            "updated_at": _instants(stored_us),
            "insert_xid": events.first_id + rank // _TRANSACTION_ROWS,
        }
    )


def _who(events: Happened) -> dict[str, pa.Array]:
    node, is_known = events.node, pa.array(events.is_known)
    words = bytes_of(scatter(node, 11), scatter(node, 12))
    anonymous = uuids(1_785_000_000_000 + node * 7, words)
    session = uuids(
        events.visit_start_us // 1000, bytes_of(scatter(events.visit, 13), scatter(events.visit, 14))
    )
    is_server_side = pa.array(events.is_server_side)
    return {
        "person_id": pa.array(node),
        "user_id": pa.array(node, mask=~events.is_known),
        "distinct_id": pc.if_else(is_known, join("user-", number(node)), anonymous),
        "anonymous_id": pc.if_else(is_known, "", anonymous),
        "session_id": pc.if_else(is_server_side, "", session),
        "ingest_key": pick(["web", "backend"], events.is_server_side.astype(np.int8)),
        "source": pick(["api"], np.zeros(len(node), np.int8)),
    }


def _where(rng: np.random.Generator, events: Happened) -> dict[str, pa.Array]:
    """Page, referrer, money and JSON: what depends on the meetup that an event is about."""
    count = len(events.code)
    meetup = zipf(rng, count, MEETUPS, 1.1)
    path = pick(_PATHS, _path(rng, events.code, meetup))
    query = pick(["", "", "", "?ref=mail", "?page=2", "?sort=date"], rng.integers(0, 6, count))
    paid = events.code == NAMES.index("payment_succeeded")
    revenue = _money(meetup_price(meetup), ~paid)
    return {
        "page_url": join(_HOST, path, query),
        "page_path": path,
        "referrer": pick(
            _REFERRERS, (scatter(events.visit, 15) % np.uint64(len(_REFERRERS))).astype(np.int64)
        ),
        "revenue_impact": revenue,
        "conversion_value": revenue,
        "metadata": metadata(rng, events.code, events.person, events.visit, meetup),
    }


def _path(rng: np.random.Generator, code: Codes, meetup: Integers) -> Integers:
    """Places in _PATHS: a meetup's page, the search, or one of the other pages."""
    page = zipf(rng, len(code), len(_PAGES) + _PAGES_OF_BLOG, 1.2)
    return np.where(_IS_ABOUT_MEETUP[code], _FIRST_MEETUP + meetup, np.where(_IS_SEARCH[code], 0, 1 + page))


def _client(events: Happened) -> dict[str, pa.Array]:
    weights = np.cumsum([client[3] for client in _CLIENTS])
    share = (scatter(events.person, 16) % np.uint64(100)).astype(np.int64)
    client = np.searchsorted(weights, share, side="right")
    version = (scatter(events.person, 17) % np.uint64(len(_VERSIONS))).astype(np.int64)
    return {
        "device_type": pick([client[0] for client in _CLIENTS], client),
        "browser": pick([client[1] for client in _CLIENTS], client),
        "os": pick([client[2] for client in _CLIENTS], client),
        "user_agent": pick(_AGENTS, client * len(_VERSIONS) + version),
    }


def _status(rng: np.random.Generator, count: int) -> npt.NDArray[np.intp]:
    return np.searchsorted([0.5, 0.9, 0.98, 0.995], rng.random(count))


def _none_but(rng: np.random.Generator, count: int) -> Integers:
    """0 for most rows, and 1 to 3 for one of fifty."""
    return np.where(rng.random(count) < 0.02, rng.integers(1, 4, count), 0)


def _money(cents: Integers, is_absent: npt.NDArray[np.bool_]) -> pa.Array:
    whole = pa.array(cents, pa.int64(), mask=is_absent).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, pa.scalar(Decimal("0.01"))).cast(MONEY)


def _instants(at_us: Integers) -> pa.Array:
    return pa.array(at_us, pa.int64()).cast(INSTANT)


_PATHS = (
    "/search",
    *_PAGES,
    *(f"/blog/{post}" for post in range(_PAGES_OF_BLOG)),
    *(f"/meetups/{meetup}" for meetup in range(MEETUPS)),
)
_FIRST_MEETUP = 1 + len(_PAGES) + _PAGES_OF_BLOG
_IS_ABOUT_MEETUP = np.array([name.startswith(("meetup_", "payment_", "checkout_")) for name in NAMES])
_IS_SEARCH = np.isin(NAMES, ("search", "filter_applied"))
_AGENTS = [
    f"Mozilla/5.0 ({system}; {device}) AppleWebKit/537.36 (KHTML, like Gecko) {browser}/{version}.0.0.0"
    for (device, browser, system, _), version in product(_CLIENTS, _VERSIONS)
]
