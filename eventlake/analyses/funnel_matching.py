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
from typing import Any

import numpy as np
import numpy.typing as npt

from eventlake.analyses.funnel_question import Order
from eventlake.analyses.funnel_ties import Chain, PersonRows, best_chain

Integers = npt.NDArray[np.signedinteger[Any]]
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
    """Columns of equal length: person, microseconds since 1970, and bits of the steps and exclusions that match.

    The bits of exclusions follow those of the steps.
    """

    person: Integers
    at_us: Integers
    bits: Integers

    def __len__(self) -> int:
        return len(self.person)

    def take(self, places: Integers | Flags) -> Rows:
        """These rows in this order."""
        return Rows(self.person[places], self.at_us[places], self.bits[places])


@dataclass(frozen=True, slots=True)
class Matches:
    """One entry a person who entered the funnel.

    `levels`: steps reached, 1 or more. `at_us`: shape (persons, steps), when each step was done, counted from any
    instant; what lies beyond the level means nothing. `first_row`, `last_row`: the rows, as they were given, of the
    first and last counted event; empty where places were not asked for.
    """

    levels: Integers
    at_us: Integers
    first_row: Integers
    last_row: Integers


@dataclass(frozen=True, slots=True)
class _Line:
    """Rows by person, time and lowest step. `ends`: where each person's rows end. `same`: whether the row after is
    of the same person and instant. `places`: where the rows stood, or None.
    """

    at_us: Integers
    steps: Integers
    excluded: Integers
    ends: Integers
    same: Flags
    places: Integers | None

    def __len__(self) -> int:
        return len(self.at_us)

    @property
    def starts(self) -> Integers:
        """Where each person's rows start."""
        return np.append(0, self.ends[:-1])


def match(rows: Rows, rules: Rules, *, with_places: bool) -> Matches:
    """How far every person got, by the entry that got furthest, and of equals by the earliest."""
    if not len(rows):
        return _nobody(rules)
    line = _line_up(rows, rules, with_places)
    apart = _persons_apart(line, rules)
    found = [_match_quickly(line, rules, apart), _match_slowly(line, rules, apart)]
    places = line.places
    first, last = (
        np.concatenate([getattr(matches, name) for matches in found]) for name in ("first_row", "last_row")
    )
    return Matches(
        np.concatenate([matches.levels for matches in found]),
        np.concatenate([matches.at_us for matches in found]),
        first if places is None else places[first],
        last if places is None else places[last],
    )


def _nobody(rules: Rules) -> Matches:
    none = np.empty(0, np.int64)
    return Matches(none, np.empty((0, rules.steps), np.int64), none, none)


def _line_up(rows: Rows, rules: Rules, with_places: bool) -> _Line:
    """Rows come in few sorted runs (of an event in a month), which a stable sort finds and only has to merge."""
    kinds, kind = np.unique(rows.bits, return_inverse=True) if len(rows) < 256 else _kinds(rows.bits)
    steps = kinds & ((1 << rules.steps) - 1)
    by_lowest = np.argsort(_lowest_step(steps), kind="stable")
    rank = np.empty_like(by_lowest)
    rank[by_lowest] = np.arange(len(by_lowest))
    kinds, kind = kinds[by_lowest], rank[kind]

    low, since = rows.person.min(), rows.at_us.min()
    time_bits = int(rows.at_us.max() - since).bit_length()
    kind_bits = (len(kinds) - 1).bit_length()
    bits = int(rows.person.max() - low).bit_length() + time_bits + kind_bits
    places: Integers | None = None
    if bits <= 64 and not with_places:
        # One number holds a whole row, so that sorting it is all there is to do.
        key = (rows.person - low).astype(np.uint64) << np.uint64(time_bits + kind_bits)
        key |= (rows.at_us - since).astype(np.uint64) << np.uint64(kind_bits)
        key |= kind.astype(np.uint64)
        key.sort(kind="stable")
        kind = (key & np.uint64((1 << kind_bits) - 1)).astype(np.int32)
        key >>= np.uint64(kind_bits)
        same = key[1:] == key[:-1]
        at_us = (key & np.uint64((1 << time_bits) - 1)).astype(np.int64)
        key >>= np.uint64(time_bits)
        changes = key[1:] != key[:-1]
    else:
        places = np.lexsort((kind, rows.at_us, rows.person))
        person, at_us, kind = rows.person[places], rows.at_us[places], kind[places]
        changes = person[1:] != person[:-1]
        same = ~changes & (at_us[1:] == at_us[:-1])
    ends = np.append(np.flatnonzero(changes) + 1, len(rows))
    of_kind = kinds.astype(np.int32)[kind]
    return _Line(at_us, of_kind & ((1 << rules.steps) - 1), of_kind >> rules.steps, ends, same, places)


def _kinds(bits: Integers) -> tuple[Integers, Integers]:
    """The different bits, ascending, and the number of each row's among them."""
    if bits.max() >= 1 << 16:
        kinds, kind = np.unique(bits, return_inverse=True)
        return kinds, kind
    kinds = np.flatnonzero(np.bincount(bits))
    numbers = np.zeros(int(kinds[-1]) + 1, np.int64)
    numbers[kinds] = np.arange(len(kinds))
    return kinds, numbers[bits]


def _lowest_step(steps: Integers) -> Integers:
    """The lowest bit, as a number; more than any for no bit."""
    return np.where(steps == 0, np.int64(1) << 62, steps & -steps)


def _persons_apart(line: _Line, rules: Rules) -> Flags:
    """Persons for whom sorted rows are not enough."""
    nobody = np.zeros(len(line.ends), np.bool_)
    if rules.order is Order.STRICT:
        awkward = np.append(line.same & ((line.steps[1:] | line.steps[:-1]) != 0), False)
    else:
        several = (line.steps & (line.steps - 1)) != 0
        if not several.any():
            return nobody
        awkward = several
        if rules.order is Order.ORDERED:
            group = np.append(0, np.cumsum(~line.same))
            differs = np.append(line.same & (line.steps[1:] != line.steps[:-1]), False)
            has_difference = np.zeros(int(group[-1]) + 1, np.bool_)
            has_difference[group[differs]] = True
            awkward = several & has_difference[group]
    return np.logical_or.reduceat(awkward, line.starts) if awkward.any() else nobody


def _match_quickly(line: _Line, rules: Rules, apart: Flags) -> Matches:
    """Everybody but those apart."""
    lengths = np.diff(line.ends, prepend=0)
    end_of = np.repeat(line.ends.astype(np.int32), lengths)
    is_entry = line.steps != 0 if rules.order is Order.UNORDERED else (line.steps & 1) != 0
    if apart.any():
        is_entry &= ~np.repeat(apart, lengths)
    entries = np.flatnonzero(is_entry)
    finder = _Finder(line, rules, end_of)
    levels = finder.levels(entries)
    if not levels.all():
        entries, levels = entries[levels > 0], levels[levels > 0]
    if not len(entries):
        return _nobody(rules)
    person = end_of[entries]
    first = np.flatnonzero(np.append(True, person[1:] != person[:-1]))
    best = np.maximum.reduceat(levels, first)
    chosen = np.flatnonzero(levels == np.repeat(best, np.diff(np.append(first, len(levels)))))
    person = person[chosen]
    chosen = chosen[np.append(True, person[1:] != person[:-1])]
    return finder.chains(entries[chosen], levels[chosen].astype(np.int64))


class _Finder:
    """Finds the next events of steps, for many entries at once."""

    def __init__(self, line: _Line, rules: Rules, end_of: Integers) -> None:
        self._rows = line
        self._rules = rules
        self._end_of = end_of
        self._places: dict[int, tuple[Integers, npt.NDArray[np.int32]]] = {}

    def levels(self, entries: Integers) -> Integers:
        """Steps that each entry reaches; 0 for one that an exclusion voids."""
        if self._rules.order is Order.UNORDERED:
            return self._unordered_levels(entries)
        levels = np.ones(len(entries), np.int8)
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
        levels = np.zeros(len(entries), np.int8)
        going = np.ones(len(entries), np.bool_)
        first_step = np.zeros(len(entries), np.int8)
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
        changes = np.append(True, ~rows.same)
        instant = np.cumsum(changes) - 1
        begin_of = np.flatnonzero(changes)
        end_of = np.append(begin_of[1:], len(rows))
        return np.asarray(counts[end_of[instant[to_row]]] > counts[begin_of[instant[from_row]]], np.bool_)


def _match_slowly(line: _Line, rules: Rules, apart: Flags) -> Matches:
    """Those apart, one by one."""
    chains = [chain for chain in _chains(line, rules, apart) if chain is not None]
    if not chains:
        return _nobody(rules)
    return Matches(
        np.array([len(chain.at_us) for chain in chains], np.int64),
        np.array(
            [chain.at_us + chain.at_us[-1:] * (rules.steps - len(chain.at_us)) for chain in chains], np.int64
        ),
        np.array([chain.first_row for chain in chains], np.int64),
        np.array([chain.last_row for chain in chains], np.int64),
    )


def _chains(line: _Line, rules: Rules, apart: Flags) -> Iterator[Chain | None]:
    for start, end in zip(line.starts[apart].tolist(), line.ends[apart].tolist(), strict=True):
        part = slice(start, end)
        person = PersonRows(
            start, line.at_us[part].tolist(), line.steps[part].tolist(), line.excluded[part].tolist()
        )
        yield best_chain(person, rules.steps, rules.window_us, rules.order, rules.exclusions)
