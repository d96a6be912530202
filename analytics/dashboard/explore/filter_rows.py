"""A filter as the rows of its builder: groups, conditions and cohorts, made from the API's tree.

It is tolerant: what is no filter has no row, and the answer says why the question cannot be asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from analytics.dashboard.explore.address import write_scalar
from analytics.models import Cohort

_VALUELESS = ("is_set", "is_not_set")


@dataclass(frozen=True)
class ConditionRow:
    """A property, an operator and texts that stand for the values."""

    name: str = ""
    scope: str = "event"
    operator: str = "eq"
    values: list[str] = field(default_factory=list)
    kind: str = "condition"

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return self.operator in ("in", "not_in")

    @property
    def has_value(self) -> bool:
        """Whether it takes a value at all."""
        return self.operator not in _VALUELESS


@dataclass(frozen=True)
class CohortRow:
    """Who is in a cohort, or is not."""

    cohort: str = ""
    name: str = ""
    is_outside: bool = False
    kind: str = "cohort"


@dataclass(frozen=True)
class GroupRow:
    """Rows joined by a word of `words.GROUPS`."""

    mode: str = "all"
    rows: list[GroupRow | ConditionRow | CohortRow] = field(default_factory=list)
    kind: str = "group"


def group_of(given: Any) -> GroupRow:
    """The outermost group of a filter; of none, one without rows."""
    row = _row(given, names_of(given))
    if isinstance(row, GroupRow):
        return row
    return GroupRow("all", [row] if row is not None else [])


def _row(given: Any, names: dict[int, str]) -> GroupRow | ConditionRow | CohortRow | None:
    if not isinstance(given, dict):
        return None
    for mode in ("all", "any"):
        if mode in given:
            return GroupRow(mode, _rows(given[mode], names))
    if "not" in given:
        return _negated(given["not"], names)
    if "cohort" in given:
        return _cohort(given["cohort"], names)
    if "property" in given:
        values = given.get("value", [])
        texts = [write_scalar(value) for value in (values if isinstance(values, list) else [values])]
        return ConditionRow(
            str(given["property"]), str(given.get("scope", "event")), str(given.get("operator", "eq")), texts
        )
    return None


def _negated(given: Any, names: dict[int, str]) -> GroupRow | CohortRow | None:
    row = _row(given, names)
    if isinstance(row, GroupRow) and not row.mode.startswith("not."):
        return GroupRow(f"not.{row.mode}", row.rows)
    if isinstance(row, CohortRow):
        return CohortRow(row.cohort, row.name, not row.is_outside)
    return None if row is None else GroupRow("not.any", [row])


def _rows(given: Any, names: dict[int, str]) -> list[GroupRow | ConditionRow | CohortRow]:
    parts: Iterable[Any] = given if isinstance(given, list) else []
    return [row for part in parts if (row := _row(part, names)) is not None]


def _cohort(number: Any, names: dict[int, str]) -> CohortRow:
    return CohortRow(str(number), names.get(number, str(number)) if isinstance(number, int) else str(number))


def names_of(given: Any) -> dict[int, str]:
    """Names of the cohorts that filters name, however deep. The database is asked only if there are any."""
    numbers = set(_numbers(given))
    return dict(Cohort.objects.filter(pk__in=numbers).values_list("pk", "name")) if numbers else {}


def _numbers(given: Any) -> Iterable[int]:
    if isinstance(given, list):
        for part in given:
            yield from _numbers(part)
    elif isinstance(given, dict):
        number = given.get("cohort")
        if isinstance(number, int) and number < 2**63:
            yield number
        for name in ("all", "any", "not"):
            yield from _numbers(given.get(name))
