"""How far each person got in a funnel, worked out over whole columns.

Rows are sorted by person, time and first step that they match, so that the next event of a step is found by counting:
`counts[row]` step events lie up to a row, hence the following one is the step's event of that number. Events of the
same microsecond may stand in either order; sorted by step they already stand in the helpful one. Persons for whom that
is not enough (one event of an instant fulfils several steps, another one of the same instant others) are given to
`funnel_ties`, as are those with events in the way at the same instant where nothing may lie in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eventlake.analyses.funnel_question import Order
from eventlake.analyses.funnel_ties import Chain, PersonRows, best_chain

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rules:
    """Steps, window in microseconds, order, and exclusions as (bit, from step, to step), steps counted from 0."""

    steps: int
    window_us: int
    order: Order
    exclusions: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of equal length: person, microseconds since 1970, and bits of the steps and exclusions that match."""

    person: Integers
    at_us: Integers
    steps: Integers
    excluded: Integers

    def __len__(self) -> int:
        return len(self.person)

    def take(self, places: Integers) -> Rows:
        """These rows in this order."""
        return Rows(self.person[places], self.at_us[places], self.steps[places], self.excluded[places])


@dataclass(frozen=True, slots=True)
class Matches:
    """One entry a person who entered the funnel.

    `levels`: steps reached, 1 or more. `at_us`: shape (persons, steps), when each step was done; what lies beyond the
    level means nothing. `first_row`, `last_row`: the rows, as they were given, of the first and last counted event.
    """

    levels: Integers
    at_us: Integers
    first_row: Integers
    last_row: Integers


def match(rows: Rows, rules: Rules) -> Matches:
    """How far every person got, by the entry that got furthest, and of equals by the earliest."""
    places = _sorted_places(rows)
    rows = rows.take(places)
    if not len(rows):
        none = np.empty(0, np.int64)
        return Matches(none, np.empty((0, rules.steps), np.int64), none, none)
    starts = np.flatnonzero(np.diff(rows.person, prepend=rows.person[0] - 1))
    ends = np.append(starts[1:], len(rows))
    apart = _persons_apart(rows, rules, starts)
    quick = _match_quickly(rows, rules, ends, apart)
    slow = _match_slowly(rows, rules, starts[apart], ends[apart])
    found = [matches for matches in (quick, slow) if len(matches.levels)] or [quick]
    return Matches(
        np.concatenate([matches.levels for matches in found]),
        np.concatenate([matches.at_us for matches in found]),
        places[np.concatenate([matches.first_row for matches in found])],
        places[np.concatenate([matches.last_row for matches in found])],
    )


def _sorted_places(rows: Rows) -> Integers:
    """Places of the rows by person, time and lowest step; those without a step last of their instant."""
    if not len(rows):
        return np.empty(0, np.int64)
    low, since = rows.person.min(), rows.at_us.min()
    time_bits = int(rows.at_us.max() - since).bit_length()
    if int(rows.person.max() - low).bit_length() + time_bits > 62:
        places = np.lexsort((rows.at_us, rows.person))
        key_changes = (np.diff(rows.person[places]) != 0) | (np.diff(rows.at_us[places]) != 0)
    else:
        # One number for both: rows come in few sorted runs, which a stable sort finds and only merges.
        key = ((rows.person - low) << time_bits) | (rows.at_us - since)
        places = np.argsort(key, kind="stable")
        key_changes = np.diff(key[places]) != 0
    tied = np.flatnonzero(~key_changes)
    if len(tied):
        group = np.append(0, np.cumsum(key_changes))
        inside = np.unique(np.concatenate([tied, tied + 1]))
        lowest = _lowest_step(rows.steps[places[inside]])
        places[inside] = places[inside][np.lexsort((lowest, group[inside]))]
    return places


def _lowest_step(steps: Integers) -> Integers:
    """The lowest bit, as a number; more than any for no bit."""
    return np.where(steps == 0, np.int64(1) << 62, steps & -steps)


def _persons_apart(rows: Rows, rules: Rules, starts: Integers) -> Flags:
    """Persons for whom sorted rows are not enough."""
    same = (np.diff(rows.person) == 0) & (np.diff(rows.at_us) == 0)
    several = (rows.steps & (rows.steps - 1)) != 0
    if rules.order is Order.STRICT:
        awkward = np.append(same & ((rows.steps[1:] | rows.steps[:-1]) != 0), False)
    elif rules.order is Order.UNORDERED:
        awkward = several
    else:
        group = np.append(0, np.cumsum(~same))
        differs = np.append(same & (np.diff(rows.steps) != 0), False)
        awkward = np.isin(group, group[differs]) & several if several.any() else several
    if not awkward.any():
        return np.zeros(len(starts), np.bool_)
    return np.logical_or.reduceat(awkward, starts)


def _match_quickly(rows: Rows, rules: Rules, ends: Integers, apart: Flags) -> Matches:
    """Everybody but those apart."""
    lengths = np.diff(ends, prepend=0)
    end_of = np.repeat(ends, lengths)
    is_entry = rows.steps != 0 if rules.order is Order.UNORDERED else (rows.steps & 1) != 0
    if apart.any():
        is_entry &= ~np.repeat(apart, lengths)
    entries = np.flatnonzero(is_entry)
    finder = _Finder(rows, rules, end_of)
    levels = finder.levels(entries)
    entries, levels = entries[levels > 0], levels[levels > 0]
    if not len(entries):
        none = np.empty(0, np.int64)
        return Matches(none, np.empty((0, rules.steps), np.int64), none, none)
    first = np.flatnonzero(np.diff(rows.person[entries], prepend=rows.person[entries[0]] - 1))
    best = np.maximum.reduceat(levels, first)
    is_best = levels == np.repeat(best, np.diff(np.append(first, len(levels))))
    chosen = np.flatnonzero(is_best)
    chosen = chosen[np.diff(rows.person[entries[chosen]], prepend=rows.person[entries[chosen[0]]] - 1) != 0]
    return finder.chains(entries[chosen], levels[chosen])


class _Finder:
    """Finds the next events of steps, for many entries at once."""

    def __init__(self, rows: Rows, rules: Rules, end_of: Integers) -> None:
        self._rows = rows
        self._rules = rules
        self._end_of = end_of
        self._places: dict[int, tuple[Integers, npt.NDArray[np.int32]]] = {}

    def levels(self, entries: Integers) -> Integers:
        """Steps that each entry reaches; 0 for one that an exclusion voids."""
        if self._rules.order is Order.UNORDERED:
            return self._unordered_levels(entries)
        levels = np.ones(len(entries), np.int64)
        alive, current = np.arange(len(entries)), entries
        kept: list[tuple[Integers, Integers]] = [(alive, current)]
        for step in range(1, self._rules.steps):
            following = self._next(current, step)
            fits = self._fits(following, entries[alive])
            alive, current = alive[fits], following[fits]
            levels[alive] = step + 1
            if self._rules.exclusions:
                kept.append((alive, current))
        for bit, from_step, to_step in self._rules.exclusions:
            if to_step < len(kept):
                reached, to_row = kept[to_step]
                from_row = kept[from_step][1][np.searchsorted(kept[from_step][0], reached)]
                levels[reached[self._is_excluded(from_row, to_row, bit)]] = 0
        return levels

    def chains(self, entries: Integers, levels: Integers) -> Matches:
        """When the steps of these entries were done."""
        rows, rules = self._rows, self._rules
        at_us = np.zeros((len(entries), rules.steps), np.int64)
        last = entries.copy()
        if rules.order is Order.UNORDERED:
            done = np.full(len(entries), np.iinfo(np.int64).min)
            for step in range(rules.steps):
                following = np.minimum(self._next(entries - 1, step), len(rows) - 1)
                reached = levels > step
                is_later = reached & (rows.at_us[following] >= done)
                last = np.where(is_later, following, last)
                done = np.where(reached, np.maximum(done, rows.at_us[following]), done)
                at_us[:, step] = done
            return Matches(levels, at_us, entries, last)
        at_us[:, 0] = rows.at_us[entries]
        current = entries
        for step in range(1, rules.steps):
            following = np.minimum(self._next(current, step), len(rows) - 1)
            current = np.where(levels > step, following, current)
            at_us[:, step] = rows.at_us[current]
        return Matches(levels, at_us, entries, current)

    def _next(self, current: Integers, step: int) -> Integers:
        """The first row of a step after each row; the number of all rows where there is none."""
        if self._rules.order is Order.STRICT:
            following = current + 1
            inside = np.minimum(following, len(self._rows) - 1)
            matched = (self._rows.steps[inside] >> step) & 1 != 0
            return np.where(matched & (following < len(self._rows)), following, len(self._rows))
        if step not in self._places:
            has_step = (self._rows.steps >> step) & 1 != 0
            places = np.append(np.flatnonzero(has_step), len(self._rows))
            self._places[step] = (places, np.append(np.int32(0), np.cumsum(has_step, dtype=np.int32)))
        places, counts = self._places[step]
        return places[counts[current + 1]]

    def _fits(self, following: Integers, entries: Integers) -> Flags:
        """Whether rows belong to the person and the window of their entries."""
        inside = np.minimum(following, len(self._rows) - 1)
        in_time = self._rows.at_us[inside] - self._rows.at_us[entries] <= self._rules.window_us
        return np.asarray((following < self._end_of[entries]) & in_time, np.bool_)

    def _unordered_levels(self, entries: Integers) -> Integers:
        levels = np.zeros(len(entries), np.int64)
        going = np.ones(len(entries), np.bool_)
        first_step = np.zeros(len(entries), np.int64)
        for step in range(self._rules.steps):
            going &= self._fits(self._next(entries - 1, step), entries)
            levels[going] = step + 1
            first_step[(self._rows.steps[entries] >> step) & 1 != 0] = step + 1
        levels[first_step > levels] = 0  # a step that is not among those reached does not open the window
        return levels

    def _is_excluded(self, from_row: Integers, to_row: Integers, bit: int) -> Flags:
        """Whether an exclusion event lies between two rows, or at the instant of one of them."""
        rows = self._rows
        counts = np.append(0, np.cumsum((rows.excluded >> bit) & 1))
        changes = np.append(True, (np.diff(rows.person) != 0) | (np.diff(rows.at_us) != 0))
        instant = np.cumsum(changes) - 1
        begin_of = np.flatnonzero(changes)
        end_of = np.append(begin_of[1:], len(rows))
        return np.asarray(counts[end_of[instant[to_row]]] > counts[begin_of[instant[from_row]]], np.bool_)


def _match_slowly(rows: Rows, rules: Rules, starts: Integers, ends: Integers) -> Matches:
    chains = [chain for chain in _chains(rows, rules, starts, ends) if chain is not None]
    return Matches(
        np.array([len(chain.at_us) for chain in chains], np.int64),
        np.array(
            [chain.at_us + chain.at_us[-1:] * (rules.steps - len(chain.at_us)) for chain in chains], np.int64
        ).reshape(-1, rules.steps),
        np.array([chain.first_row for chain in chains], np.int64),
        np.array([chain.last_row for chain in chains], np.int64),
    )


def _chains(rows: Rows, rules: Rules, starts: Integers, ends: Integers) -> Iterator[Chain | None]:
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        part = slice(start, end)
        person = PersonRows(
            start, rows.at_us[part].tolist(), rows.steps[part].tolist(), rows.excluded[part].tolist()
        )
        yield best_chain(person, rules.steps, rules.window_us, rules.order, rules.exclusions)
