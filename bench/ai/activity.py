"""Logs of who did something when, cut at a time: what was known of each person, and what they did next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.ai.churn_events import EVENT, PERSON, TIME

Floats = npt.NDArray[np.float64]

_US_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class Activity:
    """Persons of a log up to the cut, and the events of each in the horizon after it."""

    name: str
    horizon_days: int
    days: float
    recency_days: Floats
    active_days: Floats
    events: Floats
    different_names: Floats
    events_next: Floats


def read_logs(folder: Path) -> Iterator[Activity]:
    """Every Parquet file of `churn` and `events` that has a person and a time, projects kept apart in persons."""
    for path in sorted([*folder.glob("churn/*.parquet"), *folder.glob("events/*.parquet")]):
        table = pq.read_table(path)
        table = table.rename_columns([name.lower() for name in table.column_names])
        person, at, event = (_first(table, names) for names in (PERSON, TIME, EVENT))
        if person is None or at is None or table.num_rows < 1_000:
            continue
        ids = table.column(person).cast(pa.string())
        if "project" in table.column_names:
            ids = pc.binary_join_element_wise(table.column("project").cast(pa.string()), ids, "/")
        when = pc.cast(table.column(at), pa.timestamp("us")).cast(pa.int64()).to_numpy()
        names = table.column(event).to_pylist() if event else [""] * table.num_rows
        yield _cut(path.stem, ids.to_pylist(), when, names)


def _first(table: pa.Table, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in table.column_names), None)


def _cut(name: str, ids: list[str], when: npt.NDArray[np.int64], names: list[str]) -> Activity:
    """The cut lies at 70 % of the events; the horizon is 90 days, or a fifth of a log of less than a year."""
    persons, person = np.unique(np.array(ids, object).astype(str), return_inverse=True)
    _, event = np.unique(np.array(names, object).astype(str), return_inverse=True)
    cut = int(np.quantile(when, 0.7))
    span_days = (when.max() - when.min()) / _US_PER_DAY
    horizon = 90 if span_days > 365 else max(int(span_days / 5), 7)
    past = (when < cut) & (when >= cut - 3 * horizon * _US_PER_DAY)
    after = (when >= cut) & (when < cut + horizon * _US_PER_DAY)
    count = len(persons)
    there = np.flatnonzero(np.bincount(person[past], minlength=count))
    last = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(last, person[past], when[past])
    day = when // _US_PER_DAY
    return Activity(
        name=name,
        horizon_days=horizon,
        days=3.0 * horizon,
        recency_days=((cut - last) / _US_PER_DAY)[there],
        active_days=_different(person[past], day[past], count)[there],
        events=np.bincount(person[past], minlength=count).astype(float)[there],
        different_names=_different(person[past], event[past], count)[there],
        events_next=np.bincount(person[after], minlength=count).astype(float)[there],
    )


def _different(person: npt.NDArray[np.int64], value: npt.NDArray[np.int64], count: int) -> Floats:
    """How many different values each person has."""
    pairs = np.unique(np.column_stack([person, value]), axis=0)
    return np.bincount(pairs[:, 0], minlength=count).astype(float)
