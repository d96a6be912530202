"""The events that all engines get, made once and kept as Parquet files, one a day.

Owns the folder of a run: `events/` as the lake has them (a merged person under two nodes), `merges.parquet`, and a
folder for each engine's own store. `made.json`, written last, says that the events are complete.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from eventlake.tests.synthetic import World

DAYS = 90
START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
END = START + dt.timedelta(days=DAYS)
SEED = 7

#: Changes with the generator or the layout, so that a kept folder of an older one is not used.
_GENERATION = 1

#: The person whose timeline is asked for: not the busiest, but one of the busy ones.
_RANK_OF_PERSON = 100


@dataclass(frozen=True)
class Data:
    """The folder of one set of events."""

    folder: Path

    @property
    def lake(self) -> Path:
        """Our lake."""
        return self.folder / "lake"

    @property
    def clickhouse(self) -> Path:
        """ClickHouse's own folder."""
        return self.folder / "clickhouse"

    @property
    def postgres(self) -> Path:
        """The data directory of the embedded PostgreSQL."""
        return self.folder / "postgres"

    @property
    def facts(self) -> dict[str, Any]:
        """What `made.json` says: events, person."""
        found: dict[str, Any] = json.loads((self.folder / "made.json").read_text(encoding="utf-8"))
        return found

    @property
    def events(self) -> int:
        """How many there are."""
        return int(self.facts["events"])

    @property
    def person(self) -> int:
        """The node of a person with many events."""
        return int(self.facts["person"])

    def days(self) -> Iterator[pa.Table]:
        """The events of one day after another."""
        for path in sorted((self.folder / "events").glob("*.parquet")):
            yield pq.read_table(path)

    def resolved_days(self) -> Iterator[pa.Table]:
        """The same, each with the node that its person is at the end."""
        root = _roots(self.merges(), int(self.facts["nodes"]))
        place = pq.read_schema(next((self.folder / "events").glob("*.parquet"))).get_field_index("person_id")
        for day in self.days():
            persons = pa.array(root[day.column("person_id").to_numpy()])
            yield day.set_column(place, day.schema.field(place), persons)

    def merges(self) -> pa.Table:
        """Who became whom."""
        return pq.read_table(self.folder / "merges.parquet").sort_by("person_id")


def _roots(merges: pa.Table, nodes: int) -> npt.NDArray[np.int64]:
    """For each node, from 0, the node that it is at the end."""
    root = np.arange(nodes + 1)
    root[merges.column("person_id").to_numpy()] = merges.column("root_id").to_numpy()
    return root


def make_data(parent: Path, events: int, *, has_merges: bool) -> Data:
    """The folder of so many events below `parent`; they are made unless they are there already."""
    kind = "merged" if has_merges else "plain"
    data = Data(parent.resolve() / f"{events}-{kind}-{SEED}-{_GENERATION}")
    if (data.folder / "made.json").exists():
        return data
    shutil.rmtree(data.folder, ignore_errors=True)
    (data.folder / "events").mkdir(parents=True)
    world = World(events, start=START, days=DAYS, seed=SEED, has_merges=has_merges)
    nodes = int(world.people.node.max())
    counts = np.zeros(nodes + 1, np.int64)
    pq.write_table(world.merges, data.folder / "merges.parquet")
    for number, day in enumerate(world.days()):
        path = data.folder / "events" / f"{number:04}.parquet"
        pq.write_table(day, path, compression="zstd", compression_level=1)
        counts += np.bincount(day.column("person_id").to_numpy(), minlength=nodes + 1)
    counts = np.bincount(_roots(world.merges, nodes), counts, nodes + 1)
    person = int(np.argsort(-counts, kind="stable")[min(_RANK_OF_PERSON, nodes)])
    said = {"events": events, "nodes": nodes, "person": person}
    (data.folder / "made.json").write_text(json.dumps(said), encoding="utf-8")
    return data
