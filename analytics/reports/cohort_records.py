"""Cohorts as records: listing, making and deleting them. Who is in one is `analytics.reports.cohorts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count

from analytics.errors import BadInput, Conflict, NotFound
from analytics.models import Cohort
from analytics.models.choices import CohortKind
from analytics.reports import cohorts
from analytics.reports.answering import answering
from analytics.reports.pages import decode_cursor, encode_cursor
from analytics.reports.texts import check_texts

_LIST = ("cohorts",)


def list_cohorts(cursor: str, limit: int) -> dict[str, Any]:
    """A page of cohorts, the oldest first. **Errors**: `BadInput` for a cursor that is none."""
    found = _counted().order_by("pk")
    if cursor:
        found = found.filter(pk__gt=decode_cursor(cursor, _LIST)[0])
    rows = list(found[: limit + 1])
    shown = rows[:limit]
    more = encode_cursor([shown[-1].pk], _LIST) if len(rows) > limit else None
    return {"cohorts": [_as_answer(row) for row in shown], "next_cursor": more}


def cohort(number: int) -> dict[str, Any]:
    """One cohort. **Errors**: `NotFound`."""
    return _as_answer(_find(number))


def create(
    name: str, kind: str, definition: dict[str, Any], description: str, distinct_ids: Sequence[str]
) -> dict[str, Any]:
    """Make a cohort, tried before it is kept; `unknown_ids` are distinct ids that nobody goes by.

    **Errors**: `BadInput` naming what is wrong with it, `Conflict` for a name that is taken.
    """
    check_texts(definition)
    made = Cohort(name=name, kind=kind, definition=definition, description=description)
    try:
        made.clean()
    except ValidationError as error:
        raise BadInput(f"definition: {'; '.join(error.messages)}", code="bad_cohort") from error
    with answering():
        cohorts.check(made)
    try:
        with transaction.atomic():
            made.save()
            unknown = cohorts.add_members(made, distinct_ids)
    except IntegrityError as error:
        raise Conflict(f"there is a cohort {name!r} already", code="name_taken") from error
    return {**cohort(made.pk), "unknown_ids": unknown}


def delete(number: int) -> None:
    """Delete a cohort. **Errors**: `NotFound`; `Conflict` while the filter of another one names it."""
    with transaction.atomic():
        found = _find(number)
        for other in Cohort.objects.filter(kind=CohortKind.BEHAVIOURAL).exclude(pk=number):
            if number in _named_in(other.definition.get("filters")):
                raise Conflict(
                    f"the cohort {other.name!r} is made with it; delete that one first", code="in_use"
                )
        found.delete()


def _find(number: int) -> Cohort:
    found: Cohort | None = _counted().filter(pk=number).first()
    if found is None:
        raise NotFound(f"there is no cohort {number}")
    return found


def _counted() -> Any:
    return Cohort.objects.annotate(member_count=Count("members"))


def _as_answer(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "definition": row.definition,
        "description": row.description,
        "members": row.member_count if row.kind == CohortKind.STATIC else None,
        "created_at": row.created_at,
    }


def _named_in(given: Any) -> set[int]:
    """Cohorts that a filter in JSON names, however deep."""
    if isinstance(given, list):
        return set().union(*(_named_in(part) for part in given))
    if not isinstance(given, dict):
        return set()
    own = {given["cohort"]} if isinstance(given.get("cohort"), int) else set()
    return own.union(*(_named_in(given.get(part)) for part in ("all", "any", "not")))
