"""The events that benchmarks count: exact in number, the same each time, and shaped as a product's are."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from eventlake.tests.synthetic import World, synthetic_events

START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
COUNT, DAYS = 40_000, 12


@pytest.fixture(scope="module")
def world() -> World:
    return World(COUNT, start=START, days=DAYS)


@pytest.fixture(scope="module")
def days(world: World) -> list[pa.Table]:
    return list(world.days())


@pytest.fixture(scope="module")
def events(days: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(days)


def test_there_are_exactly_as_many_as_asked_for(events: pa.Table) -> None:
    assert events.num_rows == COUNT
    assert events.column("id").to_pylist() == list(range(1, COUNT + 1))
    assert pc.count_distinct(events.column("uuid")).as_py() == COUNT


def test_each_table_is_one_day_in_order_of_time(days: list[pa.Table]) -> None:
    assert [set(day.column("day").to_pylist()) for day in days] == [
        {START.date() + dt.timedelta(days=number)} for number in range(DAYS)
    ]
    for day in days:
        assert np.all(np.diff(day.column("timestamp").cast(pa.int64()).to_numpy()) >= 0)


def test_no_transaction_reaches_over_two_days(days: list[pa.Table]) -> None:
    bounds = [pc.min_max(day.column("insert_xid")).as_py() for day in days]
    assert all(before["max"] < after["min"] for before, after in pairwise(bounds))


def test_the_same_seed_makes_the_same_events_and_another_seed_others() -> None:
    first, again, other = (synthetic_events(2_000, start=START, days=3, seed=seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_few_of_those_who_look_pay(events: pa.Table) -> None:
    counts = {item["values"]: item["counts"] for item in pc.value_counts(events["event_name"]).to_pylist()}
    way = ["page_view", "meetup_viewed", "meetup_requested", "checkout_started", "payment_succeeded"]
    assert all(counts[after] < counts[before] * 0.7 for before, after in pairwise(way))
    assert 12 <= len(counts) <= 20


def test_most_persons_come_once_and_a_few_very_often(world: World) -> None:
    visits = np.bincount(np.unique(world.people.visits.person, return_inverse=True)[1])
    assert np.median(visits) == 1
    assert visits.max() > 100


def test_events_of_a_session_follow_one_another(events: pa.Table) -> None:
    grouped = events.group_by("session_id").aggregate([("timestamp", "min_max"), ("timestamp", "count")])
    several = grouped.filter(
        pc.and_(pc.greater(grouped["timestamp_count"], 1), pc.not_equal(grouped["session_id"], ""))
    )
    lengths = [item["max"] - item["min"] for item in several["timestamp_min_max"].to_pylist()]
    assert min(lengths) > dt.timedelta()
    assert max(lengths) < dt.timedelta(hours=12)
    assert np.median([length.total_seconds() for length in lengths]) < 600


def test_a_merged_person_has_the_second_node_from_one_moment_on(world: World, events: pa.Table) -> None:
    roots = dict(
        zip(*(world.merges.column(name).to_pylist() for name in world.merges.column_names), strict=True)
    )
    changes: dict[int, dt.datetime] = {}
    both = zip(events["person_id"].to_pylist(), events["timestamp"].to_pylist(), strict=True)
    seen = list(both)
    for node, at in seen:
        if node in roots:
            changes[roots[node]] = max(at, changes.get(roots[node], at))
    assert 0.1 < len(roots) / len(world.people.node) < 0.2
    assert changes
    assert all(at > changes[node] for node, at in seen if node in changes)


def test_without_merges_each_person_has_one_node(world: World) -> None:
    plain = World(COUNT, start=START, days=DAYS, has_merges=False)
    roots = dict(
        zip(*(world.merges.column(name).to_pylist() for name in world.merges.column_names), strict=True)
    )
    for merged, resolved in zip(world.days(), plain.days(), strict=True):
        ids = [roots.get(node, node) for node in merged["person_id"].to_pylist()]
        assert ids == resolved["person_id"].to_pylist()
    assert plain.merges.num_rows == 0


def test_properties_are_json_objects_with_keys_of_their_own(events: pa.Table) -> None:
    for text in events["metadata"][:3_000].to_pylist():
        pairs = json.loads(text, object_pairs_hook=list)
        assert len({name for name, _ in pairs}) == len(pairs)
        assert 5 <= len(pairs) <= 18
