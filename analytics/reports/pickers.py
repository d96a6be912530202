"""What a question can name: events, properties of persons, columns. Properties of events are `properties`' subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Func

from analytics.models import Person
from analytics.reports.properties import list_values

if TYPE_CHECKING:
    from eventlake.schema import Column

#: Names beyond these are found by typing more of them.
MAX_EVENTS = 1000
MAX_PERSON_PROPERTIES = 200
#: The persons made last, whose properties stand for all: to read the JSON of all would take seconds.
_SAMPLED_PERSONS = 10_000

_EVERYTHING = {"date_from": None, "date_to": None, "timezone": None, "event": None}


def list_events(search: str = "") -> list[dict[str, Any]]:
    """Names of events with their numbers, over all time, the most frequent first; those that contain `search`.

    **Shape**: `value`, `events`. **Errors**: `BadInput`, `Unavailable`.
    """
    given = {**_EVERYTHING, "name": "event_name", "scope": "column", "search": search, "limit": MAX_EVENTS}
    return list(list_values(given)["values"])


def list_person_properties() -> list[dict[str, Any]]:
    """Names of the properties of persons, the most frequent first, from a sample of the persons made last.

    **Shape**: `name`, `persons` (of the sample).
    """
    sample = Person.objects.order_by("-pk").values("pk")[:_SAMPLED_PERSONS]
    found = (
        Person.objects.filter(pk__in=sample, merged_into=None)
        .annotate(name=Func(F("properties"), function="jsonb_object_keys"))
        .values("name")
        .annotate(persons=Count("pk"))
        .order_by("-persons", "name")
    )
    return [dict(row) for row in found[:MAX_PERSON_PROPERTIES]]


def list_columns() -> list[Column]:
    """Columns of an event that a question may name."""
    from eventlake.schema import COLUMNS, QUERYABLE

    return [column for column in COLUMNS if column.name in QUERYABLE]
