"""The list of dashboards and reports, one dashboard with its tiles, and one report."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import conf
from analytics.api import questions
from analytics.dashboard import moments, period, wording
from analytics.dashboard.boards import keeping, leaving
from analytics.dashboard.boards.asking import context_of, question_of
from analytics.dashboard.boards.reading import reader_of
from analytics.dashboard.explore.analyses import ANALYSES
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.errors import BadInput, NotFound
from analytics.models import Dashboard, DashboardTile, SavedReport
from analytics.reports import annotations as notes_report
from analytics.reports import boards, saved
from analytics.reports.saved import Reader, name_of

_FOLDER = "analytics/dashboard/boards"
_MOST_LISTED = 200
_ICONS = {
    "trends": "show_chart",
    "funnel": "filter_alt",
    "retention": "grid_on",
    "paths": "route",
    "lifecycle": "stacked_bar_chart",
    "stickiness": "bar_chart",
}
RANGES = (7, 14, 30, 90)


class BoardsPage(DashboardPage):
    """The shell of the list."""

    template_name = f"{_FOLDER}/list_page.html"
    title = gettext_lazy("Dashboards")
    data_route = "boards_data"


class BoardsData(DashboardData):
    """Dashboards, reports, and notes on dates."""

    template_name = f"{_FOLDER}/list.html"
    error_template = f"{_FOLDER}/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """By name; the newest notes first."""
        reader = reader_of(request)
        listed = boards.list_boards(reader, limit=_MOST_LISTED)["boards"]
        reports, _more = saved.page_of_reports(reader, limit=_MOST_LISTED)
        return {
            "boards": [_board_row(entry) for entry in listed],
            "reports": [_report_row(row, reader) for row in reports],
            "notes": [
                {**notes_report.entry_of(row, reader), "day": wording.day(row.happened_on)}
                for row in reversed(notes_report.list_annotations())
            ],
            "today_value": period.today().isoformat(),
        }


class BoardPage(DashboardPage):
    """The shell of one dashboard."""

    template_name = f"{_FOLDER}/board_page.html"
    title = gettext_lazy("Dashboard")
    data_route = "board_data"


class BoardData(DashboardData):
    """A dashboard without the answers of its tiles, which each of them asks for."""

    template_name = f"{_FOLDER}/board.html"
    error_template = f"{_FOLDER}/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """Its tiles, and its acts for those who may change it."""
        reader = reader_of(request)
        board = boards.find_board(reader, self.kwargs["board"])
        entry = boards.entry_of(board, reader)
        return {
            "board": entry,
            "tiles": [_tile(board, tile) for tile in board.tiles.all()],
            "range_text": range_text(board),
            "ranges": RANGES,
            "deployment_zone": str(conf.get().zone),
            "reports_to_add": _not_yet_on(board, reader),
            "today_value": period.today().isoformat(),
            **leaving.context_of(board),
        }


class ReportPage(DashboardPage):
    """The shell of one report."""

    template_name = f"{_FOLDER}/report_page.html"
    title = gettext_lazy("Report")
    data_route = "report_data"


class ReportData(DashboardData):
    """A report without its answer, which its part asks for."""

    template_name = f"{_FOLDER}/report.html"
    error_template = f"{_FOLDER}/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """What it is called, and its acts."""
        reader = reader_of(request)
        report = saved.find_report(reader, self.kwargs["report"])
        return {
            "report": {**saved.entry_of(report, reader), **_report_row(report, reader)},
            "result_url": reverse("analytics:report_result", kwargs={"report": report.uuid}),
            "boards": keeping.boards_to_choose(request),
            "today_value": period.today().isoformat(),
            **leaving.context_of(report),
        }


class AnswerPart(DashboardData):
    """The answer of one report, as a part of a page. What is wrong with it is said in its place."""

    template_name = f"{_FOLDER}/answer.html"
    error_template: ClassVar[str] = f"{_FOLDER}/answer_error.html"


class TileAnswer(AnswerPart):
    """The answer of a tile, in the range of its dashboard."""

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """**Errors**: `NotFound`, `BadInput` for a question that no longer fits."""
        board = boards.find_board(reader_of(request), self.kwargs["board"])
        tile = find_tile(board, self.kwargs["tile"])
        return context_of(questions.fit_on_board(tile.report, board), f"-{tile.pk}")


class ReportAnswer(AnswerPart):
    """The answer of a report in its own range."""

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """**Errors**: as `TileAnswer`."""
        report = saved.find_report(reader_of(request), self.kwargs["report"])
        return context_of(questions.fit(report.analysis, report.question), "-report")


def find_tile(board: Dashboard, number: int) -> DashboardTile:
    """A tile of a dashboard. **Errors**: `NotFound`."""
    for tile in board.tiles.all():
        if tile.pk == number:
            return tile
    raise NotFound(_("There is no such tile on this dashboard."))


def range_text(board: Dashboard) -> str:
    """The range of all tiles in words; "" where each has its own."""
    if board.days is not None:
        return _("the last %(days)s days") % {"days": board.days}
    if board.first_on is not None and board.last_on is not None:
        return wording.days(board.first_on, board.last_on)
    return ""


def _board_row(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        **entry,
        "url": reverse("analytics:board_page", kwargs={"board": entry["uuid"]}),
        "changed": moments.ago(entry["updated_at"]),
        "names": [tile["name"] for tile in entry["tiles"]][:4],
    }


def _report_row(row: SavedReport, reader: Reader) -> dict[str, Any]:
    analysis = ANALYSES.get(row.analysis)
    fault, explore_url = "", ""
    try:
        question = question_of(questions.fit(row.analysis, row.question))
        explore_url = f"{reverse(f'analytics:{row.analysis}_page')}?{question.query}"
    except BadInput as error:
        fault = error.detail
    return {
        "uuid": row.uuid,
        "name": row.name,
        "description": row.description,
        "analysis_title": analysis.title if analysis else row.analysis,
        "icon": _ICONS.get(row.analysis, "info"),
        "owner": name_of(row.owner),
        "is_shared": row.is_shared,
        "may_change": reader.may_change(row.owner_id),
        "changed": moments.ago(row.updated_at),
        "url": reverse("analytics:report_page", kwargs={"report": row.uuid}),
        "explore_url": explore_url,
        "fault": fault,
        "question_text": json.dumps(row.question, indent=2, ensure_ascii=False) if fault else "",
    }


def _tile(board: Dashboard, tile: DashboardTile) -> dict[str, Any]:
    keys = {"board": board.uuid, "tile": tile.pk}
    return {
        "id": tile.pk,
        "name": tile.report.name,
        "width": tile.width,
        "url": reverse("analytics:report_page", kwargs={"report": tile.report.uuid}),
        "answer_url": reverse("analytics:tile_answer", kwargs=keys),
        "change_url": reverse("analytics:tile_change", kwargs=keys),
    }


def _not_yet_on(board: Dashboard, reader: Reader) -> list[dict[str, Any]]:
    there = {tile.report_id for tile in board.tiles.all()}
    rows, _more = saved.page_of_reports(reader, limit=_MOST_LISTED)
    return [{"uuid": row.uuid, "name": row.name} for row in rows if row.pk not in there]
