"""How far one person got in a funnel, exactly and slowly: for the few whose events of one instant need thought.

Events of one instant may stand in any order, so each instant is a set of rows to which the next steps are assigned,
each row to one step at most. The assignment is a bipartite matching, found by augmenting paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from eventlake.analyses.funnel_question import Order


@dataclass(frozen=True, slots=True)
class PersonRows:
    """Rows of one person, by time: the number of the first, microseconds, bits of steps and of exclusions."""

    first: int
    at_us: list[int]
    steps: list[int]
    excluded: list[int]


@dataclass(frozen=True, slots=True)
class Chain:
    """The counted steps: when each was done, and the rows of the first and last event."""

    at_us: list[int]
    first_row: int
    last_row: int


@dataclass(frozen=True, slots=True)
class _Instant:
    at_us: int
    rows: list[int]


def best_chain(
    person: PersonRows, steps: int, window_us: int, order: Order, exclusions: Iterable[tuple[int, int, int]]
) -> Chain | None:
    """The entry that got furthest, of equals the earliest, of these the fastest; None without any entry."""
    every = _all_chains(person, steps, window_us, order)
    found = [chain for chain in every if not _is_void(person, chain, exclusions)]
    if not found:
        return None
    best = min(found, key=lambda chain: (-len(chain.at_us), chain.at_us))
    return Chain(best.at_us, person.first + best.first_row, person.first + best.last_row)


def _all_chains(person: PersonRows, steps: int, window_us: int, order: Order) -> Iterator[Chain]:
    instants = _instants(person.at_us)
    find = {Order.ORDERED: _ordered, Order.STRICT: _strict, Order.UNORDERED: _unordered}[order]
    for number, instant in enumerate(instants):
        ahead = [later for later in instants[number:] if later.at_us - instant.at_us <= window_us]
        for row in instant.rows:
            if person.steps[row] & (~0 if order is Order.UNORDERED else 1):
                chain = find(person, row, ahead, steps)
                if chain is not None:
                    yield chain


def _instants(at_us: list[int]) -> list[_Instant]:
    found: list[_Instant] = []
    for row, at in enumerate(at_us):
        if not found or found[-1].at_us != at:
            found.append(_Instant(at, []))
        found[-1].rows.append(row)
    return found


def _assign(person: PersonRows, rows: Iterable[int], first: int, last: int) -> dict[int, int]:
    """Steps `first`, `first` + 1, ... to distinct rows, as many in a row as can be, below `last`: row by step."""
    rows = list(rows)
    step_of: dict[int, int] = {}

    def place(step: int, tried: set[int]) -> bool:
        for row in rows:
            if (person.steps[row] >> step) & 1 and row not in tried:
                tried.add(row)
                if row not in step_of or place(step_of[row], tried):
                    step_of[row] = step
                    return True
        return False

    step = first
    while step < last and place(step, set()):
        step += 1
    return {step: row for row, step in step_of.items()}


def _ordered(person: PersonRows, entry: int, ahead: list[_Instant], steps: int) -> Chain:
    at_us, last = [ahead[0].at_us], entry
    for instant in ahead:
        rows = (row for row in instant.rows if row != entry)
        assigned = _assign(person, rows, len(at_us), steps)
        if assigned:
            last = assigned[max(assigned)]
            at_us += [instant.at_us] * len(assigned)
    return Chain(at_us, entry, last)


def _strict(person: PersonRows, entry: int, ahead: list[_Instant], steps: int) -> Chain:
    rows = [row for row in ahead[0].rows if row != entry]
    most = len(_assign(person, rows, 1, steps))
    found = []
    for count in range(most, -1, -1):  # what is not counted of the entry's instant stands before the entry
        assigned = _assign(person, rows, 1, 1 + count)
        start = Chain([ahead[0].at_us] * (1 + count), entry, assigned.get(count, entry))
        found.append(_strictly_on(person, start, ahead[1:], steps))
    return min(found, key=lambda chain: (-len(chain.at_us), chain.at_us))


def _strictly_on(person: PersonRows, chain: Chain, ahead: list[_Instant], steps: int) -> Chain:
    """The chain through the following instants; one that it passes through has to be counted wholly."""
    for instant in ahead:
        assigned = _assign(person, instant.rows, len(chain.at_us), steps)
        if assigned:
            at_us = chain.at_us + [instant.at_us] * len(assigned)
            chain = Chain(at_us, chain.first_row, assigned[max(assigned)])
        if len(assigned) < len(instant.rows):
            break
    return chain


def _unordered(person: PersonRows, entry: int, ahead: list[_Instant], steps: int) -> Chain | None:
    """The first steps, each by another event, one of which is the entry."""
    rows = [row for instant in ahead for row in instant.rows]
    for level in range(steps, 0, -1):
        if not _includes(person, entry, rows, level):
            continue
        done = [_earliest(person, ahead, count) for count in range(1, level + 1)]
        counted = (1 << level) - 1
        last = next(row for row in rows if person.at_us[row] == done[-1] and person.steps[row] & counted)
        return Chain(done, entry, last)
    return None


def _includes(person: PersonRows, entry: int, rows: list[int], level: int) -> bool:
    """Whether the first steps can all be assigned to distinct rows, the entry to one of them."""
    for step in range(level):
        if (person.steps[entry] >> step) & 1:
            bits = [other & ~(1 << step) for other in person.steps]
            bits[entry] = 1 << step
            if len(_assign(replace(person, steps=bits), rows, 0, level)) == level:
                return True
    return False


def _earliest(person: PersonRows, ahead: list[_Instant], count: int) -> int:
    """When the first `count` steps are done by distinct events."""
    rows: list[int] = []
    for instant in ahead:
        rows += instant.rows
        if len(_assign(person, rows, 0, count)) == count:
            return instant.at_us
    raise AssertionError("more steps than the entry reaches")


def _is_void(person: PersonRows, chain: Chain, exclusions: Iterable[tuple[int, int, int]]) -> bool:
    """Whether an exclusion event lies between two reached steps, or at the instant of one of them."""
    for bit, from_step, to_step in exclusions:
        if to_step < len(chain.at_us):
            low, high = chain.at_us[from_step], chain.at_us[to_step]
            events = zip(person.at_us, person.excluded, strict=True)
            if any(low <= at <= high and (excluded >> bit) & 1 for at, excluded in events):
                return True
    return False
