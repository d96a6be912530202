"""The list of people: a search, a cohort, an order, and pages by cursor, all of them in the address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from analytics.api.errors import body_of_validation
from analytics.api.people_shapes import PersonsQuery
from analytics.dashboard import moments, wording
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.dashboard.people.naming import name_of
from analytics.errors import BadInput
from analytics.reports import cohort_records, people
from analytics.reports import first_hour as first_hour_report

_FOLDER = "analytics/dashboard/people"
FORM_ID = "people-form"
_PAGE_PEOPLE = 50
_MOST_COHORTS = 200
_ASKED = ("search", "cohort", "order", "cursor")


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
        wanted = wanted_of(request)
        found = people.list_people(wanted)
        rows = [_row(person) for person in found["persons"]]
        is_narrowed = bool(wanted.search or wanted.cohort is not None)
        return {
            "rows": rows,
            "next_query": _query(request, found["next_cursor"]) if found["next_cursor"] else "",
            "first_query": _query(request, None) if wanted.cursor else "",
            "is_narrowed": is_narrowed,
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


def _query(request: HttpRequest, cursor: str | None) -> str:
    """The address of a page of the same list; what goes without saying is left out."""
    kept = {name: request.GET[name] for name in ("search", "cohort", "order") if request.GET.get(name)}
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
