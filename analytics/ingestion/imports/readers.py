"""Rows of a file, one dict each, in constant memory. A line that is no row comes as `BadRow`, in its place."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson

from analytics.errors import BadInput

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True)
class BadRow:
    """A line that cannot be read as a row, and why."""

    text: str
    problem: str


RowOrBad = dict[str, Any] | BadRow


def format_of(path: Path, given: str = "") -> str:
    """`csv`, `jsonl` or `parquet`: as given, else by the file's ending.

    Example:
        >>> format_of(Path("rsvps.csv.gz")), format_of(Path("log"), "jsonl")
        ('csv', 'jsonl')
    """
    name = given or Path(path.name.removesuffix(".gz")).suffix.lstrip(".")
    name = {"ndjson": "jsonl", "json": "jsonl"}.get(name, name)
    if name not in READERS:
        raise BadInput(f"the format {name!r} is not known; use --format csv, jsonl or parquet")
    return name


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's content, unpacked: the same rows again are known, whatever the file's name and whenever it
    was compressed (gzip writes the time into its header)."""
    digest = hashlib.sha256()
    with _open(path) as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if is_gzip else path.open("rb")


def read_csv(path: Path) -> Iterator[RowOrBad]:
    """Rows of a CSV file with a header line; all values are text."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with _open(path) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")
        for row in csv.DictReader(text, restkey="", restval=None):
            extra = row.pop("", None)
            if extra is not None or None in row.values():
                yield BadRow(str(row)[:2000], "the row has not as many fields as the header")
            else:
                yield row


def read_jsonl(path: Path) -> Iterator[RowOrBad]:
    """Rows of a file with one JSON object a line; empty lines are passed over."""
    with _open(path) as lines:
        for line in lines:
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield BadRow(line[:2000].decode("utf-8", "replace"), f"the line is no JSON: {error}")
                continue
            yield row if isinstance(row, dict) else BadRow(str(row)[:2000], "the line is no JSON object")


def read_parquet(path: Path) -> Iterator[RowOrBad]:
    """Rows of a Parquet file."""
    import pyarrow.parquet as pq  # heavy, and only this format needs it

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=5000):
            yield from batch.to_pylist()


READERS: dict[str, Callable[[Path], Iterator[RowOrBad]]] = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
}


def count_rows(path: Path, format_name: str) -> int:
    """How many rows a reader will give."""
    if format_name == "parquet":
        import pyarrow.parquet as pq

        return int(pq.read_metadata(path).num_rows)
    return sum(1 for _ in READERS[format_name](path))
