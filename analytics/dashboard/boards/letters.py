"""What the letter of a subscription says: a table of the main figures of each report against the period before.

Written when it is due, by `analytics.tasks.send_subscriptions`; a report that cannot be asked any more says why.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from analytics import conf
from analytics.api import questions
from analytics.api.questions import Chosen, Fitting
from analytics.dashboard import wording
from analytics.dashboard.boards.asking import address_of
from analytics.dashboard.boards.main_figures import MainFigure, main_figures
from analytics.errors import BadInput
from analytics.models import SavedReport, Subscription

_NOTHING = "–"  # noqa: RUF001 (the dash of tables)


def write(subscription: Subscription, first: date, last: date) -> dict[str, Any]:
    """The payload of the letter about the days from `first` to `last`, as `analytics.delivery.letter` reads it.

    **Errors**: `Unavailable` while figures cannot be read.
    """
    subject = subscription.report or subscription.dashboard
    assert subject is not None  # the database sees to it
    base = conf.get().public_url.rstrip("/")
    return {
        "title": f"{subject.name}: {wording.days(first, last)}",
        "text": subject.description,
        "tables": [_table(report, fitting) for report, fitting in _asked(subscription, first, last)],
        "link": f"{base}{address_of(subject)}" if base else "",
    }


def _asked(
    subscription: Subscription, first: date, last: date
) -> list[tuple[SavedReport, Fitting | BadInput]]:
    """The reports with the question of the letter's days; or what is wrong with it."""
    board = subscription.dashboard
    if board is None:
        assert subscription.report is not None
        reports, zone = [subscription.report], ""
    else:
        reports, zone = [tile.report for tile in board.tiles.select_related("report")], board.time_zone
    asked: list[tuple[SavedReport, Fitting | BadInput]] = []
    for report in reports:
        try:
            asked.append((report, _in_days(report, zone, first, last)))
        except BadInput as error:
            asked.append((report, error))
    return asked


def _in_days(report: SavedReport, zone: str, first: date, last: date) -> Fitting:
    own = questions.fit(report.analysis, report.question)
    chosen = own.chosen
    if own.analysis == "retention":  # who comes back shows over its own range, which ends with the letter's
        first = last - (chosen.last - chosen.first)
    return Fitting(own.analysis, Chosen(first, last, zone or chosen.zone), own.values)


def _table(report: SavedReport, asked: Fitting | BadInput) -> dict[str, Any]:
    if isinstance(asked, BadInput):
        return {"title": report.name, "note": _("It cannot be asked any more: %s") % asked.detail}
    try:
        found = main_figures(asked)
    except BadInput as error:
        return {"title": report.name, "note": _("It has no answer: %s") % error.detail}
    if not found:
        return {"title": report.name, "note": _("Nothing happened.")}
    return {
        "title": report.name,
        "columns": [
            "",
            wording.days(asked.chosen.first, asked.chosen.last),
            _("The period before"),
            _("Change"),
        ],
        "rows": [[figure.label, _words(figure, figure.now), *_before(figure)] for figure in found],
    }


def _before(figure: MainFigure) -> list[str]:
    if figure.now is None or figure.before is None:
        return [_words(figure, figure.before), _NOTHING]
    if figure.is_ratio:
        moved_points = (figure.now - figure.before) * 100
        return [
            _words(figure, figure.before),
            _("%(sign)s%(points)s points") % _signed(moved_points, wording.number(moved_points, 1)),
        ]
    if not figure.before:
        return [_words(figure, figure.before), _NOTHING]
    moved_percent = (figure.now - figure.before) / abs(figure.before) * 100
    text = wording.percent(moved_percent)
    return [_words(figure, figure.before), f"+{text}" if moved_percent > 0 else text]


def _signed(value: float, text: str) -> dict[str, str]:
    return {"sign": "+" if value > 0 else "", "points": text}


def _words(figure: MainFigure, value: float | None) -> str:
    if value is None:
        return _NOTHING
    if figure.is_ratio:
        return wording.percent(value * 100)
    return wording.number(value, 0 if float(value).is_integer() else 2)
