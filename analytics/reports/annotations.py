"""Notes on dates: what happened on a day, for every chart over time."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from analytics.errors import BadInput, NotAllowed, NotFound
from analytics.models import Annotation
from analytics.reports.saved import Reader, name_of

MOST_CHARACTERS = 300
#: More cannot be read on one chart; the newest are shown.
MOST_SHOWN = 200


def list_annotations(first: date | None = None, last: date | None = None) -> list[Annotation]:
    """Notes on the days from `first` to `last`, both included, by day; the newest 200 where there are more."""
    found = Annotation.objects.select_related("author")
    if first is not None:
        found = found.filter(happened_on__gte=first)
    if last is not None:
        found = found.filter(happened_on__lte=last)
    return list(found.order_by("-happened_on", "-pk")[:MOST_SHOWN])[::-1]


def annotate(reader: Reader, happened_on: date, text: str) -> Annotation:
    """Write a note. **Errors**: `BadInput` for one without words, or too many, or a day out of reach."""
    text = " ".join(text.replace("\0", "").split())
    if not text or len(text) > MOST_CHARACTERS:
        raise BadInput(f"a note has 1 to {MOST_CHARACTERS} characters", code="bad_text")
    if not 1970 <= happened_on.year < 2199:
        raise BadInput("a day from 1970 to 2198 is expected", code="bad_range")
    return Annotation.objects.create(
        happened_on=happened_on, text=text, author_id=reader.user.pk, source="manual"
    )


def delete_annotation(reader: Reader, uuid: UUID) -> None:
    """Delete a note. **Errors**: `NotFound`; `NotAllowed` for somebody else's."""
    found = Annotation.objects.filter(uuid=uuid).first()
    if found is None:
        raise NotFound("there is no such note")
    if not reader.may_change(found.author_id):
        raise NotAllowed("this note is somebody else's", code="not_yours")
    found.delete()


def entry_of(row: Annotation, reader: Reader) -> dict[str, Any]:
    """A note as the API gives it."""
    return {
        "uuid": row.uuid,
        "happened_on": row.happened_on,
        "text": row.text,
        "author": name_of(row.author),
        "may_change": reader.may_change(row.author_id),
        "created_at": row.created_at,
    }
