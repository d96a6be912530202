"""The meetups that hosts invite to: when made, when held, what they cost, how good they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from events.demo import calendar
from events.demo.arrays import NEVER_MS, Flags, Floats, Ints, Random, pick
from events.demo.cities import City
from events.demo.people import CATEGORIES, People
from events.demo.personas import HOST
from events.demo.plan import DAY_MS, HOUR_MS, Plan

_WEEKLY_INVITATIONS = 0.45  # of an active host; more where a city would have too few
_WEEKLY_MEETUPS_A_CITY = 3.0
_BACKLOG_DAYS = 14  # meetups that were announced before the first day
_CANCEL_RATIO = 0.05
_AUTOMATIC_RATIO = 0.55
_PRICES = (0, 0, 0, 0, 400, 500, 800, 900, 1200, 1500, 1900, 2500, 3900)  # cents
_CAPACITIES = (6, 8, 8, 10, 12, 12, 16, 20, 30)

_TITLES = {
    "board games": (
        "Board games night",
        "Strategy games for beginners",
        "Long evening of short games",
        "Cards and dice",
    ),
    "books": ("Book club", "Silent reading hour", "One novel, ten opinions", "Poetry by candlelight"),
    "cooking": ("Cooking together", "Dumplings from scratch", "Sunday bread", "Five courses, one kitchen"),
    "hiking": ("Morning hike", "Walk along the river", "Hills and a picnic", "Forest loop"),
    "languages": ("Language exchange", "Spanish over coffee", "German for the brave", "Tandem evening"),
    "music": ("Open rehearsal", "Vinyl listening session", "Choir for everybody", "Jazz in the cellar"),
    "photography": ("Photo walk", "Portraits in soft light", "Night photography", "Film cameras only"),
    "running": ("Easy five kilometres", "Intervals in the park", "Long run, slow pace", "Run and breakfast"),
    "technology": ("Python evening", "Data and drinks", "Lightning talks", "Repair your gadgets"),
}


@dataclass(frozen=True)
class Meetups:
    """One row a meetup, in the order of making; a `cancelled_ms` of `NEVER_MS` means that it takes place."""

    host: Ints
    city: Ints
    category: Ints
    created_ms: Ints
    starts_ms: Ints
    cancelled_ms: Ints
    capacity: Ints
    price_cents: Ints
    is_automatic: Flags
    quality: Floats
    title: list[str]

    @property
    def count(self) -> int:
        """How many meetups there are."""
        return len(self.host)

    @property
    def closes_ms(self) -> Ints:
        """When a meetup stops taking requests and payments: at its start, or when it is called off."""
        return np.minimum(self.starts_ms, self.cancelled_ms)


def make_meetups(plan: Plan, cities: tuple[City, ...], people: People) -> Meetups:
    """All meetups that the hosts make while they are active, the backlog included."""
    rng = plan.generator("meetups")
    offsets = calendar.offsets_ms(plan, cities)
    host, created_ms = _invitations(plan, rng, people, offsets)
    order = np.argsort(created_ms, kind="stable")
    host, created_ms = host[order], created_ms[order]
    city, count = people.city[host], len(host)
    starts_ms = _starts(plan, rng, created_ms, offsets[city])
    cancelled = rng.random(count) < _CANCEL_RATIO
    when_ms = created_ms + ((starts_ms - created_ms) * rng.uniform(0.1, 0.95, count)).astype(np.int64)
    own = rng.random(count) < 0.7
    category = np.where(own, people.category[host], rng.integers(0, len(CATEGORIES), count))
    generosity = plan.generator("hosts").normal(4.1, 0.55, people.count)
    return Meetups(
        host=host,
        city=city,
        category=category,
        created_ms=created_ms,
        starts_ms=starts_ms,
        cancelled_ms=np.where(cancelled, when_ms, NEVER_MS),
        capacity=np.array(_CAPACITIES)[rng.integers(0, len(_CAPACITIES), count)],
        price_cents=np.array(_PRICES)[rng.integers(0, len(_PRICES), count)],
        is_automatic=rng.random(count) < _AUTOMATIC_RATIO,
        quality=generosity[host] + rng.normal(0, 0.35, count),
        title=_titles(rng, cities, city, category),
    )


def _invitations(plan: Plan, rng: Random, people: People, offsets: Ints) -> tuple[Ints, Ints]:
    """Host and time of each invitation."""
    hosts = np.flatnonzero(people.persona == HOST)
    days = np.arange(-_BACKLOG_DAYS, plan.days + 1)
    weights = calendar.day_weights(plan)
    day_weight = np.concatenate([np.ones(_BACKLOG_DAYS), weights])
    noon_ms = plan.starts_ms + days * DAY_MS + 12 * HOUR_MS
    present = (people.joined_ms[hosts, None] < noon_ms) & (people.leaves_ms[hosts, None] > noon_ms)
    weekly = max(_WEEKLY_INVITATIONS, _WEEKLY_MEETUPS_A_CITY * len(offsets) / len(hosts))
    rates = present * day_weight * (weekly / 7) * people.activity[hosts, None]
    row, column = np.nonzero(rng.poisson(rates))
    host, day = hosts[row], days[column]
    inside = np.maximum(day, 0)
    time_ms = calendar.times_of_day_ms(rng, calendar.is_weekend(plan, day), np.zeros(len(day)))
    offset_ms = offsets[people.city[host], inside]
    created_ms = calendar.to_utc_ms(plan, day, time_ms, offset_ms)
    keep = (created_ms < plan.ends_ms - HOUR_MS) & (created_ms > people.joined_ms[host] + HOUR_MS)
    return host[keep], created_ms[keep]


def _starts(plan: Plan, rng: Random, created_ms: Ints, offset_ms: Ints) -> Ints:
    """Evenings on working days, any time of the day on weekends, three days to four weeks ahead."""
    ahead = 3 + np.minimum(rng.gamma(2.0, 4.5, len(created_ms)), 25).astype(np.int64)
    day = (created_ms - plan.starts_ms) // DAY_MS + ahead
    # Weekends are popular: a third of the meetups move to the next Saturday or Sunday.
    to_weekend = rng.random(len(day)) < 0.33
    weekday = calendar.weekdays(plan, day)
    shift = np.maximum(calendar.SATURDAY + rng.integers(0, 2, len(day)) - weekday, 0)
    day = np.where(to_weekend, day + shift, day)
    weekend = calendar.is_weekend(plan, day)
    half_hours = np.where(weekend, rng.integers(20, 40, len(day)), rng.integers(36, 41, len(day)))
    known_day = np.clip(day, 0, plan.days)
    return calendar.to_utc_ms(
        plan, day, half_hours * (HOUR_MS // 2), offset_ms[np.arange(len(day)), known_day]
    )


def _titles(rng: Random, cities: tuple[City, ...], city: Ints, category: Ints) -> list[str]:
    choice = pick(rng, (1, 1, 1, 1), len(city))
    return [
        f"{_TITLES[CATEGORIES[kind]][which]} in {cities[place].name}"
        for kind, which, place in zip(category, choice, city, strict=True)
    ]
