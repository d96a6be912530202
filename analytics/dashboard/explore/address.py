"""Nested values in a query string, under the names of the API: `series.1.event=paid&filters.all.1.property=plan`.

Lists are numbered from 1. Everything is text but the values of filters: `5` and `true` are a number and a truth,
`"5"` in quotation marks is a text, and whatever else there is stands for itself. A value given several times is a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from analytics.errors import BadInput

#: A filter of the greatest depth has two parts for each level.
_MAX_PARTS = 64
_LIST_OPERATORS = ("in", "not_in")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,299})")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
#: What may stand unescaped in a query string and is easier to read so.
_READABLE = "$/:,()*"


class Texts(Protocol):
    """A query string, read: every name with its texts. Django's `QueryDict` is one."""

    def lists(self) -> Iterable[tuple[str, list[str]]]:
        """Names and texts."""


def decode(query: Texts) -> dict[str, Any]:
    """The values of a query string. Empty texts, and parts of a form that nobody filled in, are not there.

    **Errors**: `BadInput` for a name that is nested too deep, stands twice, or is a value and a group at once.
    """
    tree: dict[str, Any] = {}
    for name, given in query.lists():
        texts = [text for text in given if text]
        if texts:
            _put(tree, name, texts)
    return {key: value for key, part in tree.items() if (value := _value(key, part)) is not None}


def encode(values: Mapping[str, Any]) -> str:
    """The query string of values, in their order; what is None, or empty, is left out."""
    return urlencode(list(_pairs("", values)), quote_via=quote, safe=_READABLE)


def read_scalar(text: str) -> str | int | float | bool:
    """The value of a filter that a text stands for.

    Example:
        >>> [read_scalar(text) for text in ("5", "007", '"5"', "true", "1.5", "Graz")]
        [5, '007', '5', True, 1.5, 'Graz']
    """
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE.fullmatch(text) and str(number := int(text)) == text:
        return number
    if _DECIMAL.fullmatch(text) and repr(fraction := float(text)) == text:
        return fraction
    if text.startswith('"'):
        try:
            found = json.loads(text)
        except ValueError:
            return text
        return found if isinstance(found, str) else text
    return text


def write_scalar(value: object) -> str:
    """The text that stands for a value. A text that would be read as something else is put in quotation marks."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    stands_for_itself = value and not value.startswith('"') and read_scalar(value) == value
    return value if stands_for_itself else json.dumps(value, ensure_ascii=False)


def _put(tree: dict[str, Any], name: str, texts: list[str]) -> None:
    *above, last = name.split(".")
    if len(above) >= _MAX_PARTS:
        raise _bad(_("“%(name)s” is nested too deep.") % {"name": f"{name[:40]}…"})
    place = tree
    for part in above:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise _bad(_("“%(name)s” is a value and a group at once.") % {"name": name[:200]})
    if last in place:
        raise _bad(_("“%(name)s” is a value and a group at once.") % {"name": name[:200]})
    place[last] = texts


def _value(key: str, part: Any) -> Any:
    """A part of the tree as the API's value; None for one that says nothing."""
    if isinstance(part, list):
        if len(part) > 1:
            raise _bad(_("“%(name)s” is given more than once.") % {"name": key[:200]})
        return part[0]
    if key == "filters":
        return _filter(part)
    if _is_list(part):
        return [value for item in _in_order(part) if (value := _value("", item)) is not None] or None
    found = {name: value for name, below in part.items() if (value := _value(name, below)) is not None}
    is_unfilled = (key == "breakdown" and "property" not in found) or (
        "from_step" in found and "event" not in found
    )
    return None if is_unfilled else found or None


def _filter(part: Any) -> Any:
    if isinstance(part, list):
        return _value("filters", part)
    if _is_list(part):
        return [found for item in _in_order(part) if (found := _filter(item)) is not None] or None
    if "property" in part:
        return _condition(part)
    if set(part) <= {"scope", "operator", "value"}:
        return None  # a row of the form in which no property is chosen yet
    found = {name: _cohort(below) if name == "cohort" else _filter(below) for name, below in part.items()}
    return {name: value for name, value in found.items() if value is not None} or None


def _condition(part: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _value(name, below) for name, below in part.items() if name != "value"}
    texts = part.get("value", [])
    if not isinstance(texts, list):
        raise _bad(_("The value of a filter has no parts."))
    values = [read_scalar(text) for text in texts]
    if found.get("operator") in _LIST_OPERATORS:
        return {**found, "value": values}
    if len(values) > 1:
        raise _bad(_("Several values need the operator in or not_in."))
    return {**found, "value": values[0]} if values else found


def _cohort(part: Any) -> Any:
    text = _value("cohort", part)
    return (
        int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else text
    )


def _is_list(part: Mapping[str, Any]) -> bool:
    return bool(part) and all(name.isascii() and name.isdigit() and len(name) < 10 for name in part)


def _in_order(part: Mapping[str, Any]) -> list[Any]:
    return [part[name] for name in sorted(part, key=int)]


def _pairs(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            is_value = name == "value" and "property" in value
            yield from _of_value(f"{place}value", below) if is_value else _pairs(f"{place}{name}.", below)
    elif isinstance(value, list | tuple):
        for number, below in enumerate(value, 1):
            yield from _pairs(f"{place}{number}.", below)
    elif value is not None:
        yield place.removesuffix("."), str(value)


def _of_value(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is not None:
        for one in value if isinstance(value, list | tuple) else [value]:
            yield place, write_scalar(one)


def _bad(detail: str) -> BadInput:
    return BadInput(detail, code="bad_address")
