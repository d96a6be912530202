"""The SQL files of the two peers."""

from __future__ import annotations

from functools import cache
from importlib import resources

from bench.lake.data import END, START
from bench.lake.shapes import Sql
from eventlake.analyses.statements import fill

_RANGE = f"timestamp >= '{START:%Y-%m-%d}' and timestamp < '{END:%Y-%m-%d}'"


def text_of(engine: str, sql: Sql, person: int) -> str:
    """The statement. `{{range}}`, `{{person}}` and `{{runs}}` are the same for all; other slots come from the question.

    Errors: ValueError for a slot that nobody fills.
    """
    slots = {"range": _RANGE, "person": str(person), "runs": _file(engine, "runs"), **sql.slots}
    text = fill(fill(_file(engine, sql.file), **slots), **slots)
    if "{{" in text:
        raise ValueError(f"{engine}/{sql.file}.sql has a slot that is not filled")
    return text


@cache
def _file(engine: str, name: str) -> str:
    return (resources.files("bench.lake") / "sql" / engine / f"{name}.sql").read_text(encoding="utf-8")
