"""The stream as column batches of `UserEvent`, and as links between ids.

Here numbers become words: names, pages, ids and metadata as the product's own pages, services and signals write them.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from analytics.ingestion.bulk import EventBatch
from analytics.ingestion.bulk_persons import Link
from events.demo import incidents
from events.demo.arrays import Ints
from events.demo.cities import CURRENCY
from events.demo.funnel import FAILURE_CODES, LATE
from events.demo.kinds import Kind, Page
from events.demo.people import CATEGORIES, DEVICES
from events.demo.plan import ANONYMOUS_PREFIX, Plan, to_datetime
from events.demo.stream import Stream
from events.demo.visits import Channel
from events.demo.world import World

ROWS_IN_BATCH = 25_000
# Version and variant bits. Source: RFC 9562, section 5.7.
_NO_VERSION = ~(0xF << 76 | 0x3 << 62)
_VERSION_7 = 0x7 << 76 | 0x2 << 62
_SITE = "https://meetups.example"

#: Name, event type and action of each kind.
_KINDS: dict[int, tuple[str, str, str]] = {
    Kind.PAGE: ("$pageview", "page_view", "GET"),
    Kind.VIEWED: ("meetup_viewed", "user_action", ""),
    Kind.REQUESTED: ("meetup_requested", "user_action", ""),
    Kind.ACCEPTED: ("meetup_request_accepted", "user_action", ""),
    Kind.DECLINED: ("meetup_request_declined", "user_action", ""),
    Kind.PAID: ("payment_succeeded", "conversion", ""),
    Kind.FAILED: ("payment_failed", "user_action", "declined"),
    Kind.REFUNDED: ("payment_refunded", "system_event", ""),
    Kind.ATTENDED: ("meetup_attended", "user_action", "yes"),
    Kind.MISSED: ("meetup_missed", "user_action", "no"),
    Kind.FEEDBACK: ("feedback_given", "user_action", ""),
    Kind.CREATED: ("meetup_created", "user_action", ""),
    Kind.CANCELLED: ("meetup_cancelled", "user_action", ""),
    Kind.SIGNED_UP: ("sign_up", "user_action", ""),
    Kind.IDENTIFIED: ("$identify", "system_event", ""),
    Kind.VERIFIED: ("user_verified", "user_action", ""),
    Kind.LOGIN: ("login", "user_action", ""),
    Kind.LOGIN_FAILED: ("login_failed", "error", ""),
    Kind.LOGOUT: ("logout", "user_action", ""),
}
_TAIL: dict[int, str] = {Page.MEETUP: "", Page.PAY: "pay/", Page.FEEDBACK: "feedback/"}
_FIXED: dict[int, str] = {
    Page.LIST: "/meetups/",
    Page.SIGN_UP: "/meetups/sign-up/",
    Page.LOGIN: "/meetups/login/",
    Page.CREATE: "/meetups/new/",
}
_REFERRERS: dict[int, tuple[str, dict[str, str]]] = {
    Channel.SEARCH: ("https://www.google.com/", {}),
    Channel.NEWSLETTER: (
        "",
        {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "weekly-picks"},
    ),
    Channel.SOCIAL: (
        "https://www.instagram.com/",
        {"utm_source": "instagram", "utm_medium": "social", "utm_campaign": "meet-your-city"},
    ),
    Channel.PARTNER: ("https://city-guide.example/", {"utm_source": "city-guide", "utm_medium": "referral"}),
    Channel.NEWS: (incidents.SPIKE_REFERRER, {}),
}


class Renderer:
    """Turns rows of a stream into columns, for members and meetups with the given primary keys."""

    def __init__(
        self, plan: Plan, world: World, stream: Stream, user_ids: Sequence[int], meetup_ids: Sequence[int]
    ) -> None:
        self.plan, self.world, self.stream = plan, world, stream
        self._user_ids, self._meetup_ids = user_ids, meetup_ids
        self._key = plan.namespace("event").bytes
        self._prefix = f"{ANONYMOUS_PREFIX}{plan.key}-"
        self._ids = self._distinct_ids()
        self._cities = _city_of_each(world, len(self._ids))
        self._session_rank = _ranks(stream.session)
        self._about_meetup = [self._describe(number) for number in range(world.meetups.count)]
        self._about_place = [json.dumps({"city": city.name}, ensure_ascii=False) for city in world.cities]
        self._landing = {
            channel: [json.dumps({**campaign, "city": city.name}) for city in world.cities]
            for channel, (_, campaign) in _REFERRERS.items()
        }

    def batches(self, size: int = ROWS_IN_BATCH) -> Iterator[EventBatch]:
        """All events in the order of time."""
        for start in range(0, self.stream.count, size):
            yield self._batch(np.arange(start, min(start + size, self.stream.count)))

    def links(self) -> Iterator[Link]:
        """The anonymous ids that turned out to be members."""
        for row in np.flatnonzero(self.stream.kind == Kind.IDENTIFIED).tolist():
            source = self._ids[int(self.stream.detail[row])]
            event = uuid.UUID(self._uuid(row, int(self.stream.at_ms[row])))
            yield Link(source, self._ids[int(self.stream.who[row])], event)

    def _batch(self, rows: Ints) -> EventBatch:
        stream, members = self.stream, self.world.people.count
        kind, who = stream.kind[rows].tolist(), stream.who[rows].tolist()
        page, meetup = stream.page[rows].tolist(), stream.meetup[rows].tolist()
        status, response_ms = stream.status[rows].tolist(), stream.response_ms[rows].tolist()
        device, detail = stream.device[rows].tolist(), stream.detail[rows].tolist()
        times_ms = stream.at_ms[rows].tolist()
        times = [to_datetime(at_ms) for at_ms in times_ms]
        types = [_KINDS[k][1] for k in kind]
        money = [self._money(k, m) for k, m in zip(kind, meetup, strict=True)]
        paths = [self._path(p, m) for p, m in zip(page, meetup, strict=True)]
        return {
            "uuid": [self._uuid(row, at_ms) for row, at_ms in zip(rows.tolist(), times_ms, strict=True)],
            "user_id": [self._user_ids[w] if w < members else None for w in who],
            "distinct_id": [self._ids[w] for w in who],
            "anonymous_id": [self._device_id(w, d) for w, d in zip(who, device, strict=True)],
            "session_id": [self._session_id(number) for number in self._session_rank[rows].tolist()],
            "event_type": ["error" if s >= 500 else t for s, t in zip(status, types, strict=True)],
            "event_name": [_KINDS[k][0] for k in kind],
            "action": _actions(kind, detail),
            "page_url": [_SITE + path if path else "" for path in paths],
            "page_path": [_ROUTES[p] for p in page],
            "timestamp": times,
            "created_at": times,
            "metadata": [self._properties(*row) for row in zip(kind, who, meetup, detail, strict=True)],
            "referrer": _referrers(kind, detail),
            "device_type": [DEVICES[d][0] if d >= 0 else "" for d in device],
            "browser": [DEVICES[d][1] if d >= 0 else "" for d in device],
            "os": [DEVICES[d][2] if d >= 0 else "" for d in device],
            "response_time_ms": [value if value >= 0 else None for value in response_ms],
            "status_code": [value if value >= 0 else None for value in status],
            "revenue_impact": money,
            "conversion_value": [m if k == Kind.PAID else None for k, m in zip(kind, money, strict=True)],
        }

    def _distinct_ids(self) -> list[str]:
        members = self.world.people.count
        last = max(int(self.stream.who.max(initial=0)), int(self.stream.detail.max(initial=0)))
        return [str(pk) for pk in self._user_ids] + [
            f"{self._prefix}{who:x}" for who in range(members, last + 1)
        ]

    def _uuid(self, row: int, at_ms: int) -> str:
        """A UUIDv7 as client SDKs make them, time first; what is random there follows from the plan here."""
        tail = int.from_bytes(hashlib.blake2b(b"%d" % row, digest_size=10, key=self._key).digest(), "big")
        return f"{(at_ms << 80 | tail) & _NO_VERSION | _VERSION_7:032x}"

    def _session_id(self, rank: int) -> str:
        return f"{self._prefix}s{rank:06x}" if rank >= 0 else ""

    def _device_id(self, who: int, device: int) -> str:
        """The id of the browser, which stays the same whoever is logged in."""
        people = self.world.people
        if who >= people.count:
            return self._ids[who]
        if device < 0:
            return ""
        return self._ids[(2 if device == people.second_device[who] else 1) * people.count + who]

    def _describe(self, number: int) -> str:
        """The properties that `events.services.describe` gives, as JSON without the closing brace."""
        meetups = self.world.meetups
        properties = {
            "meetup_id": str(self._meetup_ids[number]),
            "category": CATEGORIES[meetups.category[number]],
            "city": self.world.cities[meetups.city[number]].name,
            "ticket_price": int(meetups.price_cents[number]) / 100,
            "currency": CURRENCY,
        }
        return json.dumps(properties, ensure_ascii=False)[:-1]

    def _money(self, kind: int, meetup: int) -> Decimal | None:
        if kind not in (Kind.PAID, Kind.REFUNDED):
            return None
        price = Decimal(int(self.world.meetups.price_cents[meetup])).scaleb(-2)
        return price if kind == Kind.PAID else -price

    def _path(self, page: int, meetup: int) -> str:
        tail = _TAIL.get(page)
        if tail is not None:
            return f"/meetups/{self._meetup_ids[meetup]}/{tail}" if meetup >= 0 else ""
        return _FIXED.get(page, "")

    def _properties(self, kind: int, who: int, meetup: int, detail: int) -> str:
        city = self._cities[who]
        if kind == Kind.PAGE:
            return self._landing[detail][city] if detail in self._landing else self._about_place[city]
        if kind == Kind.IDENTIFIED:
            return json.dumps({"$anon_distinct_id": self._ids[detail]})
        if meetup < 0:
            return self._about_place[city]
        about = self._about_meetup[meetup]
        if kind == Kind.FAILED:
            return f'{about}, "failure_code": "{FAILURE_CODES[detail]}"}}'
        if kind == Kind.CREATED:
            return f'{about}, "capacity": {self.world.meetups.capacity[meetup]}}}'
        if kind == Kind.FEEDBACK:
            message = json.dumps(self.world.texts[detail], ensure_ascii=False)
            return f'{about}, "rating": {self.world.feedbacks.rating[detail]}, "message": {message}}}'
        return about + "}"


def _actions(kind: list[int], detail: list[int]) -> list[str]:
    return [
        "late" if k == Kind.ATTENDED and d == LATE else _KINDS[k][2]
        for k, d in zip(kind, detail, strict=True)
    ]


def _referrers(kind: list[int], detail: list[int]) -> list[str]:
    return [
        _REFERRERS[d][0] if k == Kind.PAGE and d in _REFERRERS else ""
        for k, d in zip(kind, detail, strict=True)
    ]


def _city_of_each(world: World, ids: int) -> list[int]:
    """The city of every id."""
    city = np.zeros(ids, dtype=np.int64)
    for devices in range(3):
        members = world.people.count
        part = city[devices * members : (devices + 1) * members]
        part[:] = world.people.city[: len(part)]
    known = world.visits.who < ids
    city[world.visits.who[known]] = world.visits.city[known]
    return [int(number) for number in city]


def _ranks(session: Ints) -> Ints:
    """Sessions renumbered in the order in which they begin; -1 stays."""
    numbers, first = np.unique(session, return_index=True)
    rank = np.empty(len(numbers), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(numbers))
    ranks: Ints = rank[np.searchsorted(numbers, session)]
    return np.where(session < 0, -1, ranks)


def _route(page: Page) -> str:
    """The page's route template, which is what the middleware keeps as the path."""
    if page in _TAIL:
        return f"/meetups/<int:meetup_id>/{_TAIL[page]}"
    return _FIXED.get(page, "")


_ROUTES: dict[int, str] = {page: _route(page) for page in Page}
