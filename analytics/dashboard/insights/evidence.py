"""What a claim rests on, as lines to read and as the page where it can be looked into.

Evidence is JSON that our own analyses wrote, or that somebody changed in the admin: whatever shape it has, it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.dashboard.explore import address
from analytics.dashboard.explore.analyses import ANALYSES
from analytics.dashboard.explore.question import Draft
from analytics.errors import AnalyticsError

_VALUE_CHARACTERS = 300
_MOST_LINES = 40
_GROUPS: dict[str, str | Promise] = {
    "analysis": gettext_lazy("Analysis"),
    "parameters": gettext_lazy("Parameters"),
    "expected": gettext_lazy("Expected"),
    "actual": gettext_lazy("Found"),
    "factors": gettext_lazy("Factors"),
    "backtest": gettext_lazy("Test of the model"),
    "trained_on": gettext_lazy("Learned from"),
    "z": gettext_lazy("Deviations away"),
}


@dataclass(frozen=True)
class Link:
    """Where to look, and what is there."""

    url: str
    text: str


@dataclass(frozen=True)
class Line:
    """One part of the evidence in words."""

    label: str
    value: str


def lines_of(evidence: Any) -> list[Line]:
    """The evidence, in the order in which it is argued."""
    given = evidence if isinstance(evidence, Mapping) else {"evidence": evidence}
    known = [name for name in _GROUPS if name in given]
    others = [name for name in given if name not in _GROUPS]
    names = [*known, *others][:_MOST_LINES]
    return [
        Line(str(_GROUPS.get(name, name)), _text(given[name]))
        for name in names
        if given[name] not in ({}, [], "")
    ]


def links_of(insight: Mapping[str, Any], person: UUID | None) -> list[Link]:
    """Pages that show what the claim rests on; `person` is the one it is about, if it is about one."""
    evidence = insight["evidence"] if isinstance(insight["evidence"], Mapping) else {}
    analysis = str(evidence.get("analysis", ""))
    given = evidence.get("parameters")
    parameters = given if isinstance(given, Mapping) else {}
    found = [_link(analysis, parameters)]
    if person is not None:
        url = reverse("analytics:person_page", kwargs={"person": person})
        found.append(Link(url, _("What this person did")))
    return [link for link in found if link is not None]


def _link(analysis: str, parameters: Mapping[str, Any]) -> Link | None:
    if analysis in ANALYSES:
        return _explorer(analysis, parameters)
    if analysis == "anomalies" and parameters.get("metric_name"):
        query = {"metric": parameters["metric_name"], "method": parameters.get("method", "")}
        kept = {"metric": str(query["metric"])}
        if query["method"] in ("seasonal", "zscore"):
            kept["method"] = str(query["method"])
        return Link(
            f"{reverse('analytics:anomalies_page')}?{urlencode(kept)}", _("The metric beside its past")
        )
    if analysis == "sentiments" and parameters.get("event"):
        query_string = urlencode({"event": str(parameters["event"])})
        return Link(f"{reverse('analytics:sentiment_page')}?{query_string}", _("The texts of this event"))
    if analysis.startswith("predictions/"):
        anchor = analysis.removeprefix("predictions/")
        known = anchor if anchor in ("churn", "conversion", "attendance") else ""
        return Link(f"{reverse('analytics:models_page')}#{known}", _("How good the prediction is"))
    return None


def _explorer(analysis: str, parameters: Mapping[str, Any]) -> Link | None:
    """The explorer with this question; None where the parameters are no question that it can show."""
    days = {"from": parameters.get("date_from"), "to": parameters.get("date_to")}
    values = {name: part for name, part in parameters.items() if name not in ("date_from", "date_to")}
    try:
        query = address.encode({**{name: text for name, text in days.items() if text}, **values})
        question = Draft(ANALYSES[analysis], QueryDict(query)).question()
    except (AnalyticsError, TypeError, ValueError):
        return None
    return Link(f"{reverse(f'analytics:{analysis}_page')}?{question.query}", _("Open in the explorer"))


def _text(value: Any) -> str:
    """A value in words: pairs and lists as people write them."""
    if isinstance(value, Mapping):
        text = ", ".join(f"{_name(name)} {_text(part)}" for name, part in value.items())
    elif isinstance(value, list | tuple):
        text = ", ".join(_factor(part) for part in value)
    elif isinstance(value, float):
        text = f"{value:.4g}"
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _VALUE_CHARACTERS else text[: _VALUE_CHARACTERS - 1] + "…"


def _factor(part: Any) -> str:
    if isinstance(part, Mapping) and "name" in part:
        return f"{_name(str(part['name']))} {_text(part.get('value', ''))}".strip()
    return _text(part)


def _name(name: object) -> str:
    return str(name).replace("_", " ")
