"""Events of one day after another, as tables of the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from eventlake.schema import conform
from eventlake.source import MERGES_SCHEMA
from eventlake.tests.synthetic.columns import Happened, make_table
from eventlake.tests.synthetic.journeys import KINDS, Codes, Integers
from eventlake.tests.synthetic.people import People, make_people

_DAY_US = 86_400_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

#: Between two events of a visit: never at once, and never so long that a session would have ended.
_MIN_PAUSE_US, _MAX_PAUSE_US = 150_000, 25 * 60 * 1_000_000

_PAUSES_US = np.array([kind.pause_s for kind in KINDS]) * 1e6


@dataclass(frozen=True, slots=True)
class Walks:
    """Events in time: the place of their visit, their code, and microseconds after the first day."""

    visit: Integers
    code: Codes
    at_us: Integers

    def and_then(self, more: Walks) -> Walks:
        """These events and others."""
        return Walks(
            np.concatenate([self.visit, more.visit]),
            np.concatenate([self.code, more.code]),
            np.concatenate([self.at_us, more.at_us]),
        )

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Walks:
        """These events."""
        return Walks(self.visit[rows], self.code[rows], self.at_us[rows])


class World:
    """`count` events over `days` UTC days from `start`, which is a midnight.

    Holds some 25 bytes an event at most; the events themselves are made a day at a time. With `has_merges`, the
    events of a merged person before the merge have the person's first node, and `merges` says what it became.
    """

    def __init__(
        self, count: int, *, start: dt.datetime, days: int = 90, seed: int = 7, has_merges: bool = True
    ) -> None:
        self.count, self.day_count, self.seed = count, days, seed
        self.start_us = (start - _EPOCH) // _MICROSECOND
        self.first_weekday = start.weekday()
        self.has_merges = has_merges

    @cached_property
    def people(self) -> People:
        """Everybody and their visits."""
        rng = np.random.default_rng([self.seed, 0])
        return make_people(rng, self.count, self.day_count, self.first_weekday)

    @property
    def merges(self) -> pa.Table:
        """Who became whom; nobody when the world has no merges."""
        is_merged = self.people.first_node != self.people.node
        pairs = [self.people.first_node[is_merged], self.people.node[is_merged]]
        if not self.has_merges:
            return MERGES_SCHEMA.empty_table()
        return pa.Table.from_arrays([pa.array(ids) for ids in pairs], schema=MERGES_SCHEMA)

    def days(self) -> Iterator[pa.Table]:
        """One table a day, in order of time, with all columns of the lake; ids count from 1."""
        starts = np.searchsorted(self.people.visits.start_us, np.arange(self.day_count + 1) * _DAY_US)
        later = Walks(np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0, np.int64))
        first_id = 1
        for day in range(self.day_count):
            rng = np.random.default_rng([self.seed, 1, day])
            walks = later.and_then(self._walk(rng, day, int(starts[day]), int(starts[day + 1])))
            is_later = walks.at_us >= (day + 1) * _DAY_US
            later, walks = walks.take(is_later), walks.take(~is_later)
            walks = walks.take(np.argsort(walks.at_us, kind="stable"))
            yield conform(make_table(rng, self._happened(walks, first_id)))
            first_id += len(walks.at_us)

    def _happened(self, walks: Walks, first_id: int) -> Happened:
        people, visits = self.people, self.people.visits
        person = visits.person[walks.visit].astype(np.int64)
        is_merged = people.switch_us[person] >= 0
        is_before = is_merged & (walks.at_us < people.switch_us[person])
        is_first = is_before if self.has_merges else np.zeros(len(person), np.bool_)
        return Happened(
            code=walks.code,
            visit=walks.visit,
            person=person,
            node=np.where(is_first, people.first_node[person], people.node[person]),
            at_us=self.start_us + walks.at_us,
            visit_start_us=self.start_us + visits.start_us[walks.visit],
            is_known=~is_before & (is_merged | people.is_user[person]),
            is_server_side=people.is_server_side[person],
            first_id=first_id,
        )

    def _walk(self, rng: np.random.Generator, day: int, first: int, last: int) -> Walks:
        """The events of the visits that begin on a day."""
        visits = self.people.visits
        length = visits.length[first:last]
        visit = np.repeat(np.arange(first, last), length)
        rank = np.arange(len(visit)) - np.repeat(np.cumsum(length) - length, length)
        code = self.people.codes[visits.offset[visit] + rank]
        pause = rng.exponential(_PAUSES_US[code]).clip(_MIN_PAUSE_US, _MAX_PAUSE_US).astype(np.int64)
        since = np.cumsum(pause) - pause
        since -= np.repeat(since[np.cumsum(length) - length], length) if len(length) else since
        at = visits.start_us[visit] + since
        if day == self.day_count - 1:  # nothing happens after the end: late visits begin earlier
            ends = at[np.cumsum(length) - 1] if len(length) else at
            at -= np.repeat(np.maximum(ends - self.day_count * _DAY_US + 1, 0), length)
        return Walks(visit, code, at)
