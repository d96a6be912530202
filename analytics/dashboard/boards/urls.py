"""The routes of dashboards and reports, and of what readers without a login see; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from analytics.dashboard.boards import acts, keeping, leaving, pages, shared


class KindConverter(StringConverter):
    """A report or a dashboard."""

    regex = "report|board"


register_converter(KindConverter, "kind")

_BOARDS = "dashboard/boards/"
_BOARD = "dashboard/boards/<uuid:board>/"
_TILE = f"{_BOARD}tiles/<int:tile>/"
_REPORTS = "dashboard/reports/"
_REPORT = "dashboard/reports/<uuid:report>/"

urlpatterns = [
    path(_BOARDS, pages.BoardsPage.as_view(), name="boards_page"),
    path(f"{_BOARDS}data/", pages.BoardsData.as_view(), name="boards_data"),
    path(f"{_BOARDS}make/", acts.MakeBoard.as_view(), name="board_make"),
    path(f"{_BOARDS}starter/", acts.MakeStarter.as_view(), name="board_starter"),
    path(_BOARD, pages.BoardPage.as_view(), name="board_page"),
    path(f"{_BOARD}data/", pages.BoardData.as_view(), name="board_data"),
    path(f"{_BOARD}change/", acts.ChangeBoard.as_view(), name="board_change"),
    path(f"{_BOARD}delete/", acts.DeleteBoard.as_view(), name="board_delete"),
    path(f"{_BOARD}tiles/", acts.PutTile.as_view(), name="tile_put"),
    path(f"{_TILE}answer/", pages.TileAnswer.as_view(), name="tile_answer"),
    path(f"{_TILE}change/", acts.ChangeTile.as_view(), name="tile_change"),
    path(f"{_REPORTS}save/", keeping.SaveReport.as_view(), name="report_save"),
    path(_REPORT, pages.ReportPage.as_view(), name="report_page"),
    path(f"{_REPORT}data/", pages.ReportData.as_view(), name="report_data"),
    path(f"{_REPORT}answer/", pages.ReportAnswer.as_view(), name="report_result"),
    path(f"{_REPORT}change/", acts.ChangeReport.as_view(), name="report_change"),
    path(f"{_REPORT}delete/", acts.DeleteReport.as_view(), name="report_delete"),
    path(f"{_REPORT}add/", keeping.AddTile.as_view(), name="report_add"),
    path("dashboard/notes/make/", acts.MakeNote.as_view(), name="note_make"),
    path("dashboard/notes/<uuid:note>/delete/", acts.DeleteNote.as_view(), name="note_delete"),
    path("dashboard/share/<kind:kind>/<uuid:subject>/", leaving.MakeLink.as_view(), name="link_make"),
    path("dashboard/links/<uuid:link>/revoke/", leaving.RevokeLink.as_view(), name="link_revoke"),
    path("dashboard/subscribe/<kind:kind>/<uuid:subject>/", leaving.Subscribe.as_view(), name="subscribe"),
    path(
        "dashboard/subscriptions/<uuid:subscription>/end/",
        leaving.EndSubscription.as_view(),
        name="subscription_end",
    ),
    path("shared/<str:token>/", shared.SharedPage.as_view(), name="shared_page"),
    path("shared/<str:token>/<int:tile>/", shared.SharedAnswer.as_view(), name="shared_answer"),
    path("unsubscribe/<str:signed>/", shared.Unsubscribe.as_view(), name="unsubscribe"),
]
