"""Visits: stretches of one person on one device, known by one id, looking at pages.

A session is one visit, or two when somebody signs up or logs in half-way: the first under the id of the device, the
second under the id of the user.

Ids are numbers: with U members, u is member u, U + u the first device of u, 2U + u the second, from 3U on come
visitors who never sign up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from events.demo import calendar, incidents
from events.demo.arrays import Flags, Floats, Ints, Random, Table, pick
from events.demo.cities import City
from events.demo.people import People, pick_devices
from events.demo.personas import PERSONAS
from events.demo.plan import DAY_MS, HOUR_MS, Plan

_BLOCK = 4000  # members at a time, so that memory stays bounded


class Begins(IntEnum):
    """What stands at the beginning of a visit."""

    NOTHING = 0
    SIGN_UP = 1
    LOGIN = 2
    FIRST_LOGIN = 3  # on this device: its earlier visits turn out to be the member's


class Channel(IntEnum):
    """What brought somebody here; `KEPT` is the second visit of a session."""

    DIRECT = 0
    SEARCH = 1
    NEWSLETTER = 2
    SOCIAL = 3
    PARTNER = 4
    NEWS = 5
    KEPT = 6


_MEMBER_CHANNELS = (56, 14, 18, 9, 3)
_VISITOR_CHANNELS = (22, 40, 0, 28, 10)
_LOGIN_RATIO = 0.3
_SECOND_DEVICE_VISITS_RATIO = 0.3
_VISITORS_RATIO = 0.9
_BOUNCE_RATIO = 0.55
_NOVELTY = 1.6  # in the first week, members come so much more often

#: Nobody looks longer at one page.
MAX_PAGE_S = 45.0


@dataclass(frozen=True)
class Visits:
    """One row a visit; `who` as in the module's docstring, `views` the meetup pages looked at."""

    session: Ints
    who: Ints
    starts_ms: Ints
    views: Ints
    device: Ints
    channel: Ints
    city: Ints
    begins: Ints


class _Drafts:
    """Visits being gathered; sessions are numbered as they come."""

    def __init__(self) -> None:
        self.sessions = 0
        self._table = Table(session=0, who=0, starts_ms=0, views=0, device=0, channel=0, city=0, begins=0)

    def open(self, count: int, **columns: Ints | int) -> Ints:
        """Add the first visits of new sessions; returns the sessions."""
        sessions = np.arange(self.sessions, self.sessions + count)
        self.sessions += count
        self._table.add(count, session=sessions, **columns)
        return sessions

    def go_on(self, sessions: Ints, **columns: Ints | int) -> None:
        """Add the second visits of sessions."""
        self._table.add(len(sessions), session=sessions, channel=Channel.KEPT, **columns)

    def finish(self, plan: Plan) -> Visits:
        """All visits that begin before the end and after the start."""
        columns = self._table.columns()
        keep = (columns["starts_ms"] < plan.ends_ms) & (columns["starts_ms"] >= plan.starts_ms)
        return Visits(**{name: values[keep] for name, values in columns.items()})


def make_visits(plan: Plan, cities: tuple[City, ...], people: People) -> Visits:
    """All visits of members and strangers, the spike of strangers included."""
    drafts = _Drafts()
    offsets = calendar.offsets_ms(plan, cities)
    _add_sign_ups(plan, people, drafts)
    for start in range(0, people.count, _BLOCK):
        members = np.arange(start, min(start + _BLOCK, people.count))
        _add_member_visits(plan, people, members, offsets, drafts)
    _add_visitors(plan, cities, offsets, drafts)
    _add_spike(plan, cities, drafts)
    return drafts.finish(plan)


def visitor_count(plan: Plan) -> int:
    """How many strangers come, the spike's excepted."""
    return int(plan.users * _VISITORS_RATIO)


def spike_count(plan: Plan) -> int:
    """How many strangers the news page sends."""
    return max(40, int(plan.users * incidents.SPIKE_VISITORS_RATIO))


def _add_sign_ups(plan: Plan, people: People, drafts: _Drafts) -> None:
    """The session in which somebody joins, and up to three anonymous looks in the days before."""
    rng = plan.generator("sign-ups")
    new = np.flatnonzero(people.joined_ms >= plan.starts_ms)
    looks = np.minimum(rng.poisson(0.8, len(new)), 3)
    earlier = np.repeat(new, looks)
    back_ms = (rng.exponential(3.0, len(earlier)) * DAY_MS).astype(np.int64) + HOUR_MS
    device, city = people.device, people.city
    drafts.open(
        len(earlier),
        who=people.count + earlier,
        starts_ms=people.joined_ms[earlier] - back_ms,
        views=rng.poisson(1.2, len(earlier)),
        device=device[earlier],
        channel=pick(rng, _VISITOR_CHANNELS, len(earlier)),
        city=city[earlier],
    )
    views = 1 + rng.poisson(0.8, len(new))
    before_ms = _length_ms(rng, views)
    sessions = drafts.open(
        len(new),
        who=people.count + new,
        starts_ms=people.joined_ms[new] - before_ms,
        views=views,
        device=device[new],
        channel=pick(rng, _VISITOR_CHANNELS, len(new)),
        city=city[new],
    )
    drafts.go_on(
        sessions,
        who=new,
        starts_ms=people.joined_ms[new],
        views=rng.poisson(1.0, len(new)),
        device=device[new],
        city=city[new],
        begins=Begins.SIGN_UP,
    )


def _add_member_visits(plan: Plan, people: People, members: Ints, offsets: Ints, drafts: _Drafts) -> None:
    """The visits of a block of members while they are active, fewer and fewer before they leave."""
    rng = plan.generator(f"visits {members[0]}")
    row, day = np.nonzero(counts := rng.poisson(_daily_rates(plan, people, members)))
    row, day = np.repeat(row, counts[row, day]), np.repeat(day, counts[row, day])
    member = members[row]
    persona = people.persona[member]
    shift = np.array([p.hour_shift for p in PERSONAS])[persona]
    time_ms = calendar.times_of_day_ms(rng, calendar.is_weekend(plan, day), shift)
    starts_ms = calendar.to_utc_ms(plan, day, time_ms, offsets[people.city[member], day])
    keep = (starts_ms > people.joined_ms[member] + HOUR_MS) & (starts_ms < people.leaves_ms[member])
    order = np.lexsort((starts_ms[keep], member[keep]))
    member, starts_ms = member[keep][order], starts_ms[keep][order]
    views = rng.poisson(np.array([p.views for p in PERSONAS])[people.persona[member]])
    on_second = (people.second_device[member] >= 0) & (rng.random(len(member)) < _SECOND_DEVICE_VISITS_RATIO)
    channel = pick(rng, _MEMBER_CHANNELS, len(member))
    begins = np.where(rng.random(len(member)) < _LOGIN_RATIO, Begins.LOGIN, Begins.NOTHING)
    device = np.where(on_second, people.second_device[member], people.device[member])
    was_here = people.joined_ms[member] < plan.starts_ms
    first = _first_of_each(member, ~on_second & was_here)
    first_on_second = _first_of_each(member, on_second)
    rest = np.setdiff1d(np.arange(len(member)), np.concatenate([first, first_on_second]))
    drafts.open(
        len(rest),
        who=member[rest],
        starts_ms=starts_ms[rest],
        views=views[rest],
        device=device[rest],
        channel=channel[rest],
        city=people.city[member[rest]],
        begins=begins[rest],
    )
    ids = np.concatenate([people.count + member[first], 2 * people.count + member[first_on_second]])
    _add_first_logins(rng, people, ids, starts_ms[np.concatenate([first, first_on_second])], drafts)


def _add_first_logins(rng: Random, people: People, ids: Ints, starts_ms: Ints, drafts: _Drafts) -> None:
    """The first session that we see on a device (by its id): a look around as a stranger, then the login."""
    member = ids % people.count
    views = 1 + rng.poisson(0.5, len(ids))
    device = np.where(ids >= 2 * people.count, people.second_device[member], people.device[member])
    sessions = drafts.open(
        len(ids),
        who=ids,
        starts_ms=starts_ms,
        views=views,
        device=device,
        channel=pick(rng, _MEMBER_CHANNELS, len(ids)),
        city=people.city[member],
    )
    drafts.go_on(
        sessions,
        who=member,
        starts_ms=starts_ms + _length_ms(rng, views),
        views=rng.poisson(1.5, len(ids)),
        device=device,
        city=people.city[member],
        begins=Begins.FIRST_LOGIN,
    )


def _daily_rates(plan: Plan, people: People, members: Ints) -> Floats:
    """Expected visits by member and day."""
    days = calendar.day_numbers(plan)
    noon_ms = plan.starts_ms + days * DAY_MS + 12 * HOUR_MS
    persona = people.persona[members]
    weekly = np.array([p.weekly_visits for p in PERSONAS])[persona] * people.activity[members]
    lean = np.array([p.weekend for p in PERSONAS])[persona]
    fade_ms = np.array([p.fade_days for p in PERSONAS])[persona] * DAY_MS
    age_ms = noon_ms[None, :] - people.joined_ms[members, None]
    left_ms = people.leaves_ms[members, None] - noon_ms[None, :]
    rates = (weekly / 7)[:, None] * calendar.day_weights(plan)[None, :]
    rates = rates * np.where(calendar.is_weekend(plan, days)[None, :], lean[:, None], 1.0)
    rates *= np.where(age_ms < 7 * DAY_MS, _NOVELTY, 1.0)
    # Half a day of slack at both ends: the visit's own time decides.
    rates *= (age_ms > -DAY_MS // 2) & (left_ms > -DAY_MS // 2)
    faded: Floats = rates * np.clip(left_ms / fade_ms[:, None], 0.04, 1.0)
    return faded


def _add_visitors(plan: Plan, cities: tuple[City, ...], offsets: Ints, drafts: _Drafts) -> None:
    """Strangers who look around and do not stay; some come twice."""
    rng = plan.generator("visitors")
    visitor = np.repeat(np.arange(visitor_count(plan)), 1 + (rng.random(visitor_count(plan)) < 0.2))
    day = pick(rng, calendar.day_weights(plan) * np.linspace(1, 2, plan.days + 1), len(visitor))
    city = pick(rng, [c.weight for c in cities], len(visitor))
    time_ms = calendar.times_of_day_ms(rng, calendar.is_weekend(plan, day), np.zeros(len(day)))
    drafts.open(
        len(visitor),
        who=3 * plan.users + visitor,
        starts_ms=calendar.to_utc_ms(plan, day, time_ms, offsets[city, day]),
        views=np.where(rng.random(len(day)) < _BOUNCE_RATIO, 0, 1 + rng.poisson(1.4, len(day))),
        device=pick_devices(rng, rng.random(len(day)) < 0.68),
        channel=pick(rng, _VISITOR_CHANNELS, len(day)),
        city=city,
    )


def _add_spike(plan: Plan, cities: tuple[City, ...], drafts: _Drafts) -> None:
    """The readers of the news page: a steep rise, a long tail, nearly all gone after one page."""
    rng = plan.generator("spike")
    count = spike_count(plan)
    window = incidents.traffic_spike(plan)
    into = rng.triangular(0.0, 0.15, 1.0, count)
    bounces = rng.random(count) < incidents.SPIKE_BOUNCE_RATIO
    drafts.open(
        count,
        who=3 * plan.users + visitor_count(plan) + np.arange(count),
        starts_ms=window.starts_ms + (into * (window.ends_ms - window.starts_ms - 1)).astype(np.int64),
        views=np.where(bounces, 0, 1),
        device=pick_devices(rng, rng.random(count) < 0.78),
        channel=Channel.NEWS,
        city=pick(rng, [c.weight for c in cities], count),
    )


def _first_of_each(member: Ints, mask: Flags) -> Ints:
    """Positions of the first marked row of each member; rows are sorted by member and time."""
    positions = np.flatnonzero(mask)
    _, first = np.unique(member[positions], return_index=True)
    return positions[first]


def _length_ms(rng: Random, views: Ints) -> Ints:
    """How long a first visit takes before the sign-up or login that ends it: longer than all its pages."""
    return ((views + 1.5) * MAX_PAGE_S * rng.uniform(1.0, 1.6, len(views)) * 1000).astype(np.int64)
