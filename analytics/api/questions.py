"""Saved questions: the JSON of one, judged by the shapes of `/query/<name>`, and the answer to it.

A saved question is the body of `POST /query/<analysis>` whose range is `days` (the last ones up to the present) or two
dates. It is judged when it is saved and each time that it is asked: shapes may have changed in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from analytics import clock
from analytics.api import query as query_api
from analytics.api.errors import body_of_validation
from analytics.errors import BadInput
from analytics.models import Dashboard, SavedReport
from analytics.models.choices import AnalysisName
from analytics.reports import queries
from analytics.reports.ranges import zone_of

MAX_DAYS = 366
_RANGE = ("date_from", "date_to", "timezone")


@dataclass(frozen=True)
class Chosen:
    """The days of an answer, `first` and `last` included; `days` where they follow the present one. "" is the
    deployment's zone."""

    first: date
    last: date
    zone: str = ""
    days: int | None = None

    @property
    def as_body(self) -> dict[str, Any]:
        """The range of `POST /query/<name>`."""
        last = self.last + timedelta(days=1)
        return {
            "date_from": self.first.isoformat(),
            "date_to": last.isoformat(),
            "timezone": self.zone or None,
        }

    @property
    def as_saved(self) -> dict[str, Any]:
        """The range of a saved question."""
        zone = {"timezone": self.zone} if self.zone else {}
        if self.days is not None:
            return {"days": self.days, **zone}
        body = self.as_body
        return {"date_from": body["date_from"], "date_to": body["date_to"], **zone}


@dataclass(frozen=True)
class Fitting:
    """A question that fits: its days, and its own values under the API's names."""

    analysis: str
    chosen: Chosen
    values: Mapping[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        """The body of `POST /query/<analysis>`."""
        return {**self.chosen.as_body, **self.values}

    @property
    def saved(self) -> dict[str, Any]:
        """The JSON that is kept, always written the same way."""
        return {**self.chosen.as_saved, **self.values}

    def answer(self) -> BaseModel:
        """The API's answer. **Errors**: `BadInput`, `Unavailable`."""
        return query_api.run(self.analysis, self.body)


def last_days(days: int, zone: str = "") -> Chosen:
    """So many days up to the present one of a zone. **Errors**: `BadInput` for a zone that is none."""
    last = clock.today(zone_of(zone))
    return Chosen(last - timedelta(days=days - 1), last, zone, days)


def fit(analysis: str, question: Mapping[str, Any]) -> Fitting:
    """The question that JSON says. **Errors**: `BadInput` naming the place of what does not fit."""
    if analysis not in AnalysisName.values:
        raise BadInput(f"analysis: one of {', '.join(AnalysisName.values)}", code="bad_analysis")
    if not isinstance(question, Mapping):
        raise BadInput("question: a JSON object is expected", code="bad_question")
    given = dict(question)
    chosen = _chosen(given)
    own = {name: value for name, value in given.items() if name not in (*_RANGE, "days")}
    request, _ = query_api.REQUESTS[analysis]
    try:
        read = request.model_validate({**chosen.as_body, **own})
    except ValidationError as error:
        detail = body_of_validation(list(error.errors()))["detail"]
        raise BadInput(f"question: {detail}", code="bad_question") from error
    queries.check(analysis, read.model_dump())
    return Fitting(analysis, chosen, own_values(read))


def fit_on_board(report: SavedReport, board: Dashboard) -> Fitting:
    """A report's question in the range and zone of a dashboard, where that has its own. **Errors**: `BadInput`."""
    own = fit(report.analysis, report.question)
    zone = board.time_zone or own.chosen.zone
    if board.days is not None:
        chosen = last_days(board.days, zone)
    elif board.first_on is not None and board.last_on is not None:
        chosen = Chosen(board.first_on, board.last_on, zone)
    elif own.chosen.days is not None:
        chosen = last_days(own.chosen.days, zone)
    else:
        chosen = replace(own.chosen, zone=zone)
    return replace(own, chosen=chosen)


def fault_of(analysis: str, question: Any) -> str:
    """Why a saved question cannot be asked any more; "" for one that can."""
    try:
        fit(analysis, question)
    except BadInput as error:
        return error.detail
    return ""


def own_values(read: BaseModel) -> dict[str, Any]:
    """The values of a question without its range, and without what goes without saying."""
    values = read.model_dump(exclude_none=True, exclude=set(_RANGE))
    filters = values.pop("filters", None)  # to the end, behind what is shorter
    tidied: dict[str, Any] = _tidy(values if filters is None else {**values, "filters": filters})
    return tidied


def _chosen(given: Mapping[str, Any]) -> Chosen:
    zone = given.get("timezone") or ""
    if not isinstance(zone, str):
        raise BadInput("question.timezone: an IANA name such as Europe/Vienna is expected", code="bad_zone")
    zone_of(zone)
    if "days" not in given:
        first, last = _day(given, "date_from"), _day(given, "date_to") - timedelta(days=1)
        if first > last:
            raise BadInput("question.date_to: the range ends before it starts", code="bad_range")
        return Chosen(first, last, zone)
    days = given["days"]
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_DAYS:
        raise BadInput(f"question.days: a whole number from 1 to {MAX_DAYS}", code="bad_range")
    if "date_from" in given or "date_to" in given:
        raise BadInput("question: either days, or date_from and date_to", code="bad_range")
    return last_days(days, zone)


def _day(given: Mapping[str, Any], name: str) -> date:
    text = given.get(name)
    try:
        day = date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year < 2199:
        raise BadInput(
            f"question.{name}: a date such as 2026-05-04 is expected, or days (the last ones) instead of both",
            code="bad_range",
        )
    return day


def _tidy(value: Any) -> Any:
    """A property is the event's unless something else is said; empty parts say nothing."""
    if isinstance(value, Mapping):
        return {
            name: _tidy(part)
            for name, part in value.items()
            if not (name == "scope" and part == "event") and part not in ([], {})
        }
    return [_tidy(part) for part in value] if isinstance(value, list) else value
