"""Filters: a typed tree of conditions on events, compiled to SQL with bound parameters.

The one rule behind all operators: a missing property equals nothing, contains nothing and is in no order,
and therefore matches `ne`, `not_in` and `is_not_set` only. Missing is a key that is absent or null (event
scope), or a column that is null or '' (column scope).

How values compare: a number with whatever reads as a number (5, 5.0 and "5" all equal 5); a text with the
property's text; `true` and `false` with the texts 'true' and 'false', which JSON booleans have. An order
(`gt` ...) is numeric when the value reads as a number, else it is the order of texts, which suits ISO dates.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from eventlake.analyses.properties import (
    Property,
    Scope,
    column_sql,
    is_instant,
    is_number,
    is_text,
    number_sql,
    text_sql,
)
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters

#: Limits of one question, so that a filter can never cost more than the data.
MAX_DEPTH = 20
MAX_CONDITIONS = 200
MAX_LIST_VALUES = 1_000
MAX_TEXT_CHARACTERS = 10_000

Scalar: TypeAlias = str | int | float | bool | dt.datetime


class Operator(StrEnum):
    """What a condition asks of a property."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    STARTS_WITH = "starts_with"
    REGEX = "regex"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"


@dataclass(frozen=True, slots=True)
class Condition:
    """One property against one value (a tuple of values for `in` and `not_in`, none for `is_set`)."""

    prop: Property
    operator: Operator
    value: Scalar | tuple[Scalar, ...] | None = None


@dataclass(frozen=True, slots=True)
class All:
    """Every part matches. Of no parts: every event."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part matches. Of no parts: no event."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: Filter


@dataclass(frozen=True, slots=True)
class InCohort:
    """The event's person is one of the cohort's, which the source gives (see `Source.cohorts`)."""

    cohort: int


Filter: TypeAlias = Condition | InCohort | All | Any | Not

_COMPLEMENT = {Operator.NE: Operator.EQ, Operator.NOT_IN: Operator.IN, Operator.IS_NOT_SET: Operator.IS_SET}
_COMPARE = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}


def filter_sql(condition: Filter | None, parameters: Parameters) -> str:
    """A boolean SQL expression over the columns of `events`; of None, one that keeps every event.

    Errors: QuestionError for a value that does not suit its operator or a tree beyond the limits.
    """
    if condition is None:
        return "true"
    if _count(condition, 1) > MAX_CONDITIONS:
        raise QuestionError(f"a filter has at most {MAX_CONDITIONS} conditions")
    sql = _sql(condition, parameters, negated=False)
    if "person_id" in sql:
        parameters.reads_person = (
            True  # said here, for the filter of a relation is not in the statement's own text
        )
    return sql


def event_is(name: str) -> Condition:
    """The condition that an event has this name."""
    return Condition(Property("event_name", Scope.COLUMN), Operator.EQ, name)


def cohort_table(cohort: int) -> str:
    """The name under which a statement sees the members of a cohort, column member_id."""
    return f"cohort_{int(cohort)}"


def _count(node: Filter, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise QuestionError(f"a filter is nested at most {MAX_DEPTH} deep")
    if isinstance(node, Condition | InCohort):
        return 1
    parts = (node.part,) if isinstance(node, Not) else node.parts
    return 1 + sum(_count(part, depth + 1) for part in parts)


def _sql(node: Filter, parameters: Parameters, *, negated: bool) -> str:
    """Negation travels down to the conditions, so that everywhere else null may stand for false.

    That keeps plain comparisons plain, and those are what lets the engine skip row groups.
    """
    if isinstance(node, Not):
        return _sql(node.part, parameters, negated=not negated)
    if isinstance(node, Condition):
        return _condition(node, parameters, negated=negated)
    if isinstance(node, InCohort):
        plain = f"person_id in (select member_id from {cohort_table(node.cohort)})"  # noqa: S608
        return f"(({plain}) is not true)" if negated else f"({plain})"
    parts = [_sql(part, parameters, negated=negated) for part in node.parts]
    if isinstance(node, All) is not negated:
        return f"({' and '.join(parts)})" if parts else "true"
    return f"({' or '.join(parts)})" if parts else "false"


def _condition(node: Condition, parameters: Parameters, *, negated: bool) -> str:
    operator = node.operator
    if operator in _COMPLEMENT:
        operator, negated = _COMPLEMENT[operator], not negated
    plain = _OPERATORS[operator](node, parameters)
    return f"(({plain}) is not true)" if negated else f"({plain})"


def _is_set(node: Condition, parameters: Parameters) -> str:
    return f"{text_sql(node.prop, parameters)} is not null"


def _equals(node: Condition, parameters: Parameters) -> str:
    return _one_of(node.prop, (_scalar(node.value),), parameters)


def _in(node: Condition, parameters: Parameters) -> str:
    if not isinstance(node.value, tuple):
        raise QuestionError(f"{node.operator} takes a list of values")
    if len(node.value) > MAX_LIST_VALUES:
        raise QuestionError(f"a list has at most {MAX_LIST_VALUES} values")
    return _one_of(node.prop, node.value, parameters)


def _one_of(prop: Property, values: tuple[Scalar, ...], parameters: Parameters) -> str:
    texts: list[str] = []
    numbers: list[float] = []
    instants: list[dt.datetime] = []
    for value in values:
        if is_instant(prop):
            instants.append(_instant(value))
        elif (number := _number(value, prop)) is not None:
            numbers.append(number)
        else:
            texts.append(_text(value))
    reads = []
    if instants:
        reads.append(f"{column_sql(prop)} in ({_bind(instants, parameters)})")
    if numbers:
        reads.append(f"{number_sql(prop, parameters)} in ({_bind(numbers, parameters)})")
    if is_text(prop):
        # '' means missing there and equals nothing. It must also never meet IN and NULLIF together: DuckDB
        # 2.0.0 then takes a file whose every value is '' for one that matches (statistics propagation).
        texts = [text for text in texts if text]
    if texts:
        column = column_sql(prop) if is_text(prop) else text_sql(prop, parameters)
        reads.append(f"{column} in ({_bind(texts, parameters)})")
    return " or ".join(reads) or "false"


def _ordered(node: Condition, parameters: Parameters) -> str:
    value, sign = _scalar(node.value), _COMPARE[node.operator]
    if is_instant(node.prop):
        return f"{column_sql(node.prop)} {sign} {parameters.bind(_instant(value))}"
    number = _number(value, node.prop)
    if number is None and isinstance(value, str):
        number = _read_number(value)
    if number is not None:
        low, high = (parameters.bind(bound) for bound in _bounds(node.operator, number))
        return f"{number_sql(node.prop, parameters)} between {low} and {high}"
    return f"{text_sql(node.prop, parameters)} {sign} {parameters.bind(_text(value))}"


def _bounds(operator: Operator, number: float) -> tuple[float, float]:
    """The finite doubles in that order to a number, as a closed range: "nan" and "inf" are in no order."""
    if operator is Operator.GT:
        return math.nextafter(number, math.inf), sys.float_info.max
    if operator is Operator.GTE:
        return number, sys.float_info.max
    if operator is Operator.LT:
        return -sys.float_info.max, math.nextafter(number, -math.inf)
    return -sys.float_info.max, number


def _contains(node: Condition, parameters: Parameters) -> str:
    return f"contains({text_sql(node.prop, parameters)}, {parameters.bind(_text(_scalar(node.value)))})"


def _icontains(node: Condition, parameters: Parameters) -> str:
    text, value = text_sql(node.prop, parameters), parameters.bind(_text(_scalar(node.value)))
    return f"contains(lower({text}), lower({value}))"


def _starts_with(node: Condition, parameters: Parameters) -> str:
    return f"starts_with({text_sql(node.prop, parameters)}, {parameters.bind(_text(_scalar(node.value)))})"


def _regex(node: Condition, parameters: Parameters) -> str:
    """RE2, which takes linear time on any pattern, anywhere in the text."""
    return f"regexp_matches({text_sql(node.prop, parameters)}, {parameters.bind(_text(_scalar(node.value)))})"


_OPERATORS: dict[Operator, Callable[[Condition, Parameters], str]] = {
    Operator.EQ: _equals,
    Operator.IN: _in,
    Operator.GT: _ordered,
    Operator.GTE: _ordered,
    Operator.LT: _ordered,
    Operator.LTE: _ordered,
    Operator.CONTAINS: _contains,
    Operator.ICONTAINS: _icontains,
    Operator.STARTS_WITH: _starts_with,
    Operator.REGEX: _regex,
    Operator.IS_SET: _is_set,
}


def _bind(values: list[str] | list[float] | list[dt.datetime], parameters: Parameters) -> str:
    return ", ".join(parameters.bind(value) for value in values)


def _scalar(value: Scalar | tuple[Scalar, ...] | None) -> Scalar:
    if value is None or isinstance(value, tuple):
        raise QuestionError("this operator takes one value")
    return value


def _number(value: Scalar, prop: Property) -> float | None:
    """The value as a number where numbers are to be compared: it is one, or the column holds them."""
    if isinstance(value, (bool, dt.datetime)):
        return None
    if isinstance(value, str):
        return _read_number(value) if is_number(prop) else None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise QuestionError("a number must be finite")
    return number


def _read_number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value.isoformat() if isinstance(value, dt.datetime) else str(value)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise QuestionError(f"a value has at most {MAX_TEXT_CHARACTERS} characters")
    return text


def _instant(value: Scalar) -> dt.datetime:
    """ISO text or an instant; one without a zone is UTC."""
    try:
        instant = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    except ValueError as error:
        raise QuestionError(f"not an instant: {value!r}") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
