"""Everything that is stored about one person, as one JSON document that is made while it is read.

What the tables hold comes from the list that erasure walks (`analytics.store.personal_data`), so what would be erased
is what is handed out; the events come from the lake and the database as one timeline.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import orjson

from analytics import clock
from analytics.errors import NotFound
from analytics.models import ArchivedEvent, Person, UserEvent
from analytics.reports.person_files import event_pages
from analytics.store import personal_data

#: Told by the timeline already, with what the lake alone has.
_IN_TIMELINE = (UserEvent, ArchivedEvent)


def export_person(uuid: UUID, only: Collection[int] | None = None) -> Iterator[bytes]:
    """The document's bytes. `only` are the roots that somebody may see, None for all.

    **Shape**: `person_id`, `exported_at`, `distinct_ids`, `user_ids`; `tables`, a list of rows by model name, each row
    with its columns; `events`, newest first, as `GET /persons/{id}/events` gives them.
    **Errors**: `NotFound` at once; `Unavailable` at once or while it is drawn.
    """
    node = Person.objects.select_related("merged_into").filter(uuid=uuid).first()
    if node is None or (only is not None and node.root.pk not in only):
        raise NotFound("there is no such person")
    whose = personal_data.identity_of(node.root)
    head = {
        "person_id": whose.root_uuid,
        "exported_at": clock.now(),
        "distinct_ids": whose.distinct_ids,
        "user_ids": whose.users,
        "tables": {
            table.model.__name__: [_plain(row) for row in table.rows_to_tell(whose).order_by("pk").values()]
            for table in personal_data.PERSONAL
            if table.model not in _IN_TIMELINE
        },
    }
    return _document(orjson.dumps(head, default=str), event_pages(whose.root_uuid))


def _document(head: bytes, pages: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    yield head[:-1] + b',"events":['
    is_first = True
    for page in pages:
        for event in page:
            yield (b"" if is_first else b",") + b"\n" + orjson.dumps(event, default=str)
            is_first = False
    yield b"\n]}\n"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON takes it: bytes, which are what a client sent, as text."""
    return {
        name: bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else value
        for name, value in row.items()
    }
