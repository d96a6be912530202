"""What a statement reads: relations over the sealed files and the hot rows of one source.

Each relation turns into SQL for one statement. It decides which files are read, and that nothing is read twice:
hot rows come from the database, sealed rows from the files, and each event counts for the person that its person
is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from eventlake.analyses.statements import statement
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.source import Source
from eventlake.table import LakeFile


class Access(Protocol):
    """What a relation may do: look at the source, and read files of the lake."""

    source: Source

    def read(self, files: Iterable[LakeFile], parameters: Parameters) -> str:
        """A FROM item of those files; each file counts once in the proof."""
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
        source = access.source
        properties = _properties(parameters)
        rows = statement("source_hot", properties=properties)
        files = source.snapshot.files_between(self.span.from_at, self.span.to_at)
        if files:
            cold = statement("source_cold", files=access.read(files, parameters), properties=properties)
            if source.superseded.num_rows:
                cold = statement("source_changed", cold=cold)
            rows = f"{cold}\nunion all by name\n{rows}"
        if source.merges.num_rows:
            rows = statement("source_merged", rows=rows)
        return statement(
            "source_events",
            rows=rows,
            from_at=parameters.bind(self.span.from_at),
            to_at=parameters.bind(self.span.to_at),
        )


def _properties(parameters: Parameters) -> str:
    """Columns of the properties, read from the JSON by JSON Pointer (RFC 6901: just `~` and `/` are escaped)."""
    columns = []
    for name, column in parameters.properties.items():
        pointer = parameters.bind("/" + name.replace("~", "~0").replace("/", "~1"))
        # TRY: one row whose JSON is broken must not cost every other row its answer.
        columns.append(f", try(json_extract_string(metadata, {pointer})) as {column}")
    return "".join(columns)
