"""The list of people: a search, a cohort, an order, and pages by cursor, all of them in the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from analytics.api.errors import body_of_validation
from analytics.api.people_shapes import PersonsQuery
from analytics.api.query_shapes import FunnelRequest
from analytics.dashboard import moments, wording
from analytics.dashboard.explore.analyses import ANALYSES
from analytics.dashboard.explore.question import Draft
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.dashboard.people.naming import name_of
from analytics.errors import BadInput
from analytics.reports import cohort_records, people
from analytics.reports import first_hour as first_hour_report
from analytics.reports.funnel_persons import Step

_FOLDER = "analytics/dashboard/people"
FORM_ID = "people-form"
_PAGE_PEOPLE = 50
_MOST_COHORTS = 200
_ASKED = ("search", "cohort", "order", "cursor")
#: The step of a funnel whose people are shown: the funnel's own address, the step, and who of it.
_BEHIND = ("behind", "step", "outcome")


class PeoplePage(DashboardPage):
    """The shell with the form."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("People")
    data_route = "people_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """What the address asks for, and the cohorts that there are."""
        return {
            "search": request.GET.get("search", "")[:200],
            "cohort": request.GET.get("cohort", ""),
            "order": request.GET.get("order", ""),
            "cohorts": cohort_records.list_cohorts("", _MOST_COHORTS)["cohorts"],
            "behind": {name: request.GET[name] for name in _BEHIND if request.GET.get(name)},
            "form_id": FORM_ID,
            "data_path": reverse("analytics:people_data"),
        }


class PeopleData(DashboardData):
    """One page of people."""

    template_name = f"{_FOLDER}/data.html"
    error_template = f"{_FOLDER}/error.html"

    def get(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """The fragment. Where the reader has changed the form, the browser's address follows it."""
        response = super().get(request, **parameters)
        if request.headers.get("HX-Trigger") == FORM_ID:
            response.headers["HX-Push-Url"] = f"{reverse('analytics:people_page')}?{_query(request, None)}"
        return response

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The API's answer to the same question."""
        wanted, step = wanted_of(request), step_of(request)
        if step is not None:
            wanted = replace(wanted, only=step.persons())
        found = people.list_people(wanted)
        rows = [_row(person) for person in found["persons"]]
        is_narrowed = bool(wanted.search or wanted.cohort is not None)
        return {
            "rows": rows,
            "next_query": _query(request, found["next_cursor"]) if found["next_cursor"] else "",
            "first_query": _query(request, None) if wanted.cursor else "",
            "step": None
            if step is None or wanted.only is None
            else _described(request, step, len(wanted.only)),
            "is_narrowed": is_narrowed or step is not None,
            "has_events": bool(rows) or first_hour_report.has_events(reverse("admin:index")),
            "fresh": moments.ago(found["proof"]["fresh_to"]),
        }


def wanted_of(request: HttpRequest) -> people.Wanted:
    """The question of an address, judged as the API judges it. **Errors**: `BadInput`."""
    given = {name: request.GET[name] for name in _ASKED if request.GET.get(name)}
    try:
        asked = PersonsQuery.model_validate({**given, "limit": _PAGE_PEOPLE})
    except ValidationError as error:
        raise BadInput(body_of_validation(list(error.errors()))["detail"], code="invalid_input") from error
    return people.Wanted(**asked.model_dump())


def step_of(request: HttpRequest) -> Step | None:
    """The step of a funnel that an address names. **Errors**: `BadInput`."""
    address = request.GET.get("behind", "")
    if not address:
        return None
    number, outcome = request.GET.get("step", ""), request.GET.get("outcome", "reached")
    if not (number.isascii() and number.isdigit() and len(number) < 3) or outcome not in (
        "reached",
        "dropped",
    ):
        raise BadInput(
            _("A step of the funnel and “reached” or “dropped” are expected."), code="invalid_input"
        )
    funnel = FunnelRequest.model_validate(Draft(ANALYSES["funnel"], QueryDict(address)).question().request)
    return Step(funnel.model_dump(), int(number), "dropped" if outcome == "dropped" else "reached")


def _described(request: HttpRequest, step: Step, count: int) -> dict[str, str]:
    """In words, and where the funnel is."""
    names = {
        "count": wording.number(count),
        "place": step.step,
        "name": step.funnel["steps"][step.step - 1]["event"],
    }
    text = (
        _("%(count)s people who reached step %(place)s, %(name)s")
        if step.outcome == "reached"
        else _("%(count)s people who were lost before step %(place)s, %(name)s")
    )
    return {"text": text % names, "url": f"{reverse('analytics:funnel_page')}?{request.GET['behind']}"}


def _query(request: HttpRequest, cursor: str | None) -> str:
    """The address of a page of the same list; what goes without saying is left out."""
    kept = {
        name: request.GET[name] for name in ("search", "cohort", "order", *_BEHIND) if request.GET.get(name)
    }
    if kept.get("order") == "-created_at":
        del kept["order"]
    return urlencode({**kept, "cursor": cursor} if cursor else kept)


def _row(person: dict[str, Any]) -> dict[str, Any]:
    name = name_of(person["properties"], person["distinct_ids"], person["id"])
    return {
        "url": reverse("analytics:person_page", kwargs={"person": person["id"]}),
        "name": name,
        "distinct_id": next((text for text in person["distinct_ids"] if text != name), ""),
        "more_ids": len(person["distinct_ids"]) - 1,
        "is_identified": person["is_identified"],
        "events": wording.number(person["events"]),
        "first_seen": moments.day(person["first_seen"]) if person["first_seen"] else "",
        "last_seen": moments.ago(person["last_seen"]),
        "last_seen_at": moments.instant(person["last_seen"]),
    }
