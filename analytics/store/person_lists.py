"""Lists of persons: who is one, who goes by a text, and pages of them by the time that they were first known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from analytics.models import Person, PersonDistinctId

#: Properties by which people are looked for, besides their ids.
SEARCHED_PROPERTIES = ("email", "$email", "name", "$name", "username")


def everybody() -> QuerySet[Person]:
    """All persons: roots with a profile."""
    return Person.objects.filter(merged_into=None, has_profile=True)


def among(people: QuerySet[Person], roots: Sequence[int]) -> QuerySet[Person]:
    """Those of these ids."""
    if connection.vendor != "postgresql":
        return people.filter(pk__in=list(roots))
    # One bound array: a cohort of a million would be a statement of ten megabytes.
    return people.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [list(roots)]))


def going_by(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Those with the text, in any case, in a distinct id, a name or address, or with it as the uuid of a node."""
    ids = PersonDistinctId.objects.filter(distinct_id__icontains=text)
    found = Q(pk__in=ids.values(root_id=Coalesce("person__merged_into_id", "person_id")))
    for name in SEARCHED_PROPERTIES:
        found |= Q(**{f"properties__{name}__icontains": text})
    users = get_user_model()
    for field in {users.USERNAME_FIELD, users.get_email_field_name()}:
        found |= Q(**{f"user__{field}__icontains": text})
    try:
        node = Person.objects.filter(uuid=UUID(text))
        found |= Q(pk__in=node.values(root_id=Coalesce("merged_into_id", "id")))
    except ValueError:
        pass
    return people.filter(found)


def page(
    people: QuerySet[Person], *, is_ascending: bool, after: tuple[datetime, int] | None, limit: int
) -> list[Person]:
    """The first of them by `created_at` and id, after a place."""
    if after is not None:
        sign = "gt" if is_ascending else "lt"
        at, row_id = after
        people = people.filter(
            Q(**{f"created_at__{sign}": at}) | Q(**{"created_at": at, f"pk__{sign}": row_id})
        )
    order = ("created_at", "pk") if is_ascending else ("-created_at", "-pk")
    return list(people.order_by(*order)[:limit])


def distinct_ids_of(roots: Iterable[int], *, each: int) -> dict[int, list[str]]:
    """At most `each` of the distinct ids of each person, by root, the oldest first."""
    found: dict[int, list[str]] = {root: [] for root in roots}
    # Two questions, each by an index: joined into one they make the database look at everybody.
    nodes = Person.objects.filter(Q(pk__in=found) | Q(merged_into_id__in=found))
    root_of = {node: root or node for node, root in nodes.values_list("pk", "merged_into_id")}
    known = PersonDistinctId.objects.filter(person_id__in=root_of).order_by("pk")
    for node, text in known.values_list("person_id", "distinct_id").iterator():
        if len(found[root_of[node]]) < each:
            found[root_of[node]].append(text)
    return found
