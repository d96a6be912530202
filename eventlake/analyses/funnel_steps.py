"""How far each person got in an ordered funnel whose events each match one step: the usual case, and the fastest.

Each step's events are one ascending column of numbers, person before time, so the next event of a step is found by
bisection. Rollups hold the events of a name in that very order, month by month, so sorting only merges a few runs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from eventlake.analyses.funnel_matching import Matches, Rows, Rules
from eventlake.analyses.funnel_question import Order

Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.signedinteger[Any]]

#: A step of so many times fewer events than there are chains is searched from its own side.
_FEWER = 4

_NOWHERE = np.empty(0, np.int64)


def match_by_steps(rows: Rows, rules: Rules) -> Matches | None:
    """What `funnel_matching.match` says, without places; None where events match several steps, or exclude."""
    if rules.order is not Order.ORDERED or rules.exclusions or not len(rows):
        return None
    if np.any(rows.bits & (rows.bits - 1)):
        return None
    low, since = rows.person.min(), rows.at_us.min()
    time_bits = int(rows.at_us.max() - since).bit_length()
    if int(rows.person.max() - low).bit_length() + time_bits > 64:
        return None
    keys = (rows.person - low).astype(np.uint64) << np.uint64(time_bits)
    keys |= (rows.at_us - since).astype(np.uint64)

    def sorted_keys(step: int) -> Keys:
        found: Keys = keys[rows.bits == (1 << step)]
        found.sort(kind="stable")
        return found

    with ThreadPoolExecutor(2) as pool:  # the columns' arithmetic runs outside of Python's lock
        steps = list(pool.map(sorted_keys, range(rules.steps)))
        halves = list(pool.map(lambda half: _match(half, rules, time_bits), _halves(steps, time_bits)))
    return Matches(
        np.concatenate([half.levels for half in halves]),
        np.concatenate([half.at_us for half in halves]),
        _NOWHERE,
        _NOWHERE,
    )


def _halves(steps: list[Keys], time_bits: int) -> list[list[Keys]]:
    """The same columns in two parts that divide no person."""
    entries = steps[0]
    if len(entries) < 2:
        return [steps]
    border = (entries[len(entries) // 2] >> np.uint64(time_bits)) << np.uint64(time_bits)
    places = [int(np.searchsorted(step, border)) for step in steps]
    return [
        [step[:place] for step, place in zip(steps, places, strict=True)],
        [step[place:] for step, place in zip(steps, places, strict=True)],
    ]


def _match(steps: list[Keys], rules: Rules, time_bits: int) -> Matches:
    entries = steps[0]
    if not len(entries):
        return Matches(_NOWHERE, np.empty((0, rules.steps), np.int64), _NOWHERE, _NOWHERE)
    shift, window = np.uint64(time_bits), np.uint64(rules.window_us)
    person = entries >> shift
    first = np.flatnonzero(np.append(True, person[1:] != person[:-1]))
    levels = np.ones(len(first), np.int64)
    chosen = first.copy()
    alive, current = np.arange(len(entries)), entries
    for step in range(1, rules.steps):
        kept, current = _follow(steps[step], current, entries[alive], window, shift)
        alive = alive[kept]
        # Backwards, so that of a person's entries the earliest is written last.
        places = (np.searchsorted(first, alive, side="right") - 1)[::-1]
        levels[places] = step + 1
        chosen[places] = alive[::-1]
    return Matches(levels, _times(steps, entries[chosen], levels, time_bits), _NOWHERE, _NOWHERE)


def _follow(
    step: Keys, current: Keys, entries: Keys, window: np.uint64, shift: np.uint64
) -> tuple[Places, Keys]:
    """Which of the chains go on with the next event of a step, and with which one. All columns ascend."""
    if len(step) * _FEWER > len(current):
        following, is_there = _next(step, current)
        fits = is_there & ((following >> shift) == (entries >> shift)) & (following - entries <= window)
        kept = np.flatnonzero(fits)
        return kept, following[kept]
    # Few events of the step: each one looks for the chains that it is the next event of, a stretch of neighbours.
    end = np.searchsorted(current, step, side="right")
    begin = np.append(0, end[:-1])
    person = (step >> shift) << shift
    earliest = np.where(step - person > window, step - window, person)
    begin = np.maximum(begin, np.searchsorted(entries, earliest))
    counts = np.maximum(end - begin, 0)
    starts = np.cumsum(counts) - counts
    kept = np.arange(int(counts.sum())) - np.repeat(starts - begin, counts)
    return kept, np.repeat(step, counts)


def _next(step: Keys, current: Keys) -> tuple[Keys, npt.NDArray[np.bool_]]:
    """The first event of a step at or after each of others, and whether there is one of anybody."""
    if not len(step):
        return current, np.zeros(len(current), np.bool_)
    places = np.searchsorted(step, current)
    return step[np.minimum(places, len(step) - 1)], places < len(step)


def _times(steps: list[Keys], current: Keys, levels: npt.NDArray[np.int64], time_bits: int) -> Places:
    """When the steps of these entries were done, in microseconds."""
    mask = np.uint64((1 << time_bits) - 1)
    at_us = np.zeros((len(current), len(steps)), np.int64)
    at_us[:, 0] = current & mask
    for step in range(1, len(steps)):
        reached = levels > step
        following, _ = _next(steps[step], current[reached])
        current = current.copy()
        current[reached] = following
        at_us[:, step] = current & mask
    return at_us
