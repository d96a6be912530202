"""Filters as API.md writes them in JSON, read into the engine's typed tree.

`{"all": [...]}`, `{"any": [...]}`, `{"not": ...}`, `{"cohort": id}` or `{"property", "scope"?, "operator"?, "value"?}`.
Every error says where in the JSON it is and what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from analytics.errors import BadInput

if TYPE_CHECKING:
    from eventlake.analyses.filters import Condition, Filter, Operator, Scalar
    from eventlake.analyses.properties import Property

_KINDS = ("all", "any", "not", "cohort", "property")
_MAX_DEPTH = 20


def parse_filter(given: Any, place: str = "filters") -> Filter | None:
    """The tree of a JSON value; None for nothing. **Errors**: `BadInput`."""
    if given is None or given == {}:
        return None
    return _parse(given, place, 1)


def parse_property(given: Any, place: str) -> Property:
    """The property that an object names by `property` and `scope` (default `event`). **Errors**: `BadInput`."""
    from eventlake.analyses.properties import Property, Scope
    from eventlake.errors import QuestionError

    name, scope = given.get("property"), given.get("scope", Scope.EVENT.value)
    if not isinstance(name, str):
        raise _bad(place, "'property' is the name of a property, a text")
    if scope not in set(Scope):
        raise _bad(place, f"'scope' is one of {', '.join(Scope)}")
    try:
        return Property(name, Scope(scope))
    except QuestionError as error:
        raise _bad(place, str(error)) from error


def _parse(given: Any, place: str, depth: int) -> Filter:
    from eventlake.analyses.filters import All, InCohort, Not
    from eventlake.analyses.filters import Any as AnyOf

    if depth > _MAX_DEPTH:
        raise _bad(place, f"a filter is nested at most {_MAX_DEPTH} deep")
    kind = _kind_of(given, place)
    value = given[kind]
    if kind in ("all", "any"):
        if not isinstance(value, list):
            raise _bad(f"{place}.{kind}", "a list of filters is expected")
        parts = tuple(_parse(part, f"{place}.{kind}[{n}]", depth + 1) for n, part in enumerate(value))
        return All(parts) if kind == "all" else AnyOf(parts)
    if kind == "not":
        return Not(_parse(value, f"{place}.not", depth + 1))
    if kind == "cohort":
        if not isinstance(value, int) or isinstance(value, bool):
            raise _bad(f"{place}.cohort", "the number of a cohort is expected")
        return InCohort(value)
    return _condition(given, place)


def _kind_of(given: Any, place: str) -> str:
    if not isinstance(given, Mapping):
        raise _bad(place, "an object is expected")
    kinds = [kind for kind in _KINDS if kind in given]
    allowed = {"property", "scope", "operator", "value"} if kinds == ["property"] else set(kinds)
    if len(kinds) != 1 or set(given) - allowed:
        raise _bad(place, f"exactly one of {', '.join(_KINDS)} is expected, and nothing else beside it")
    return kinds[0]


def _condition(given: Mapping[str, Any], place: str) -> Condition:
    from eventlake.analyses.filters import Condition, Operator

    name = given.get("operator", Operator.EQ.value)
    if not isinstance(name, str) or name not in set(Operator):
        raise _bad(f"{place}.operator", f"one of {', '.join(Operator)} is expected")
    operator = Operator(name)
    return Condition(parse_property(given, place), operator, _value(given, operator, f"{place}.value"))


def _value(given: Mapping[str, Any], operator: Operator, place: str) -> Scalar | tuple[Scalar, ...] | None:
    from eventlake.analyses.filters import Operator

    value = given.get("value")
    if operator in (Operator.IS_SET, Operator.IS_NOT_SET):
        if value is not None:
            raise _bad(place, f"{operator} takes no value")
        return None
    if operator in (Operator.IN, Operator.NOT_IN):
        if not isinstance(value, list) or not all(_is_scalar(item) for item in value):
            raise _bad(place, f"{operator} takes a list of texts, numbers or truths")
        return tuple(value)
    if not _is_scalar(value):
        raise _bad(place, f"{operator} takes one text, number or truth")
    found: Any = value
    return cast("Scalar", found)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _bad(place: str, what: str) -> BadInput:
    return BadInput(f"{place}: {what}", code="bad_filter")
