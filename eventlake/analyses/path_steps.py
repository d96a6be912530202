"""Steps of sequences as whole columns: where sequences begin and end, and how often one step follows another.

No SQL and no names here: an event is a code, a sequence a stretch of codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Whole: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

#: A link as numbers: step (from 1), code of the source, code of the target, persons, sequences.
Counted: TypeAlias = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Steps:
    """Sequences of steps: number i has `codes[first[i]:end[i]]`, in which no two neighbours are equal.

    `persons` is the person of each sequence, null for none.
    """

    codes: npt.NDArray[np.unsignedinteger]
    first: Whole
    end: Whole
    persons: pa.Array

    @classmethod
    def read(cls, table: pa.Table) -> Steps:
        """Steps of the columns `codes` (the codes of one sequence, at least one) and `person_id`."""
        lists, persons = (table.column(name).combine_chunks() for name in ("codes", "person_id"))
        codes, offsets = lists.flatten().to_numpy(), lists.offsets.to_numpy()
        if not table.num_rows:
            return cls(codes, np.zeros(0, np.int64), np.zeros(0, np.int64), persons)
        starts = offsets[:-1] - offsets[0]
        is_step = np.empty(len(codes), bool)
        np.not_equal(codes[1:], codes[:-1], out=is_step[1:])
        is_step[starts] = True
        end = np.cumsum(np.add.reduceat(is_step, starts, dtype=np.int64))
        return cls(codes[is_step], np.concatenate(([0], end[:-1])), end, persons)

    @property
    def lengths(self) -> Whole:
        """Steps of each sequence."""
        return self.end - self.first

    def choose(self, chosen: Flags) -> Steps:
        """The sequences that are flagged."""
        return replace(
            self,
            first=self.first[chosen],
            end=self.end[chosen],
            persons=self.persons.filter(pa.array(chosen)),
        )

    def keep_first(self, steps: int) -> Steps:
        """At most so many steps of each, from its beginning."""
        return replace(self, end=np.minimum(self.end, self.first + steps))

    def keep_last(self, steps: int) -> Steps:
        """At most so many steps of each, up to its end."""
        return replace(self, first=np.maximum(self.first, self.end - steps))

    def start_at(self, code: int) -> Steps:
        """The sequences that have the code, from its first occurrence on."""
        found, place = self._find(code, self.first)
        return replace(self, first=place).choose(found)

    def end_at(self, code: int, after: int = 0) -> Steps:
        """The sequences that have the code in a step `after` or later (from 0), up to its first occurrence there."""
        found, place = self._find(code, self.first + after)
        return replace(self, end=place + 1).choose(found)

    def _find(self, code: int, start: Whole) -> tuple[Flags, Whole]:
        """Which sequences have a code at or after a place, and its first place there; no place for the others."""
        places = np.append(np.flatnonzero(self.codes == code), len(self.codes))
        place = places[np.searchsorted(places, np.minimum(start, len(self.codes)))]
        return place < self.end, place


def concat(parts: Sequence[Steps]) -> Steps:
    """The sequences of all parts."""
    starts = np.cumsum([0, *(len(part.codes) for part in parts)])
    return Steps(
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.first + start for part, start in zip(parts, starts, strict=False)]),
        np.concatenate([part.end + start for part, start in zip(parts, starts, strict=False)]),
        pa.concat_arrays([part.persons for part in parts]),
    )


def largest_links(steps: Steps, names: int, limit: int) -> Iterator[Counted]:
    """The links of most sequences; step, source and target decide between equals. Codes are below `names`."""
    by_step = [_grouped(*links) for links in _links(steps, names)]
    if not by_step:
        return
    people = steps.persons.dictionary_encode()
    nobody = len(people.dictionary)
    person = people.indices.fill_null(nobody).to_numpy()
    step = np.repeat(np.arange(len(by_step)), [len(groups.links) for groups in by_step])
    place = np.concatenate([np.arange(len(groups.links)) for groups in by_step])
    link = np.concatenate([groups.links for groups in by_step])
    count = np.concatenate([np.diff(groups.starts) for groups in by_step])
    for number in np.lexsort((link, step, -count))[:limit]:
        has_it = np.zeros(nobody + 1, bool)
        has_it[person[by_step[step[number]].of(place[number])]] = True
        source, target = divmod(int(link[number]), names)
        persons = int(np.count_nonzero(has_it[:nobody]))
        yield int(step[number]) + 1, source, target, persons, int(count[number])


@dataclass(frozen=True, slots=True)
class _Groups:
    """Sequences by their link: `links[i]` is that of `sequences[starts[i]:starts[i + 1]]`."""

    links: Whole
    starts: Whole
    sequences: Whole

    def of(self, place: int) -> Whole:
        """The sequences of one link."""
        return self.sequences[self.starts[place] : self.starts[place + 1]]


def _links(steps: Steps, names: int) -> Iterator[tuple[Whole, Whole]]:
    """For each step that has a next one: the sequences that do, and their source and target as one number."""
    step = 0
    while len(sequences := np.flatnonzero(steps.lengths > step + 1)):
        place = steps.first[sequences] + step
        yield sequences, steps.codes[place].astype(np.int64) * names + steps.codes[place + 1]
        step += 1


def _grouped(sequences: Whole, links: Whole) -> _Groups:
    encoded = pa.array(links).dictionary_encode()
    number = encoded.indices.to_numpy()
    counts = np.bincount(number, minlength=len(encoded.dictionary))
    if len(counts) <= 2**16:
        number = number.astype(np.uint16)  # numbers of 16 bits are sorted by radix, ten times as fast
    order = np.argsort(number, kind="stable")
    return _Groups(encoded.dictionary.to_numpy(), np.concatenate(([0], np.cumsum(counts))), sequences[order])
