"""Pages without a login: a report or dashboard by its link, and the end of a subscription by the link in a letter.

They show results and nothing of how they were made: no SQL, no rows, no persons, no way further into the dashboard.
Requests are counted by address. Neither search engines nor caches keep them, and no other page learns the link.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from analytics.api import questions
from analytics.api.auth import Caller, client_address
from analytics.api.errors import headers_of
from analytics.api.limits import Limit, take
from analytics.api.questions import Fitting
from analytics.dashboard.boards.asking import shared_context_of
from analytics.dashboard.page import PANEL_HEADER, content_security_policy
from analytics.delivery import subscribers
from analytics.errors import AnalyticsError, NotFound, Unavailable
from analytics.models import SavedReport, ShareLink
from analytics.reports import sharing

logger = logging.getLogger("analytics.dashboard")

_FOLDER = "analytics/shared"


class OpenView(View):
    """A page for whoever has its link."""

    http_method_names = ["get", "head", "options"]
    error_template: ClassVar[str] = f"{_FOLDER}/nowhere.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the request, answer it or say why not, and put the headers of every answer."""
        try:
            if allowance := take(Limit.LINK, Caller(ip=client_address(request))):
                allowance.check()
            response = super().dispatch(request, *args, **kwargs)
        except AnalyticsError as error:
            response = self.say(request, error)
        except DatabaseError:
            logger.exception("a page behind a link could not be read")
            response = self.say(request, Unavailable(_("The database cannot be reached now.")))
        response.headers["Content-Security-Policy"] = content_security_policy()
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def say(self, request: HttpRequest, error: AnalyticsError) -> HttpResponse:
        """Why there is nothing, with the status that belongs to it."""
        context = {"detail": error.detail, "code": error.code, "retry_url": request.get_full_path()}
        response = render(request, self.error_template, context, status=error.status)
        response.headers[PANEL_HEADER] = "1"
        for name, value in headers_of(error).items():
            response.headers[name] = value
        return response


class SharedPage(OpenView):
    """The shell of what is shared: its name, and a part for each answer."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """**Errors**: `NotFound` for a link that does not hold."""
        link = sharing.find_link(token)
        subject = link.report or link.dashboard
        assert subject is not None  # the database sees to it
        parts = [
            {
                "id": number,
                "name": report.name,
                "width": width,
                "answer_url": reverse("analytics:shared_answer", kwargs={"token": token, "tile": number}),
            }
            for number, report, width in _tiles(link)
        ]
        context = {"subject": subject, "title": subject.name, "tiles": parts, "is_board": link.report is None}
        return render(request, f"{_FOLDER}/page.html", context)


class SharedAnswer(OpenView):
    """One answer."""

    error_template = f"{_FOLDER}/answer_error.html"

    def get(self, request: HttpRequest, token: str, tile: int) -> HttpResponse:
        """**Errors**: `NotFound`, and what the API says to the question."""
        link = sharing.find_link(token)
        fitting = _fitting_of(link, tile)
        return render(request, f"{_FOLDER}/answer.html", shared_context_of(fitting, f"-{tile}"))


@method_decorator(csrf_exempt, name="dispatch")
class Unsubscribe(OpenView):
    """The link in a letter: GET shows a button, since mail scanners follow links, and POST acts.

    A mailbox posts for its reader without any cookie; the signed link itself is the proof.

    **Source**: RFC 8058, section 3.2.
    """

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, signed: str) -> HttpResponse:
        """What would end, and the button. **Errors**: `NotFound`."""
        subscription, address = subscribers.read_link(signed)
        subject = subscription.report or subscription.dashboard
        is_there = subscription.is_enabled and address in subscription.addresses
        context = {
            "subject": subject,
            "address": address,
            "is_there": is_there,
            "title": _("Unsubscribe"),
        }
        return render(request, f"{_FOLDER}/unsubscribe.html", context)

    def post(self, request: HttpRequest, signed: str) -> HttpResponse:
        """End it. Twice is once. **Errors**: `NotFound`."""
        address = subscribers.leave(signed)
        context = {"address": address, "is_done": True, "title": _("Unsubscribe")}
        return render(request, f"{_FOLDER}/unsubscribe.html", context)


def _tiles(link: ShareLink) -> list[tuple[int, SavedReport, str]]:
    """Number, report and width; a single report is number 0."""
    if link.dashboard is not None:
        tiles = link.dashboard.tiles.select_related("report")
        return [(tile.pk, tile.report, tile.width) for tile in tiles]
    assert link.report is not None
    return [(0, link.report, "full")]


def _fitting_of(link: ShareLink, number: int) -> Fitting:
    for tile, report, _width in _tiles(link):
        if tile == number:
            if link.dashboard is not None:
                return questions.fit_on_board(report, link.dashboard)
            return questions.fit(report.analysis, report.question)
    raise NotFound(_("There is no such answer behind this link."))
