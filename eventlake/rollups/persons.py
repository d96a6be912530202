"""Relations over a few persons: what they did when, found without reading what others did.

An event keeps the node that it was stored under, so a merged person is a set of nodes, found once from the merges.
The condition on nodes stands next to the files, where it skips row groups; a join with the merges would not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from eventlake.analyses.statements import statement
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.relations import Access, Events, properties_sql, segments_between
from eventlake.rollups.segments import Segment, covered_paths
from eventlake.source import Source
from eventlake.table import LakeFile

#: So few nodes are written one by one, which lets the engine skip row groups; a join is faster for more of them,
#: because they lie everywhere (50 of 400,000 persons in ten million rows: 48 ms instead of 77).
_MAX_LISTED = 10


def root_of(source: Source, person_id: int) -> int:
    """The person that a node counts as now."""
    roots = source.merges.filter(pc.equal(source.merges.column("person_id"), person_id))
    return int(roots.column("root_id")[0].as_py()) if roots.num_rows else person_id


def nodes_of(source: Source, persons: Iterable[int]) -> pa.Table:
    """Columns person_id and root_id: these persons themselves, and every node that counts as one of them."""
    roots = pa.array(sorted(set(persons)), pa.int64())
    merged = source.merges.filter(pc.is_in(source.merges.column("root_id"), roots))
    themselves = pa.table({"person_id": roots, "root_id": roots})
    moved = pc.is_in(roots, source.merges.column("person_id").combine_chunks())
    return pa.concat_tables([themselves.filter(pc.invert(moved)), merged.cast(themselves.schema)])


def nodes_sql(nodes: Sequence[int], parameters: Parameters) -> str:
    """The condition that a row belongs to one of these nodes."""
    if len(nodes) > _MAX_LISTED:
        return f"person_id in (select unnest({parameters.bind(list(nodes), f'{len(nodes)} nodes')}))"
    return f"person_id in ({', '.join(parameters.bind(node) for node in nodes)})" if nodes else "false"


@dataclass(frozen=True, slots=True)
class NodeEvents:
    """Events of some nodes in some files, and in the hot rows: every column, under their nodes."""

    files: tuple[LakeFile, ...]
    nodes: tuple[int, ...]

    def sql(self, access: Access, parameters: Parameters) -> str:
        """Sealed rows, then hot ones, so that files older than a column still have it."""
        nodes = nodes_sql(self.nodes, parameters)
        rows = statement("person_rows_hot", nodes=nodes)
        if not self.files:
            return rows
        cold = statement("person_rows_cold", files=access.read(self.files, parameters), nodes=nodes)
        if access.source.superseded.num_rows:
            cold = statement("source_changed", cold=cold)
        return f"{cold}\nunion all by name\n{rows}"


@dataclass(frozen=True, slots=True)
class Rollups:
    """One kind of rollup of some segments, as it stands."""

    kind: str
    segments: tuple[Segment, ...]

    def sql(self, access: Access, parameters: Parameters) -> str:
        """A FROM item."""
        return access.read_rollups(self.kind, self.segments, parameters)


@dataclass(frozen=True, slots=True)
class NodeTracks:
    """When some nodes were there in a span: person_id and timestamp of each event, under its node."""

    span: Span
    nodes: tuple[int, ...]

    def sql(self, access: Access, parameters: Parameters) -> str:
        """Rollups where there are some, the rest from the events."""
        segments, files = covered(access.source, self.span)
        bounds = {"from_at": parameters.bind(self.span.from_at), "to_at": parameters.bind(self.span.to_at)}
        events = NodeEvents(files, self.nodes).sql(access, parameters)
        parts = [statement("person_tracks_of_events", events=events, **bounds)]
        if segments:
            rollups, nodes = (
                access.read_rollups("tracks", segments, parameters),
                nodes_sql(self.nodes, parameters),
            )
            parts.append(statement("person_tracks_of_rollups", rollups=rollups, nodes=nodes, **bounds))
        return "\nunion all by name\n".join(parts)


def covered(source: Source, span: Span) -> tuple[tuple[Segment, ...], tuple[LakeFile, ...]]:
    """Rollups that can hold events of a span, and the files of the span that they do not cover."""
    segments = segments_between(source, span)
    known = covered_paths(segments)
    files = source.snapshot.files_between(span.from_at, span.to_at)
    return segments, tuple(file for file in files if file.path not in known)


@dataclass(frozen=True, slots=True)
class EventsOfPersons:
    """Every column of the events of a span, of everybody or (`nodes`) of a few persons, under the person of now.

    The statement's table `person_nodes` (see `nodes_of`) says whom the nodes count as.
    """

    span: Span
    nodes: tuple[int, ...] | None

    def sql(self, access: Access, parameters: Parameters) -> str:
        """From the files and the hot rows."""
        if self.nodes is None:
            return Events(self.span).sql(access, parameters)
        files = access.source.snapshot.files_between(self.span.from_at, self.span.to_at)
        return statement(
            "person_rows_of_span",
            properties=properties_sql(parameters, frozenset()),
            rows=NodeEvents(tuple(files), self.nodes).sql(access, parameters),
            from_at=parameters.bind(self.span.from_at),
            to_at=parameters.bind(self.span.to_at),
        )
