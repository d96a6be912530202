"""Saving the question of an explorer: the small form beside its answer, and the act."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.dashboard.acting import Act
from analytics.dashboard.boards.asking import address_of, fitting_of
from analytics.dashboard.boards.reading import fields_of, reader_of, uuid_of
from analytics.dashboard.explore.analyses import ANALYSES
from analytics.dashboard.explore.question import Draft, Question
from analytics.errors import BadInput
from analytics.models import Dashboard, SavedReport
from analytics.reports import boards, saved

#: So many names a list of choices has; whoever has more finds them on their pages.
MOST_CHOICES = 100
NEW_BOARD = "new"


def form_of(request: HttpRequest, question: Question) -> dict[str, Any]:
    """What the form needs: the question as an address, dashboards to add it to, reports that it may replace."""
    reader = reader_of(request)
    reports = SavedReport.objects.filter(analysis=question.analysis.name).order_by("name", "pk")
    return {
        "analysis": question.analysis.name,
        "query": question.query,
        "page": reverse(f"analytics:{question.analysis.name}_page"),
        "boards": boards_to_choose(request),
        "reports": [
            {"uuid": row.uuid, "name": row.name}
            for row in reports[:MOST_CHOICES]
            if reader.may_change(row.owner_id)
        ],
    }


def boards_to_choose(request: HttpRequest) -> list[dict[str, Any]]:
    """Dashboards that may be added to."""
    reader = reader_of(request)
    rows = Dashboard.objects.order_by("name", "pk")[:MOST_CHOICES]
    return [{"uuid": row.uuid, "name": row.name} for row in rows if reader.may_change(row.owner_id)]


class SaveReport(Act):
    """Save a question under a name, or in the place of one that was saved, and put it on a dashboard if asked to."""

    permission = ""

    def page(self, request: HttpRequest) -> str:
        """Back to the question."""
        analysis = request.POST.get("analysis", "")
        if analysis not in ANALYSES:
            return reverse("analytics:boards_page")
        return f"{reverse(f'analytics:{analysis}_page')}?{request.POST.get('query', '')}"

    def act(self, request: HttpRequest) -> str:
        """Judged as the explorer judges it."""
        analysis = ANALYSES.get(request.POST.get("analysis", ""))
        if analysis is None:
            raise BadInput(_("There is no such analysis."), code="bad_analysis")
        question = Draft(analysis, QueryDict(request.POST.get("query", ""))).question()
        fitting = fitting_of(question)
        reader = reader_of(request)
        if request.POST.get("replaces"):
            place = uuid_of(request.POST["replaces"])
            report = saved.change_report(reader, place, {"question": fitting.saved})
        else:
            report = saved.create_report(reader, analysis.name, fitting.saved, fields_of(request))
        messages.success(request, _("“%(name)s” is saved.") % {"name": report.name})
        board = put_on_board(request, report)
        return address_of(board or report)


class AddTile(Act):
    """Put a saved report on a dashboard."""

    permission = ""

    def page(self, request: HttpRequest) -> str:
        """The report."""
        return reverse("analytics:report_page", kwargs={"report": self.kwargs["report"]})

    def act(self, request: HttpRequest) -> str | None:
        """At the end of the dashboard."""
        report = saved.find_report(reader_of(request), self.kwargs["report"])
        board = put_on_board(request, report)
        return None if board is None else address_of(board)


def put_on_board(request: HttpRequest, report: SavedReport) -> Dashboard | None:
    """The dashboard that a form names, with the report on it; None where it names none."""
    chosen = request.POST.get("board", "")
    if not chosen:
        return None
    reader = reader_of(request)
    if chosen == NEW_BOARD:
        name = request.POST.get("board_name", "").replace("\0", "").strip()[:200] or report.name
        board = boards.create_board(reader, {"name": name, "is_shared": report.is_shared})
    else:
        board = boards.find_board(reader, uuid_of(chosen))
    boards.add_tile(reader, board, report)
    return board
