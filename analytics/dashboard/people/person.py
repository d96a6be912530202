"""One person: who they are, what is known of them, what they did, how they behave and what may come."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from analytics.api.errors import body_of_validation
from analytics.api.people_shapes import PersonEventsQuery
from analytics.dashboard import moments, wording
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.dashboard.people import outlook_words
from analytics.dashboard.people.naming import name_of
from analytics.errors import BadInput
from analytics.reports import people, person_identity, person_outlook

_FOLDER = "analytics/dashboard/people"
_PAGE_EVENTS = 50
_IDS_SHOWN = 20
_VALUE_CHARACTERS = 2000


class PersonPage(DashboardPage):
    """The shell of a person's page."""

    template_name = f"{_FOLDER}/person.html"
    title = gettext_lazy("Person")
    data_route = "person_data"


class PersonData(DashboardData):
    """Who the person is: the API's answer, with the merges that made them."""

    template_name = f"{_FOLDER}/person_data.html"
    error_template = f"{_FOLDER}/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """One answer for the top of the page; the parts below ask for theirs."""
        found = people.person(self.kwargs["person"], None)
        identity = person_identity.identity_of(found["id"])
        key = {"person": found["id"]}
        ids = found["distinct_ids"]
        return {
            "person": found,
            "name": name_of(found["properties"], ids, found["id"]),
            "confirmation": ids[0] if ids else str(found["id"]),
            "ids": ids[:_IDS_SHOWN],
            "more_ids": ids[_IDS_SHOWN:],
            "properties": [(name, _as_text(value)) for name, value in sorted(found["properties"].items())],
            "events": wording.number(found["events"]),
            "first_seen": moments.instant(found["first_seen"]),
            "last_seen": moments.instant(found["last_seen"]),
            "last_seen_ago": moments.ago(found["last_seen"]),
            "created": moments.instant(found["created_at"]),
            "merges": [_merge(merge) for merge in identity.merges],
            "suggestions": [
                {"url": reverse("analytics:person_page", kwargs={"person": other.uuid}), "other": other}
                for other in identity.suggestions or []
            ],
            "urls": {
                name: reverse(f"analytics:person_{name}", kwargs=key)
                for name in ("timeline", "outlook", "merge_preview", "erase")
            },
            "files": [
                (kind.upper(), reverse("analytics:person_file", kwargs={**key, "kind": kind}))
                for kind in ("csv", "jsonl")
            ],
            "may_merge": request.user.has_perm("analytics.change_person"),
            "may_undo": request.user.has_perm("analytics.change_mergelog"),
            "may_erase": request.user.has_perm("analytics.delete_person"),
        }


class PersonTimeline(DashboardData):
    """What the person did, newest first, one page after another."""

    template_name = f"{_FOLDER}/timeline.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """A page of the API's answer; each day is named once."""
        uuid: UUID = self.kwargs["person"]
        given = {name: request.GET[name] for name in ("event", "cursor") if request.GET.get(name)}
        try:
            asked = PersonEventsQuery.model_validate({"id": uuid, "limit": _PAGE_EVENTS, **given})
        except ValidationError as error:
            raise BadInput(
                body_of_validation(list(error.errors()))["detail"], code="invalid_input"
            ) from error
        wanted = people.Timeline(
            events=(asked.event,) if asked.event is not None else (), cursor=asked.cursor, limit=asked.limit
        )
        found = people.events(uuid, wanted, None)
        rows = [_event(event) for event in found["events"]]
        day = request.GET.get("day", "")
        for row in rows:
            row["heads"] = row["day"] != day
            day = row["day"]
        return {
            "rows": rows,
            "event": asked.event or "",
            "next_cursor": found["next_cursor"],
            "day": day,
            "is_first": not asked.cursor,
            "timeline_url": request.path,
        }


class PersonOutlook(DashboardData):
    """Behaviour and predictions, each with what it rests on."""

    template_name = f"{_FOLDER}/outlook.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The figures of the behaviour service in words."""
        found = person_outlook.outlook(self.kwargs["person"])
        return {
            "outlook": found,
            "facts": outlook_words.facts_of(found),
            "predictions": outlook_words.predictions_of(found),
        }


def _event(event: dict[str, Any]) -> dict[str, Any]:
    at = event["timestamp"]
    return {
        "name": event["event_name"],
        "day": moments.day(at),
        "time": moments.to_the_second(at),
        "at": at.isoformat(),
        "where": event["page_path"] or "",
        "revenue": wording.number(event["revenue_impact"], 2) if event["revenue_impact"] else "",
        "facts": [(name, str(event[name])) for name in _SHOWN if event[name] not in (None, "")],
        "metadata": json.dumps(event["metadata"], indent=2, ensure_ascii=False, default=str),
        "has_metadata": bool(event["metadata"]),
    }


#: Columns of an event that its reader may ask about, in the order of the question.
_SHOWN = (
    "event_type", "distinct_id", "session_id", "page_url", "referrer", "device_type", "browser", "os", "source",
    "ingest_key", "sentiment_score", "uuid",
)  # fmt: skip


def _merge(merge: person_identity.Merge) -> dict[str, Any]:
    return {
        "merge": merge,
        "created": moments.instant(merge.created_at),
        "undone": moments.instant(merge.undone_at),
        "undo_url": reverse("analytics:merge_undo", kwargs={"merge": merge.id}),
    }


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text[:_VALUE_CHARACTERS]
