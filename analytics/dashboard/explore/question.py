"""What is asked: an analysis, a range of days in a zone, and the values of the API's question.

A `Draft` is what an address or a half-filled form says, right or wrong, and is what the form shows; a `Question` is a
draft that fits the API's shape. Both lead back to an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError

from analytics import clock, conf
from analytics.api import query as query_api
from analytics.api.errors import body_of_validation
from analytics.api.questions import own_values
from analytics.dashboard import period
from analytics.dashboard.explore import address
from analytics.dashboard.period import Period
from analytics.errors import BadInput
from analytics.reports.ranges import zone_of

if TYPE_CHECKING:
    from analytics.dashboard.explore.analyses import Analysis

DEFAULT_DAYS = 30
PRESET_DAYS = (7, 14, 30, 90)
_RANGE = ("days", "from", "to", "timezone")


@dataclass(frozen=True)
class Question:
    """A question that the API takes. `values` are its own values without the range."""

    analysis: Analysis
    period: Period
    timezone: str
    values: Mapping[str, Any]

    @property
    def query(self) -> str:
        """The query string that leads back to it, always written the same way."""
        zone = f"timezone={self.timezone}" if self.timezone else ""
        return "&".join(part for part in (self.period.query, zone, address.encode(self.values)) if part)

    def with_period(self, chosen: Period) -> Question:
        """The same question of other days."""
        return replace(self, period=chosen)

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days and hours count."""
        return zone_of(self.timezone)

    @property
    def request(self) -> dict[str, Any]:
        """The body of `POST /query/<name>`."""
        last = self.period.last + timedelta(days=1)
        days = {"date_from": self.period.first.isoformat(), "date_to": last.isoformat()}
        return {**days, "timezone": self.timezone or None, **self.values}

    def answer(self) -> BaseModel:
        """The API's answer. **Errors**: `BadInput`, `Unavailable`."""
        return query_api.run(self.analysis.name, self.request)


class Draft:
    """What a query string says. Nothing is judged before it is asked for."""

    def __init__(self, analysis: Analysis, query: QueryDict) -> None:
        self.analysis = analysis
        self._query = query

    @cached_property
    def values(self) -> dict[str, Any]:
        """The values without the range, with those that a new question starts with. **Errors**: `BadInput`."""
        given = address.decode(self._query)
        return {**self.analysis.blank, **{name: part for name, part in given.items() if name not in _RANGE}}

    @property
    def form_values(self) -> dict[str, Any]:
        """The same for the form, which starts anew where the address cannot be read."""
        try:
            return self.values
        except BadInput:
            return dict(self.analysis.blank)

    @property
    def timezone(self) -> str:
        """The name of the zone, "" for the deployment's."""
        return self._query.get("timezone", "")

    @property
    def zone(self) -> ZoneInfo:
        """The zone. **Errors**: `BadInput`."""
        return zone_of(self.timezone)

    @property
    def period(self) -> Period:
        """The range of days, whose last day may be the present one of the zone. **Errors**: `BadInput`."""
        given = {name: text for name in ("days", "from", "to") if (text := self._query.get(name, ""))}
        chosen = period.period_of(given or {"days": str(DEFAULT_DAYS)})
        if chosen.days is not None:
            last = clock.today(self.zone)
            return replace(chosen, first=last - timedelta(days=chosen.days - 1), last=last)
        if not (chosen.first.year >= 1970 and chosen.last.year < 2199):
            raise BadInput(_("A day from 1970 to 2198 is expected."), code="bad_range")
        if chosen.first > chosen.last:
            raise BadInput(_("The first day lies after the last one."), code="bad_range")
        return chosen

    @property
    def form_period(self) -> Period:
        """The same for the picker, which starts anew where the address cannot be read."""
        try:
            return self.period
        except BadInput:
            return period.last_days(DEFAULT_DAYS)

    @property
    def is_ready(self) -> bool:
        """Whether enough is chosen for a question. **Errors**: `BadInput`."""
        return self.analysis.is_ready(self.values)

    def question(self) -> Question:
        """The question.

        **Errors**: `BadInput` in the API's words for what does not fit its shape.
        """
        chosen, values = self.period, self.values
        question = Question(self.analysis, chosen, self.zone.key if self.timezone else "", values)
        try:
            read = self.analysis.shape.model_validate(question.request)
        except ValidationError as error:
            raise BadInput(
                str(body_of_validation(list(error.errors()))["detail"]), code="invalid_input"
            ) from error
        return replace(question, values=own_values(read))


def deployment_zone() -> str:
    """The name of the deployment's zone."""
    return str(conf.get().zone)
