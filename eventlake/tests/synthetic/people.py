"""Who comes when: persons with a first day, a lifetime and a number of visits, and the nodes that they are known by.

Most persons come once and a few come hundreds of times. Time runs in units of expected traffic, so that mornings,
evenings and weekends get their share whatever a person does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eventlake.tests.synthetic.journeys import Codes, Integers, walk

Reals = npt.NDArray[np.float64]

#: Persons are made in blocks until there are enough events.
_BLOCK = 20_000

#: Visits of a person follow a power law with this exponent: six of ten come once.
_VISITS_EXPONENT = 1.35
_MAX_VISITS = 600

#: A single page and gone: the first time, and later.
_BOUNCE_FIRST_RATIO, _BOUNCE_LATER_RATIO = 0.42, 0.22

#: Persons known by an anonymous node first and by their user's node from some moment on.
MERGED_RATIO = 0.15

#: Of the others, those who are users from the first event on.
_USER_RATIO = 0.3

#: Persons whose events come from a server, without sessions of a client.
_SERVER_SIDE_RATIO = 0.04

_HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Visits:
    """Visits in order of their start, in microseconds after the first day: person, start, first event, length."""

    person: npt.NDArray[np.int32]
    start_us: Integers
    offset: Integers
    length: Integers


@dataclass(frozen=True)
class People:
    """Everybody, by place: their two nodes (the same one where nothing was merged), and when the second began.

    `codes` are the events of all visits, one visit after another.
    """

    first_node: Integers
    node: Integers
    switch_us: Integers
    is_user: npt.NDArray[np.bool_]
    is_server_side: npt.NDArray[np.bool_]
    visits: Visits
    codes: Codes


def make_people(rng: np.random.Generator, count: int, days: int, first_weekday: int) -> People:
    """As many persons as make `count` events."""
    clock = _clock(days, first_weekday)
    blocks: list[_Block] = []
    events = 0
    while events < count:
        blocks.append(_make_block(rng, clock))
        events += len(blocks[-1].codes)
    persons = np.concatenate([block.visit_person + number * _BLOCK for number, block in enumerate(blocks)])
    lengths = np.concatenate([block.lengths for block in blocks])
    codes = np.concatenate([block.codes for block in blocks])[:count]
    offsets = np.cumsum(lengths) - lengths
    kept = offsets < count
    lengths = np.minimum(lengths, count - offsets)[kept]
    starts = np.concatenate([block.starts_us for block in blocks])[kept]
    order = np.argsort(starts, kind="stable")
    visits = Visits(
        persons[kept][order].astype(np.int32), starts[order], offsets[kept][order], lengths[order]
    )
    arrival = np.concatenate([block.arrival_us for block in blocks])
    switch = np.concatenate([block.switch_us for block in blocks])
    is_user, is_server_side = (
        rng.random(len(arrival)) < ratio for ratio in (_USER_RATIO, _SERVER_SIDE_RATIO)
    )
    return People(*_number(arrival, switch), switch, is_user, is_server_side, visits, codes)


@dataclass(frozen=True)
class _Block:
    arrival_us: Integers
    switch_us: Integers  # -1 where nothing was merged
    visit_person: Integers
    starts_us: Integers
    lengths: Integers
    codes: Codes


def _make_block(rng: np.random.Generator, clock: Reals) -> _Block:
    arrival = rng.random(_BLOCK) ** 1.15
    visits = np.minimum(rng.random(_BLOCK) ** (-1 / _VISITS_EXPONENT), _MAX_VISITS)
    lifetime = rng.exponential(0.03 + 0.35 * np.minimum(np.log(visits) / np.log(100), 1))
    stays = np.minimum(lifetime, 1 - arrival)
    visits = 1 + ((visits - 1) * stays / np.maximum(lifetime, 1e-9)).astype(np.int64)
    person = np.repeat(np.arange(_BLOCK), visits)
    is_first = np.zeros(len(person), np.bool_)
    is_first[np.cumsum(visits) - visits] = True
    place = arrival[person] + np.where(is_first, 0.0, rng.random(len(person)) * stays[person])
    starts = _instant_us(place, clock)
    bounces = rng.random(len(person)) < np.where(is_first, _BOUNCE_FIRST_RATIO, _BOUNCE_LATER_RATIO)
    codes, lengths = walk(rng, bounces)
    return _Block(
        _instant_us(arrival, clock), _switches(rng, arrival, stays, clock), person, starts, lengths, codes
    )


def _switches(rng: np.random.Generator, arrival: Reals, stays: Reals, clock: Reals) -> Integers:
    """When an anonymous visitor becomes a user: half in the first visit, half later; -1 for most people."""
    in_first_visit = _instant_us(arrival, clock) + (rng.exponential(180e6, _BLOCK)).astype(np.int64)
    later = _instant_us(arrival + rng.random(_BLOCK) * 0.5 * stays, clock)
    switch = np.where(rng.random(_BLOCK) < 0.5, in_first_visit, later)
    return np.where(rng.random(_BLOCK) < MERGED_RATIO, switch, -1)


def _number(arrival_us: Integers, switch_us: Integers) -> tuple[Integers, Integers]:
    """Node ids in the order in which nodes come into being."""
    is_merged = switch_us >= 0
    born = np.concatenate([arrival_us, switch_us[is_merged]])
    ids = np.empty(len(born), np.int64)
    ids[np.argsort(born, kind="stable")] = np.arange(1, len(born) + 1)
    first = ids[: len(arrival_us)]
    node = first.copy()
    node[is_merged] = ids[len(arrival_us) :]
    return first, node


def _clock(days: int, first_weekday: int) -> Reals:
    """Share of the traffic before the end of each hour, from 0 to 1."""
    hour = np.arange(days * 24)
    of_day = (
        1.15 + np.sin((hour % 24 - 13) / 24 * 2 * np.pi) + 0.25 * np.sin((hour % 24 - 6) / 12 * 2 * np.pi)
    )
    of_week = np.array([1.0, 1.05, 1.08, 1.06, 0.98, 0.72, 0.78])[(first_weekday + hour // 24) % 7]
    growth = 1 + 0.2 * hour / (days * 24)
    total = np.concatenate([[0.0], np.cumsum(of_day * of_week * growth)])
    return np.asarray(total / total[-1], np.float64)


def _instant_us(place: Reals, clock: Reals) -> Integers:
    return (np.interp(place, clock, np.arange(len(clock))) * _HOUR_US).astype(np.int64)
