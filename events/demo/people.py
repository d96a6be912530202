"""Who the members are: persona, city, when they join and leave, their devices and tastes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from events.demo import calendar
from events.demo.arrays import NEVER_MS, Flags, Floats, Ints, Random, pick
from events.demo.cities import City
from events.demo.personas import HOST, PERSONAS
from events.demo.plan import DAY_MS, HOUR_MS, Plan

CATEGORIES = (
    "board games",
    "books",
    "cooking",
    "hiking",
    "languages",
    "music",
    "photography",
    "running",
    "technology",
)
_CATEGORY_WEIGHTS = (16, 9, 13, 15, 12, 8, 7, 8, 12)

#: Kind, browser and system of a device, with its share among devices of its kind.
DEVICES: tuple[tuple[str, str, str, float], ...] = (
    ("mobile", "Mobile Safari", "iOS", 34),
    ("mobile", "Chrome Mobile", "Android", 44),
    ("mobile", "Samsung Internet", "Android", 8),
    ("mobile", "Firefox Mobile", "Android", 4),
    ("tablet", "Mobile Safari", "iOS", 7),
    ("tablet", "Chrome Mobile", "Android", 3),
    ("desktop", "Chrome", "Windows", 44),
    ("desktop", "Edge", "Windows", 15),
    ("desktop", "Firefox", "Windows", 8),
    ("desktop", "Safari", "macOS", 17),
    ("desktop", "Chrome", "macOS", 9),
    ("desktop", "Firefox", "Linux", 7),
)
_FIRST_DESKTOP = 6

_EARLY_RATIO = 0.15  # members from before the first day
_GROWTH = 2.6  # sign-ups a day at the end, against the beginning
_SECOND_DEVICE_RATIO = 0.15
_VERIFY_RATIO = 0.8


@dataclass(frozen=True)
class People:
    """One row a member; times in milliseconds since the epoch. `second_device` is -1 where there is none."""

    persona: Ints
    city: Ints
    category: Ints
    joined_ms: Ints
    leaves_ms: Ints
    verified_ms: Ints
    activity: Floats
    device: Ints
    second_device: Ints

    @property
    def count(self) -> int:
        """How many members there are in all."""
        return len(self.persona)


def make_people(plan: Plan, cities: tuple[City, ...]) -> People:
    """The members, in the order in which they join."""
    rng = plan.generator("people")
    persona = _personas(rng, plan.users)
    city = pick(rng, [city.weight for city in cities], plan.users)
    hosts = np.flatnonzero(persona == HOST)
    city[hosts] = np.arange(len(hosts)) % len(cities)  # no city without somebody to invite
    joined_ms = _joined(plan, rng, persona, calendar.offsets_ms(plan, cities)[city])
    order = np.argsort(joined_ms, kind="stable")
    persona, city, joined_ms = persona[order], city[order], joined_ms[order]
    mobile = np.array([p.mobile for p in PERSONAS])[persona]
    device = pick_devices(rng, rng.random(plan.users) < mobile)
    second = pick_devices(rng, device >= _FIRST_DESKTOP)
    has_second = rng.random(plan.users) < _SECOND_DEVICE_RATIO
    return People(
        persona=persona,
        city=city,
        category=pick(rng, _CATEGORY_WEIGHTS, plan.users),
        joined_ms=joined_ms,
        leaves_ms=_leaves(plan, rng, persona, joined_ms),
        verified_ms=_verified(rng, joined_ms),
        activity=rng.gamma(4.0, 0.25, plan.users),
        device=device,
        second_device=np.where(has_second, second, -1),
    )


def pick_devices(rng: Random, is_mobile: Flags) -> Ints:
    """Devices by share among the mobile ones (phones and tablets) or the others."""
    shares = [share for *_, share in DEVICES]
    mobile = pick(rng, shares[:_FIRST_DESKTOP], len(is_mobile))
    desktop = pick(rng, shares[_FIRST_DESKTOP:], len(is_mobile)) + _FIRST_DESKTOP
    return np.where(is_mobile, mobile, desktop)


def _personas(rng: Random, users: int) -> Ints:
    """Personas by quota rather than by chance: small demos have hosts too."""
    shares = np.array([p.share for p in PERSONAS])
    counts = np.floor(shares / shares.sum() * users).astype(np.int64)
    counts[HOST] = max(counts[HOST], 2)
    personas = np.repeat(np.arange(len(PERSONAS)), counts)
    rest = pick(rng, shares, max(0, users - len(personas)))
    mixed: Ints = rng.permutation(np.concatenate([personas, rest])[:users])
    return mixed


def _joined(plan: Plan, rng: Random, persona: Ints, offset_ms: Ints) -> Ints:
    """Some were there before; the others join in growing numbers. Hosts are mostly old hands."""
    users = len(persona)
    growth = _GROWTH ** (calendar.day_numbers(plan) / plan.days)
    day = pick(rng, growth * calendar.day_weights(plan), users)
    weekend = calendar.is_weekend(plan, day)
    time_ms = calendar.times_of_day_ms(rng, weekend, np.zeros(users))
    joined = calendar.to_utc_ms(plan, day, time_ms, offset_ms[np.arange(users), day])
    # Whoever would join after the end, on the present day, joined the day before.
    joined = np.where(joined >= plan.ends_ms - HOUR_MS, joined - DAY_MS, joined)
    is_early = rng.random(users) < np.where(persona == HOST, 0.7, _EARLY_RATIO)
    is_early[np.flatnonzero(persona == HOST)[: max(2, users // 200)]] = True
    before = plan.starts_ms - (rng.random(users) ** 0.7 * 200 * DAY_MS).astype(np.int64) - HOUR_MS
    return np.where(is_early, before, np.maximum(joined, plan.starts_ms + HOUR_MS))


def _leaves(plan: Plan, rng: Random, persona: Ints, joined_ms: Ints) -> Ints:
    """The end of each membership, by the persona's weekly hazard.

    Early members are those who were still there at the start, and the hazard has no memory.
    """
    hazard = np.array([p.weekly_hazard for p in PERSONAS])[persona]
    weeks = rng.exponential(1.0, len(persona)) / hazard
    leaves: Ints = np.maximum(joined_ms, plan.starts_ms) + (weeks * 7 * DAY_MS).astype(np.int64)
    return leaves


def _verified(rng: Random, joined_ms: Ints) -> Ints:
    """When each member verifies the account, mostly at once; some never do."""
    delay_ms = rng.lognormal(np.log(0.4), 1.6, len(joined_ms)) * HOUR_MS
    happens = rng.random(len(joined_ms)) < _VERIFY_RATIO
    return np.where(happens, joined_ms + delay_ms.astype(np.int64) + 60_000, NEVER_MS)
