"""What a question is in three engines, and what an answer is: facts by key, so that any two can be compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Fact: TypeAlias = int | float | str | None

#: Key of a figure (a bucket, a step, a name) and the figure.
Facts: TypeAlias = dict[str, Fact]

Row: TypeAlias = Sequence[Any]

#: Sums and means may differ by rounding, counts not at all.
RELATIVE_TOLERANCE = 1e-9


class TimedOutError(Exception):
    """An engine was given up on. `after_ms` is how long it had."""

    def __init__(self, after_ms: float) -> None:
        super().__init__(f"no answer within {after_ms / 1000:.0f} s")
        self.after_ms = after_ms


@dataclass(frozen=True)
class Sql:
    """A statement of a file below `sql/<engine>/` with its slots filled.

    The first `keys` columns of a row are the key of its facts, each further column is one fact.
    """

    file: str
    slots: Mapping[str, str] = field(default_factory=dict)
    keys: int = 1


@dataclass(frozen=True)
class Ours:
    """An analysis of ours: `ask(reader, question)`, and its answer as the rows that each of the peers' statements has.

    `question` is made from the person whose timeline is asked for.
    """

    ask: Callable[[Any, Any], Any]
    question: Callable[[int], Any]
    rows: Callable[[Any], Iterable[Iterable[Row]]]


@dataclass(frozen=True)
class Question:
    """One question in three engines; several statements make one answer."""

    name: str
    about: str
    ours: Ours | None
    clickhouse: tuple[Sql, ...]
    postgres: tuple[Sql, ...]


def facts_of(answers: Iterable[tuple[Sql, Iterable[Row]]]) -> Facts:
    """The facts of the rows of each statement. A missing key is the total."""
    facts: Facts = {}
    for number, (sql, rows) in enumerate(answers):
        for row in rows:
            key = "/".join("total" if part is None else str(part) for part in row[: sql.keys])
            for place, value in enumerate(row[sql.keys :]):
                facts[f"{number}:{key}#{place}"] = _fact(value)
    return facts


def differences(first: Facts, second: Facts) -> list[str]:
    """What two answers disagree about. A figure that one of them leaves out is nought or nothing."""
    keys = sorted(first.keys() | second.keys())
    return [
        f"{key}: {first.get(key)} and {second.get(key)}"
        for key in keys
        if not _is_same(first.get(key), second.get(key))
    ]


def _fact(value: Any) -> Fact:
    if value is None or isinstance(value, int | float | str):
        return value
    return float(value)


def _is_same(first: Fact, second: Fact) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    first, second = first or 0, second or 0
    if isinstance(first, int) and isinstance(second, int):
        return first == second
    return math.isclose(first, second, rel_tol=RELATIVE_TOLERANCE)
