"""Whose a refused event is: its body is what a client sent, so the ids of a person are looked for in the bytes.

A body that names an id where ids stand is surely theirs. One that has it elsewhere may be: an erasure takes it where
the id is long enough not to be there by chance.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

import orjson
from django.db import models
from django.db.models import Q, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

from analytics.models import PersonDistinctId, RejectedEvent

#: Where the dialects put ids; rows of files have columns of any name.
_ID_KEYS = frozenset(
    {
        *("distinct_id", "$distinct_id", "$anon_distinct_id", "alias", "$user_id", "$device_id"),
        *("userId", "anonymousId", "previousId"),
    }
)
_ROW_OF_A_FILE = "import"

#: A shorter id, such as the number of a user, is in many bodies by chance.
_LEAST_TELLING_CHARACTERS = 8

#: Ids are cut to this when they are stored, bodies are not.
_STORED_CHARACTERS = PersonDistinctId._meta.get_field("distinct_id").max_length or 0

_IDS_AT_ONCE = 50


def rows_naming(distinct_ids: Sequence[str]) -> QuerySet[RejectedEvent]:
    """Refused events that name one of the ids where ids stand."""
    ids = frozenset(distinct_ids)
    return _rows(row.pk for row in _candidates(distinct_ids) if _names(row, ids))


def rows_with(distinct_ids: Sequence[str]) -> QuerySet[RejectedEvent]:
    """Those, and events that have one of the ids anywhere, unless it is short enough to be there by chance."""
    ids = frozenset(distinct_ids)
    telling = [text for text in distinct_ids if len(text) >= _LEAST_TELLING_CHARACTERS]
    named = {row.pk for row in _candidates(distinct_ids) if _names(row, ids)}
    return _rows(named | {row.pk for row in _candidates(telling)})


def _rows(keys: Iterable[int]) -> QuerySet[RejectedEvent]:
    return RejectedEvent.objects.filter(pk__in=sorted(keys))


def _candidates(distinct_ids: Sequence[str]) -> Iterable[RejectedEvent]:
    """Events in whose body the bytes of an id are, as plain text or as JSON writes it."""
    for first in range(0, len(distinct_ids), _IDS_AT_ONCE):
        forms = {form for text in distinct_ids[first : first + _IDS_AT_ONCE] for form in _forms_of(text)}
        found = {f"at_{place}": _Position(models.F("body"), Value(form)) for place, form in enumerate(forms)}
        is_there = reduce(or_, (Q(**{f"{name}__gt": 0}) for name in found))
        yield from RejectedEvent.objects.alias(**found).filter(is_there).iterator()


def _forms_of(text: str) -> set[bytes]:
    return {text.encode("utf-8", "surrogatepass"), json.dumps(text)[1:-1].encode()}


def _names(row: RejectedEvent, ids: frozenset[str]) -> bool:
    try:
        body = orjson.loads(bytes(row.body))
    except orjson.JSONDecodeError:
        return False
    return _has_id(body, ids, is_any_key=row.dialect == _ROW_OF_A_FILE)


def _has_id(value: Any, ids: frozenset[str], *, is_any_key: bool) -> bool:
    if isinstance(value, list):
        return any(_has_id(inner, ids, is_any_key=is_any_key) for inner in value)
    if not isinstance(value, dict):
        return False
    return any(
        ((is_any_key or name in _ID_KEYS) and _as_id(inner) in ids)
        or _has_id(inner, ids, is_any_key=is_any_key)
        for name, inner in value.items()
    )


def _as_id(value: Any) -> str:
    return str(value).strip()[:_STORED_CHARACTERS] if isinstance(value, str | int) else ""


class _Position(models.Func):
    """Where bytes occur in bytes, from 1; 0 for nowhere."""

    function = "instr"
    output_field = models.IntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        """`position`, with its operands the other way round."""
        haystack, needle = self.source_expressions
        column, column_values = compiler.compile(haystack)
        wanted, wanted_values = compiler.compile(needle)
        return f"position({wanted}::bytea in {column})", (*wanted_values, *column_values)
