"""Acts on dashboards, reports and notes: a button or a small form each. All staff may use them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from analytics.dashboard.acting import Act
from analytics.dashboard.boards import starter
from analytics.dashboard.boards.asking import address_of
from analytics.dashboard.boards.reading import day_of, fields_of, reader_of, uuid_of, whole_of
from analytics.errors import AnalyticsError, BadInput
from analytics.reports import annotations as notes_report
from analytics.reports import boards, saved

#: Asked by the page's script, which moves the tile itself and keeps the focus where it is.
PART_HEADER = "X-Analytics-Part"


class BoardsAct(Act):
    """An act that ends on the list."""

    permission = ""

    def page(self, request: HttpRequest) -> str:
        """The list."""
        return reverse("analytics:boards_page")


class BoardAct(Act):
    """An act that ends on its dashboard."""

    permission = ""

    def page(self, request: HttpRequest) -> str:
        """The dashboard."""
        return reverse("analytics:board_page", kwargs={"board": self.kwargs["board"]})


class MakeBoard(BoardsAct):
    """Make an empty dashboard."""

    def act(self, request: HttpRequest) -> str:
        """And go there."""
        made = boards.create_board(reader_of(request), {**fields_of(request), "days": 30})
        return address_of(made)


class MakeStarter(BoardsAct):
    """Make the first dashboard, of what there is."""

    def act(self, request: HttpRequest) -> str:
        """And go there."""
        made = starter.make(reader_of(request))
        messages.success(request, _("The reports are yours: change them, move them, or take them off."))
        return address_of(made)


class ChangeBoard(BoardAct):
    """Name, description, range and zone of a dashboard."""

    def act(self, request: HttpRequest) -> None:
        """All of the form at once."""
        zone = request.POST.get("time_zone", "").strip()[:100]
        fields = {**fields_of(request), **_range(request), "time_zone": zone}
        boards.change_board(reader_of(request), self.kwargs["board"], fields)
        messages.success(request, _("Changed."))


class DeleteBoard(BoardsAct):
    """Delete a dashboard; its reports stay."""

    def act(self, request: HttpRequest) -> None:
        """Links and subscriptions end with it."""
        boards.delete_board(reader_of(request), self.kwargs["board"])
        messages.success(request, _("The dashboard is deleted. Its reports are still there."))


class PutTile(BoardAct):
    """Put a saved report at the end of a dashboard."""

    def act(self, request: HttpRequest) -> None:
        """The form names the report."""
        reader = reader_of(request)
        report = saved.find_report(reader, uuid_of(request.POST.get("report", "")))
        boards.add_tile(reader, boards.find_board(reader, self.kwargs["board"]), report)
        messages.success(request, _("“%(name)s” stands at the end.") % {"name": report.name})


class ChangeTile(BoardAct):
    """Move a tile, make it half or full, or take it off."""

    def post(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """For the page's script nothing (204), or the reason why not."""
        if PART_HEADER not in request.headers:
            return super().post(request, **parameters)
        try:
            self.act(request)
        except AnalyticsError as error:
            return HttpResponse(error.detail, "text/plain; charset=utf-8", status=error.status)
        return HttpResponse(status=204)

    def act(self, request: HttpRequest) -> None:
        """The button says what. **Errors**: `BadInput`, `NotFound`."""
        reader, board, tile = reader_of(request), self.kwargs["board"], self.kwargs["tile"]
        wanted = request.POST.get("do", "")
        if wanted in ("before", "after"):
            boards.move_tile(reader, board, tile, by=-1 if wanted == "before" else 1)
        elif wanted in ("half", "full"):
            boards.set_width(reader, board, tile, wanted)
        elif wanted == "remove":
            boards.remove_tile(reader, board, tile)
        else:
            raise BadInput(_("before, after, half, full or remove is expected."), code="bad_act")


class ChangeReport(Act):
    """Name and description of a report."""

    permission = ""

    def page(self, request: HttpRequest) -> str:
        """The report."""
        return reverse("analytics:report_page", kwargs={"report": self.kwargs["report"]})

    def act(self, request: HttpRequest) -> None:
        """Its question is changed in its explorer."""
        saved.change_report(reader_of(request), self.kwargs["report"], fields_of(request))
        messages.success(request, _("Changed."))


class DeleteReport(BoardsAct):
    """Delete a report, also from all dashboards."""

    def act(self, request: HttpRequest) -> None:
        """Links and subscriptions end with it."""
        saved.delete_report(reader_of(request), self.kwargs["report"])
        messages.success(request, _("The report is deleted."))


class NoteAct(BoardsAct):
    """An act on notes, which ends where it began."""

    def page(self, request: HttpRequest) -> str:
        """A page of the dashboard that the form names, else the list."""
        wanted = request.POST.get("back", "")
        is_own = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
        return wanted if is_own else super().page(request)


class MakeNote(NoteAct):
    """Write a note on a date."""

    def act(self, request: HttpRequest) -> None:
        """Every chart over time shows it from now on."""
        day = day_of(request.POST.get("happened_on", ""))
        notes_report.annotate(reader_of(request), day, request.POST.get("text", ""))
        messages.success(request, _("The note stands on every chart of that day."))


class DeleteNote(NoteAct):
    """Delete a note."""

    def act(self, request: HttpRequest) -> None:
        """From all charts."""
        notes_report.delete_annotation(reader_of(request), self.kwargs["note"])
        messages.success(request, _("The note is deleted."))


def _range(request: HttpRequest) -> dict[str, Any]:
    """`range` is "own", "dates", or a number of days. **Errors**: `BadInput`."""
    wanted = request.POST.get("range", "own")
    if wanted == "own":
        return {"days": None, "first_on": None, "last_on": None}
    if wanted == "dates":
        first, last = (day_of(request.POST.get(name, "")) for name in ("first_on", "last_on"))
        return {"days": None, "first_on": first, "last_on": last}
    return {"days": whole_of(wanted, _("Range")), "first_on": None, "last_on": None}
