"""Saved reports as records: who may read and change them, listing, keeping, deleting.

What a question must look like is known to the surfaces; here it is JSON that was checked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model, Q, QuerySet

from analytics.errors import NotAllowed, NotFound
from analytics.models import SavedReport
from analytics.reports.pages import decode_cursor, encode_cursor

_LIST = ("saved reports",)
_CHANGEABLE = ("name", "description", "question", "is_shared")


@dataclass(frozen=True)
class Reader:
    """Who reads and writes: staff everything, others what is shared and what is their own."""

    user: AbstractBaseUser
    is_staff: bool

    def may_change(self, owner_id: int | None) -> bool:
        """Whether what belongs to this user is theirs to change."""
        return self.is_staff or (owner_id is not None and owner_id == self.user.pk)

    @property
    def readable(self) -> Q:
        """The rows that they may read."""
        return Q() if self.is_staff else Q(is_shared=True) | Q(owner_id=self.user.pk)


def page_of(
    rows: QuerySet[Any], reader: Reader, cursor: str, limit: int, of: tuple[Any, ...]
) -> tuple[list[Any], str | None]:
    """A page of named rows by name, and the cursor of the next. **Errors**: `BadInput` for a cursor that is none."""
    found = rows.filter(reader.readable).select_related("owner").order_by("name", "pk")
    if cursor:
        name, number = decode_cursor(cursor, (*of, reader.user.pk))
        found = found.filter(Q(name__gt=name) | Q(name=name, pk__gt=number))
    listed = list(found[: limit + 1])
    shown = listed[:limit]
    more = len(listed) > limit
    return shown, encode_cursor([shown[-1].name, shown[-1].pk], (*of, reader.user.pk)) if more else None


def page_of_reports(
    reader: Reader, cursor: str = "", limit: int = 100
) -> tuple[list[SavedReport], str | None]:
    """A page of reports, and the cursor of the next. **Errors**: `BadInput`."""
    return page_of(SavedReport.objects.all(), reader, cursor, limit, _LIST)


def find_report(reader: Reader, uuid: UUID) -> SavedReport:
    """A report that the reader may read. **Errors**: `NotFound`, also for one that they may not."""
    found = SavedReport.objects.filter(reader.readable, uuid=uuid).select_related("owner").first()
    if found is None:
        raise NotFound("there is no such report")
    return found


def create_report(
    reader: Reader, analysis: str, question: Mapping[str, Any], fields: Mapping[str, Any]
) -> SavedReport:
    """Keep a question that was checked; it belongs to the reader. `fields`: name, and what else is known of it."""
    named = {name: fields[name] for name in _CHANGEABLE if name in fields}
    return SavedReport.objects.create(
        **{**named, "analysis": analysis, "question": dict(question)},
        owner_id=reader.user.pk,
        source="manual",
    )


def change_report(reader: Reader, uuid: UUID, changes: Mapping[str, Any]) -> SavedReport:
    """Change the named fields. **Errors**: `NotFound`; `NotAllowed` for what belongs to somebody else."""
    report = find_report(reader, uuid)
    _check_owner(reader, report.owner_id)
    set_fields(report, changes, _CHANGEABLE)
    return report


def delete_report(reader: Reader, uuid: UUID) -> None:
    """Delete a report, with its places on dashboards, links and subscriptions. **Errors**: as `change_report`."""
    report = find_report(reader, uuid)
    _check_owner(reader, report.owner_id)
    report.delete()


def set_fields(row: Model, changes: Mapping[str, Any], changeable: tuple[str, ...]) -> None:
    """Set fields by name and save them."""
    named = {name: value for name, value in changes.items() if name in changeable}
    for name, value in named.items():
        setattr(row, name, value)
    row.save(update_fields=[*named, "updated_at"])


def entry_of(row: SavedReport, reader: Reader) -> dict[str, Any]:
    """A report as the API gives it, but for whether its question still fits."""
    return {
        "uuid": row.uuid,
        "name": row.name,
        "description": row.description,
        "analysis": row.analysis,
        "question": row.question,
        "owner": name_of(row.owner),
        "is_shared": row.is_shared,
        "may_change": reader.may_change(row.owner_id),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def name_of(user: Any) -> str:
    """What a user is called; "" for one who is gone."""
    return "" if user is None else str(user.get_username())


def _check_owner(reader: Reader, owner_id: int | None) -> None:
    if not reader.may_change(owner_id):
        raise NotAllowed("this belongs to somebody else: save one of your own", code="not_yours")
