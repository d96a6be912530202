"""The pages of the six analyses: the shell with the form, the fragment with the answer, and its file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from analytics.dashboard import period, wording
from analytics.dashboard.annotating import annotated
from analytics.dashboard.boards import keeping
from analytics.dashboard.explore import files, filter_rows, form
from analytics.dashboard.explore.analyses import Analysis
from analytics.dashboard.explore.question import PRESET_DAYS, Draft, Question, deployment_zone
from analytics.dashboard.page import DashboardData, DashboardPage, StaffView
from analytics.dashboard.period import Period
from analytics.errors import AnalyticsError, Unavailable
from analytics.reports import first_hour as first_hour_report
from analytics.reports.overview import FIRST_DAY

logger = logging.getLogger("analytics.dashboard")

_FOLDER = "analytics/dashboard/explore"
#: The id of the form, by which the fragment knows that the reader has changed the question.
FORM_ID = "question"
_OFFERED_DAYS = 90


class ExplorePage(DashboardPage):
    """The shell: the picker of the range and the form, made from the address alone."""

    template_name = f"{_FOLDER}/page.html"
    analysis: ClassVar[Analysis]

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """The form as the address fills it."""
        draft = Draft(self.analysis, request.GET)
        return {
            "analysis": self.analysis,
            "form_template": f"{_FOLDER}/forms/{self.analysis.name}.html",
            "form_id": FORM_ID,
            "data_path": reverse(f"analytics:{self.data_route}"),
            "is_open": not self.analysis.is_ready(draft.form_values),
            **form.form_of(draft),
            **_picker(draft),
        }


class ExploreData(DashboardData):
    """The fragment: the answer, or what a question still lacks."""

    template_name = f"{_FOLDER}/data.html"
    error_template = f"{_FOLDER}/error.html"
    analysis: ClassVar[Analysis]

    def get(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """The fragment. Where the reader has changed the form, the browser's address follows the question."""
        response = super().get(request, **parameters)
        if request.headers.get("HX-Trigger") == FORM_ID:
            response.headers["HX-Push-Url"] = _page_address(self.analysis, request)
        return response

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """One answer of the API; everything on the page comes from it."""
        draft = Draft(self.analysis, request.GET)
        if not draft.is_ready:
            return {"template_name": f"{_FOLDER}/not_ready.html", "analysis": self.analysis}
        question = draft.question()
        answer: Any = question.answer()
        result, notes = annotated(self.analysis.show(question, answer))
        shown = {
            "analysis": self.analysis,
            "question": question,
            "result": result,
            "part": "",
            "notes": notes,
            "keep": keeping.form_of(request, question),
            "result_template": f"{_FOLDER}/results/{self.analysis.name}.html",
            "range_text": wording.days(question.period.first, question.period.last),
            "time_zone": question.zone.key,
            "proof": answer.proof,
            "rows_read": wording.number(answer.proof.rows_read),
            "fresh_to": answer.proof.fresh_to.astimezone(question.zone),
            "csv_url": f"{reverse(f'analytics:{self.analysis.name}_csv')}?{question.query}",
            "links": _links(request, question),
        }
        return {**shown, **_empty(question)} if result.is_empty else shown


class ExploreCsv(StaffView):
    """The answer as a file."""

    analysis: ClassVar[Analysis]

    def get(self, request: HttpRequest) -> HttpResponse:
        """CSV with one line of headings, or the reason why there is none as plain text."""
        try:
            question = Draft(self.analysis, request.GET).question()
            sheet = self.analysis.show(question, question.answer()).sheet
        except AnalyticsError as error:
            return HttpResponse(error.detail, "text/plain; charset=utf-8", status=error.status)
        except DatabaseError:
            logger.exception("the file of %s could not be made", request.path)
            away = Unavailable(_("The database cannot be reached now."))
            return HttpResponse(away.detail, "text/plain; charset=utf-8", status=away.status)
        days = f"{question.period.first.isoformat()}_{question.period.last.isoformat()}"
        headers = {"Content-Disposition": f'attachment; filename="{self.analysis.name}_{days}.csv"'}
        return HttpResponse(files.csv_of(sheet), "text/csv; charset=utf-8", headers=headers)


def page_of(analysis: Analysis) -> type[ExplorePage]:
    """The page of an analysis."""
    given = {"analysis": analysis, "title": analysis.title, "data_route": f"{analysis.name}_data"}
    return type(f"{analysis.name.capitalize()}Page", (ExplorePage,), given)


def data_of(analysis: Analysis) -> type[ExploreData]:
    """Its fragment."""
    return type(f"{analysis.name.capitalize()}Data", (ExploreData,), {"analysis": analysis})


def csv_of(analysis: Analysis) -> type[ExploreCsv]:
    """Its file."""
    return type(f"{analysis.name.capitalize()}Csv", (ExploreCsv,), {"analysis": analysis})


def _page_address(analysis: Analysis, request: HttpRequest) -> str:
    """The page's address with the question written its own way, or as it was sent where it is none."""
    page = reverse(f"analytics:{analysis.name}_page")
    try:
        query = Draft(analysis, request.GET).question().query
    except AnalyticsError:
        query = urlencode([(name, text) for name, texts in request.GET.lists() for text in texts if text])
    return f"{page}?{query}"


def _picker(draft: Draft) -> dict[str, Any]:
    chosen = draft.form_period
    labels = [(days, _("%(days)s days") % {"days": days}) for days in PRESET_DAYS]
    if chosen.days is not None and chosen.days not in PRESET_DAYS:
        labels.append((chosen.days, _("%(days)s days") % {"days": chosen.days}))
    return {
        "presets": labels,
        "chosen_days": chosen.days,
        "from_value": chosen.first.isoformat(),
        "to_value": chosen.last.isoformat(),
        "earliest_value": FIRST_DAY.isoformat(),
        "today_value": period.today().isoformat(),
        "timezone": draft.timezone,
        "deployment_zone": deployment_zone(),
    }


def _links(request: HttpRequest, question: Question) -> list[dict[str, str]]:
    """Where the rows and the people behind an answer are."""
    names = _events_of(question.values)
    links = []
    if request.user.has_perm("analytics.view_userevent") and names:
        rows = reverse("admin:analytics_userevent_changelist")
        links += [
            {"url": f"{rows}?{urlencode({'q': name})}", "text": _("Sample rows of %(name)s") % {"name": name}}
            for name in names[:3]
        ]
    cohorts = filter_rows.names_of(
        [part.get("filters") for part in [question.values, *_parts(question.values)]]
    )
    with suppress(NoReverseMatch):  # a project may leave the pages of people out
        people = reverse("analytics:people_page")
        if question.analysis.name == "funnel":
            links += _links_to_steps(question, people)
        links += [
            {
                "url": f"{people}?{urlencode({'cohort': number})}",
                "text": _("People in %(name)s") % {"name": name},
            }
            for number, name in sorted(cohorts.items())
        ]
    return links


def _links_to_steps(question: Question, people: str) -> list[dict[str, str]]:
    """Who reached each step, and who was lost right before it."""
    links = []
    for place, step in enumerate(question.values["steps"], 1):
        names = {"place": place, "name": step["event"]}
        texts = {"reached": _("People who reached %(place)s. %(name)s") % names}
        if place > 1:
            texts["dropped"] = _("lost before it")
        links += [
            {
                "url": f"{people}?{urlencode({'behind': question.query, 'step': place, 'outcome': outcome})}",
                "text": text,
            }
            for outcome, text in texts.items()
        ]
    return links


def _parts(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Lines and steps, which have events and filters of their own."""
    return [*values.get("series", []), *values.get("steps", [])]


def _events_of(values: Mapping[str, Any]) -> list[str]:
    """The events that a question names, in its order."""
    named = [part.get("event") for part in _parts(values)]
    named += [values.get(name) for name in ("event", "start_event", "return_event", "end_event")]
    return list(dict.fromkeys(name for name in named if name))


def _empty(question: Question) -> dict[str, Any]:
    """Why there may be nothing, and where to look: whether any event has come, and on which days events lie."""
    if not first_hour_report.has_events(reverse("admin:index")):
        return {"has_events": False, "offers": []}
    stored = first_hour_report.find_event_days()
    return {"has_events": True, "offers": _offers(question, *stored) if stored else []}


def _offers(question: Question, first: date, last: date) -> list[dict[str, str]]:
    last = min(last, period.today())
    first = max(min(first, last), FIRST_DAY)
    newest = max(first, last - timedelta(days=_OFFERED_DAYS - 1))
    ranges = dict.fromkeys([Period(newest, last), Period(first, last)])
    return [
        {"query": question.with_period(one).query, "text": wording.days(one.first, one.last)}
        for one in ranges
        if one != Period(question.period.first, question.period.last)
    ]
