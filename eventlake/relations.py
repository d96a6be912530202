"""What a statement reads: relations over the sealed files, their rollups and the hot rows of one source.

Each relation turns into SQL for one statement. It decides which files are read, and that nothing is read twice:
hot rows come from the database, sealed rows from the files or from rollups of them, and each event counts for the
person that its person is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from eventlake.analyses.properties import json_pointer
from eventlake.analyses.statements import statement
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.rollups.segments import Segment, covered_paths
from eventlake.schema import PROPERTY_PREFIX
from eventlake.source import Source
from eventlake.table import LakeFile


class Access(Protocol):
    """What a relation may do: look at the source, and read files of the lake."""

    source: Source

    def read(self, files: Iterable[LakeFile], parameters: Parameters) -> str:
        """A FROM item of those files; each file counts once in the proof."""
        ...

    def moved(self, bases: Iterable[str | None]) -> str | None:
        """Name of a table of the persons who count as somebody else since rows were written with these merges."""
        ...

    def read_rollups(self, kind: str, segments: Iterable[Segment], parameters: Parameters) -> str:
        """A FROM item of one kind of rollup of those segments."""
        ...


class Relation(Protocol):
    """Something that can stand in a FROM clause."""

    def sql(self, access: Access, parameters: Parameters) -> str:
        """A SELECT; binds what it needs."""
        ...


@dataclass(frozen=True, slots=True)
class Events:
    """Every column of the events of a span, and a column for each property that the statement asks for."""

    span: Span

    def sql(self, access: Access, parameters: Parameters) -> str:
        """Sealed files that the span can touch, then the hot rows."""
        files = access.source.snapshot.files_between(self.span.from_at, self.span.to_at)
        return events_sql(access, parameters, files, self.span)


@dataclass(frozen=True, slots=True)
class Tracks:
    """Who did what when in a span: event_name, person_id and timestamp of the events that have a person."""

    span: Span

    def sql(self, access: Access, parameters: Parameters) -> str:
        """Rollups where there are some, the rest as `Events`."""
        source = access.source
        segments = segments_between(source, self.span)
        covered = covered_paths(segments)
        files = source.snapshot.files_between(self.span.from_at, self.span.to_at)
        uncovered = tuple(file for file in files if file.path not in covered)
        rest = statement("tracks_of_events", events=events_sql(access, parameters, uncovered, self.span))
        if not segments:
            return rest
        tracks = statement(
            "tracks_of_rollups",
            tracks=access.read_rollups("tracks", segments, parameters),
            from_at=parameters.bind(self.span.from_at),
            to_at=parameters.bind(self.span.to_at),
        )
        tracks = moved_sql(access, tracks, bases_of(segments))
        return f"{tracks}\nunion all by name\n{rest}"


def segments_between(source: Source, span: Span) -> tuple[Segment, ...]:
    """Usable rollups whose files can hold events of the span."""
    paths = {file.path for file in source.snapshot.files_between(span.from_at, span.to_at)}
    return tuple(segment for segment in source.segments if not paths.isdisjoint(segment.sources))


def events_sql(
    access: Access, parameters: Parameters, files: Iterable[LakeFile], span: Span, *, with_hot: bool = True
) -> str:
    """Events of a span from these files and the hot rows, each with the person that its person is now."""
    source = access.source
    files = list(files)
    resolved = [file for file in files if source.has_resolved(file)]
    others = [file for file in files if not source.has_resolved(file)]
    written = _cold(access, parameters, resolved, is_resolved=parameters.reads_person)
    fresh = _cold(access, parameters, others, is_resolved=False)
    if with_hot:
        fresh.append(statement("source_hot", properties=properties_sql(parameters, frozenset())))
    parts = [
        *_of_now(access, parameters, written, {file.base for file in resolved}),
        *(_of_now(access, parameters, fresh, {None}) if others or source.hot.num_rows else fresh),
    ]
    rows = "\nunion all by name\n".join(parts)
    return statement(
        "source_events", rows=rows, from_at=parameters.bind(span.from_at), to_at=parameters.bind(span.to_at)
    )


def moved_sql(access: Access, rows: str, bases: Iterable[str | None]) -> str:
    """Rows written with these merges, each with the person that its person is now."""
    merges = access.moved(bases)
    return rows if merges is None else statement("source_merged", rows=rows, merges=merges)


def bases_of(segments: Iterable[Segment]) -> frozenset[str | None]:
    """Digests of the merges with which the sources of some rollups were written."""
    return frozenset(base for segment in segments for base in segment.bases)


def _of_now(
    access: Access, parameters: Parameters, parts: list[str], bases: Iterable[str | None]
) -> list[str]:
    """The same rows with the persons of now, where the statement reads persons."""
    if not parts or not parameters.reads_person:
        return parts
    return [moved_sql(access, "\nunion all by name\n".join(parts), bases)]


def _cold(
    access: Access, parameters: Parameters, files: Iterable[LakeFile], *, is_resolved: bool
) -> list[str]:
    """Selects of sealed files, one for each set of hot properties."""
    parts = []
    person = " replace (coalesce(merged_person_id, person_id) as person_id)" if is_resolved else ""
    for hot_properties, alike in _by_properties(files, parameters):
        cold = statement(
            "source_cold",
            person=person,
            files=access.read(alike, parameters),
            properties=properties_sql(parameters, hot_properties),
        )
        is_changed = access.source.superseded.num_rows
        parts.append(statement("source_changed", cold=cold) if is_changed else cold)
    return parts


def _by_properties(
    files: Iterable[LakeFile], parameters: Parameters
) -> list[tuple[frozenset[str], list[LakeFile]]]:
    """Files by which of the statement's properties are columns there."""
    asked = frozenset(parameters.properties)
    groups: dict[frozenset[str], list[LakeFile]] = {}
    for file in files:
        groups.setdefault(asked & file.properties, []).append(file)
    return list(groups.items())


def properties_sql(parameters: Parameters, hot_properties: frozenset[str]) -> str:
    """Columns of the statement's properties, from columns of the file or from the JSON.

    A name goes into the JSON as a JSON Pointer, and into the SQL itself only if it is hot, which no name with a quote
    can be.
    """
    columns = []
    for name, column in parameters.properties.items():
        if name in hot_properties:
            columns.append(f', "{PROPERTY_PREFIX}{name}" as {column}')
            continue
        pointer = parameters.bind(json_pointer(name))
        # TRY: one row whose JSON is broken must not cost every other row its answer.
        columns.append(f", try(json_extract_string(metadata, {pointer})) as {column}")
    return "".join(columns)
