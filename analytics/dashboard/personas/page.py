"""The page, the members of a persona, and having personas found anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics import queueing
from analytics.ai_services.clustering.service import LEAST_USERS
from analytics.dashboard import moments, wording
from analytics.dashboard.acting import Act
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.reports import personas as report
from analytics.store.personas import FEATURES

_FOLDER = "analytics/dashboard/personas"
_COLOURS = 8
#: Deviations at which a bar reaches its edge: features are cut at four, and means of many lie nearer.
_WIDEST = 2.0
#: Below it, two halves of the users would not have found the same personas (docs/guides/personas-and-insights.md).
_STABLE = 0.8

_NAMES: dict[str, str | Promise] = {
    "engagement_score": gettext_lazy("Engagement"),
    "churn_risk_score": gettext_lazy("Risk to leave"),
    "conversion_probability": gettext_lazy("Chance to convert"),
    "preferred_event_types": gettext_lazy("Kinds of activity"),
    "preferred_times": gettext_lazy("Times of day"),
    "preferred_locations": gettext_lazy("Places"),
    "activity_frequency": gettext_lazy("Frequency of visits"),
}
_PERCENTS = ("engagement_score", "churn_risk_score", "conversion_probability")
#: What the mean of the frequency stands for, from `store.personas`.
_FREQUENCIES: tuple[str | Promise, ...] = (
    gettext_lazy("rarely"),
    gettext_lazy("monthly"),
    gettext_lazy("weekly"),
    gettext_lazy("daily"),
)


class PersonasPage(DashboardPage):
    """The shell."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Personas")
    data_route = "personas_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """Whether the reader may have them found anew."""
        return {"may_recompute": request.user.has_perm(Recompute.permission)}


class PersonasData(DashboardData):
    """The map and the personas."""

    template_name = f"{_FOLDER}/data.html"
    error_template = "analytics/dashboard/understand/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The personas as they are stored, and where their users lie."""
        found = report.list_personas()
        total = sum(one.size for one in found)
        drawn = report.map_of(found)
        return {
            "personas": [_persona(request, one, place, total) for place, one in enumerate(found)],
            "total": wording.number(total),
            "least_users": LEAST_USERS,
            "map": None if drawn is None else _map(drawn, found, total),
            "is_stable": bool(found) and found[0].stability >= _STABLE,
            "stability": wording.percent(100 * found[0].stability, 0) if found else "",
            "found": moments.instant(max(one.updated_at for one in found)) if found else "",
        }


class MembersData(DashboardData):
    """Users of one persona."""

    template_name = f"{_FOLDER}/members.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The most engaged first."""
        found = report.members(self.kwargs["persona"])
        return {
            "members": [
                {
                    "name": one.name,
                    "url": reverse("analytics:person_page", kwargs={"person": one.person})
                    if one.person
                    else "",
                    "engagement": wording.percent(100 * one.engagement_score, 0),
                }
                for one in found
            ]
        }


class Recompute(Act):
    """Find personas anew: a worker does it, for it may take a minute."""

    permission = "analytics.change_userpersona"

    def page(self, request: HttpRequest) -> str:
        """The page."""
        return reverse("analytics:personas_page")

    def act(self, request: HttpRequest) -> None:
        """Wake the task that the schedule runs every night."""
        queueing.wake("analytics.tasks.perform_user_clustering")
        messages.success(
            request,
            _("Personas are being found anew. It takes up to a minute; load this page again to see them."),
        )


def _persona(request: HttpRequest, one: report.Persona, place: int, total: int) -> dict[str, Any]:
    may_view = request.user.has_perm("analytics.view_userbehaviorprofile")
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "mark": place % _COLOURS + 1,
        "size": wording.number(one.size),
        "share": wording.percent(100 * one.size / total, 0) if total else "",
        "share_width": f"{100 * one.size / total:.1f}%" if total else "0%",
        "features": [_feature(one, name) for name in _by_distance(one)],
        "members_url": reverse("analytics:persona_members", kwargs={"persona": one.id}),
        "all_url": _all_members(one.id) if may_view else "",
    }


def _by_distance(one: report.Persona) -> list[str]:
    """What sets it apart the most, first."""
    return sorted(one.deviations, key=lambda name: -abs(one.deviations[name]))


def _feature(one: report.Persona, name: str) -> dict[str, str]:
    deviation = one.deviations[name]
    reach = min(abs(deviation) / _WIDEST, 1.0) * 50
    sign = "+" if deviation > 0 else "−" if deviation < 0 else ""  # noqa: RUF001 - the minus of numbers
    return {
        "label": str(_NAMES[name]),
        "mean": _mean(name, one.means.get(name)),
        "deviation": sign + wording.number(abs(deviation), 1),
        "x": f"{50 - reach if deviation < 0 else 50:.1f}%",
        "width": f"{reach:.1f}%",
    }


def _mean(name: str, mean: float | None) -> str:
    if mean is None:
        return ""
    if name in _PERCENTS:
        return wording.percent(100 * mean, 0)
    if name == "activity_frequency":
        nearest = min(max(round(mean), 0), len(_FREQUENCIES) - 1)
        return _("about %(often)s") % {"often": _FREQUENCIES[nearest]}
    return wording.number(mean, 1)


def _map(drawn: report.Map, found: Sequence[report.Persona], total: int) -> dict[str, Any]:
    personas = []
    for one in found:
        share = one.size / total if total else 0.0
        people = ngettext("%(count)s person", "%(count)s people", one.size)
        tip = f"{one.name}: {people % {'count': wording.number(one.size)}}, {wording.percent(100 * share, 0)}"
        personas.append(
            {
                "name": one.name,
                "tip": tip,
                "dot_tip": one.name,
                "share": share,
                "middle": drawn.middles.get(one.id, (0.0, 0.0)),
                "dots": drawn.dots.get(one.id, []),
            }
        )
    labels = [_axis(direction) for direction in drawn.directions]
    data = {"kind": "map", "personas": personas, "x_label": labels[0], "y_label": labels[1]}
    names = ", ".join(one.name for one in found)
    share = sum(direction.share for direction in drawn.directions)
    return {
        "data": data,
        "summary": _("Users as dots, and a circle in the middle of each persona: %(names)s.")
        % {"names": names},
        "shown": wording.number(drawn.shown),
        "users": wording.number(drawn.users),
        "share": wording.percent(100 * share, 0),
    }


def _axis(direction: report.Direction) -> str:
    """What a direction is mostly made of: more of a feature to the right or up, less of one with a minus."""
    parts = [
        ("" if weight > 0 else "− ") + str(_NAMES.get(name, name)).lower()  # noqa: RUF001 - a minus
        for name, weight in direction.features
        if abs(weight) >= 0.3
    ]
    return _("%(parts)s (%(share)s of the differences)") % {
        "parts": " + ".join(parts).replace("+ − ", "− "),  # noqa: RUF001 - a minus
        "share": wording.percent(100 * direction.share, 0),
    }


def _all_members(persona: int) -> str:
    try:
        page = reverse("admin:analytics_userbehaviorprofile_changelist")
    except NoReverseMatch:  # the project has taken it out of its admin
        return ""
    return f"{page}?primary_persona__id__exact={persona}"


assert set(_NAMES) == set(FEATURES)
