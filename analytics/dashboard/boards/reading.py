"""What forms of reports and dashboards say, read once for all acts: who, which, what it is called."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from analytics.errors import BadInput, NotFound
from analytics.reports.saved import Reader

_NAME_CHARACTERS = 200
_ABOUT_CHARACTERS = 2_000


def reader_of(request: HttpRequest) -> Reader:
    """The reader of a page of the dashboard, which lets nobody in but staff."""
    user: Any = request.user
    return Reader(user, is_staff=True)


def fields_of(request: HttpRequest) -> dict[str, Any]:
    """Name, description, and whether all analysts may read it. **Errors**: `BadInput`."""
    name = request.POST.get("name", "").replace("\0", "").strip()
    about = request.POST.get("description", "").replace("\0", "").strip()
    if not name or len(name) > _NAME_CHARACTERS:
        message = _("A name of 1 to %(most)s characters is needed.") % {"most": _NAME_CHARACTERS}
        raise BadInput(message, code="bad_name")
    if len(about) > _ABOUT_CHARACTERS:
        message = _("A description has %(most)s characters at most.") % {"most": _ABOUT_CHARACTERS}
        raise BadInput(message, code="bad_description")
    return {"name": name, "description": about, "is_shared": request.POST.get("is_shared") == "1"}


def uuid_of(text: str) -> UUID:
    """The uuid that a form names. **Errors**: `NotFound` for a text that is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(_("There is no such thing any more.")) from error


def whole_of(text: str, name: str) -> int:
    """A whole number. **Errors**: `BadInput` naming the field."""
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise BadInput(_("%(name)s: a whole number is expected.") % {"name": name}, code="bad_number")
    return int(text)


def day_of(text: str) -> date:
    """A day as a date field sends it. **Errors**: `BadInput`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = _("“%(text)s” is not a day; write it as 2012-03-31.") % {"text": text[:40]}
        raise BadInput(message, code="bad_range") from error
