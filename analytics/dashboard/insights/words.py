"""Insights as the page shows them, and the record of each type in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.ai_services.insights.scoreboard import FLOOR, LEAST_JUDGED
from analytics.dashboard import moments, wording
from analytics.dashboard.insights.evidence import Line, Link, lines_of, links_of
from analytics.models.choices import InsightStatus, InsightType, Priority
from analytics.reports.personas import names_of_users, people_of_users

#: Verdicts that a reader gives, with what their button says.
VERDICTS: dict[str, str | Promise] = {
    InsightStatus.VALIDATED: gettext_lazy("Right"),
    InsightStatus.REJECTED: gettext_lazy("Wrong"),
    InsightStatus.ACTED_ON: gettext_lazy("Acted on"),
}
_ACTIONS: dict[str, str | Promise] = {
    "send_retention_email": gettext_lazy("Write to them before they leave"),
    "offer_discount": gettext_lazy("Offer a discount"),
    "send_offer": gettext_lazy("Make an offer"),
    "show_recommendations": gettext_lazy("Show recommendations"),
    "ask_for_feedback": gettext_lazy("Ask for feedback"),
    "read_negative_examples": gettext_lazy("Read the negative examples"),
    "look_into_metric": gettext_lazy("Look into the metric"),
}
#: Above it a rounded figure would claim certainty.
_NEARLY_SURE = 0.99
_ICONS = {
    Priority.CRITICAL: "report",
    Priority.HIGH: "warning",
    Priority.MEDIUM: "info",
    Priority.LOW: "info",
}


@dataclass(frozen=True)
class Shown:
    """One insight."""

    uuid: UUID
    title: str
    about: str
    description: str
    kind: str
    level: str
    level_text: str
    level_icon: str
    confidence: str
    status: str
    status_text: str
    made: str
    made_at: str
    judged: str
    notes: str
    actions: list[str]
    lines: list[Line]
    links: list[Link]
    verdict_url: str


@dataclass(frozen=True)
class Record:
    """How often a type was right; `width` is that of its bar."""

    kind: str
    insights: str
    precision: str
    width: str
    judged: str
    is_muted: bool
    why: str


def shown_of(rows: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """Insights, with the persons whom they are about, found together."""
    users = {_user_of(row) for row in rows} - {None}
    ids = [user for user in users if user is not None]
    people = people_of_users(ids) if ids else {}
    names = names_of_users(ids) if ids else {}
    return [_shown(row, people.get(_user_of(row) or 0), names) for row in rows]


def records_of(scoreboard: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The scoreboard, the types with the most insights first."""
    return [_record(score) for score in sorted(scoreboard, key=lambda score: -score["insights"])]


def _shown(row: Mapping[str, Any], person: UUID | None, names: Mapping[int, str]) -> Shown:
    actions = row["suggested_actions"] if isinstance(row["suggested_actions"], list) else []
    return Shown(
        uuid=row["uuid"],
        title=row["title"],
        about=names.get(_user_of(row) or 0, ""),
        description=row["description"],
        kind=_label(InsightType, row["insight_type"]),
        level=row["priority"] if row["priority"] in Priority.values else "",
        level_text=_label(Priority, row["priority"]),
        level_icon=_ICONS.get(row["priority"], "info"),
        confidence=_sure(row["confidence_score"]),
        status=row["status"],
        status_text=_label(InsightStatus, row["status"]),
        made=moments.ago(row["created_at"]),
        made_at=moments.instant(row["created_at"]),
        judged=moments.instant(row["validated_at"]),
        notes=row["validation_notes"],
        actions=[str(_ACTIONS.get(str(action), str(action).replace("_", " ")[:200])) for action in actions],
        lines=lines_of(row["evidence"]),
        links=links_of(row, person),
        verdict_url=reverse("analytics:insight_verdict", kwargs={"insight": row["uuid"]}),
    )


def _sure(confidence: float) -> str:
    """A confidence as a percentage, of which none is a hundred."""
    if confidence > _NEARLY_SURE:
        return _("over %(most)s") % {"most": wording.percent(_NEARLY_SURE * 100, 0)}
    return wording.percent(confidence * 100, 0)


def _record(score: Mapping[str, Any]) -> Record:
    judged, precision = score["right"] + score["wrong"], score["precision"]
    names = {"right": wording.number(score["right"]), "judged": wording.number(judged)}
    if score["is_muted"]:
        why = _(
            "Right in fewer than %(floor)s of %(least)s or more: not made until verdicts are taken back."
        ) % {
            "floor": wording.percent(FLOOR * 100, 0),
            "least": LEAST_JUDGED,
        }
    elif judged < LEAST_JUDGED:
        why = _("%(missing)s more verdicts until it counts.") % {"missing": LEAST_JUDGED - judged}
    else:
        why = ""
    return Record(
        kind=_label(InsightType, score["insight_type"]),
        insights=wording.number(score["insights"]),
        precision="" if precision is None else wording.percent(precision * 100, 0),
        width="0%" if precision is None else f"{precision * 100:.1f}%",
        judged=_("%(right)s of %(judged)s right") % names if judged else _("no verdict yet"),
        is_muted=score["is_muted"],
        why=why,
    )


def _user_of(row: Mapping[str, Any]) -> int | None:
    target = str(row["target_id"])
    is_user = row["target_type"] == "user" and target.isascii() and target.isdigit() and len(target) < 19
    return int(target) if is_user else None


def _label(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else value
