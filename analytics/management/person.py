"""The person that a command's argument means."""

from __future__ import annotations

from uuid import UUID

from django.core.management.base import CommandError

from analytics.models import PersonDistinctId


def uuid_of(text: str) -> UUID:
    """The person who goes by a distinct id, or whose uuid it is. **Errors**: `CommandError` for neither."""
    known = PersonDistinctId.objects.select_related("person__merged_into").filter(distinct_id=text).first()
    if known is not None:
        return known.person.root.uuid
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(f"no person goes by {text!r}") from error
