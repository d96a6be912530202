"""The six analyses that have a page: what each is called, starts with and needs, and how its answer is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from analytics.api import query_shapes as shapes
from analytics.dashboard.explore.results import funnel, lifecycle, paths, retention, stickiness, trends
from analytics.dashboard.explore.results.result import Result


@dataclass(frozen=True)
class Analysis:
    """One explorer. `name` is the API's; `blank` are the values that a new question starts with.

    `needs` says what a question without enough in it lacks; `is_ready` tells whether it has it.
    """

    name: str
    title: str | Promise
    about: str | Promise
    shape: type[BaseModel]
    show: Callable[[Any, Any], Result]
    blank: Mapping[str, Any]
    is_ready: Callable[[Mapping[str, Any]], bool] = lambda values: True
    needs: str | Promise = ""


def _has_two_steps(values: Mapping[str, Any]) -> bool:
    steps = values.get("steps")
    return not isinstance(steps, list) or len(steps) > 1


ANALYSES: dict[str, Analysis] = {
    one.name: one
    for one in (
        Analysis(
            "trends", _("Trends"), _("How often things happen over time, and how that is changing."),
            shapes.TrendsRequest, trends.show, {"series": [{"measure": "count"}], "interval": "day"},
        ),
        Analysis(
            "funnel", _("Funnel"), _("How many people get how far through steps, and where they are lost."),
            shapes.FunnelRequest, funnel.show, {"steps": [], "window_seconds": "1209600"}, _has_two_steps,
            _("Choose the events of at least two steps."),
        ),
        Analysis(
            "retention", _("Retention"), _("How many of those who came once come back later."),
            shapes.RetentionRequest, retention.show, {"interval": "week", "periods": "8"},
        ),
        Analysis(
            "paths", _("Paths"), _("Which event people reach from which, step by step."),
            shapes.PathsRequest, paths.show, {"max_steps": "5", "limit": "30"},
        ),
        Analysis(
            "lifecycle", _("Lifecycle"), _("Who is new, who returns, who came back, and who stayed away."),
            shapes.LifecycleRequest, lifecycle.show, {"interval": "week"},
        ),
        Analysis(
            "stickiness", _("Stickiness"), _("On how many days of a week or month people are there."),
            shapes.StickinessRequest, stickiness.show, {"within": "week"},
        ),
    )
}  # fmt: skip
