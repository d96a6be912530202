"""How one person behaves and what may come, whether they are a user of this project or an id that only a client knows.

The figures are those of the behaviour service. Where there is no figure, `status` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from analytics import clock
from analytics.ai_services.behaviour import habits, profiles, risks
from analytics.ai_services.behaviour.engagement import Trend, engagement, trend
from analytics.ai_services.behaviour.service import predictions_of
from analytics.errors import NotFound
from analytics.models import Person, UserBehaviorProfile
from analytics.reports.answering import answering
from analytics.store import profiles as profile_store
from analytics.store.asking import ask

DAYS = profiles.DAYS

_FAVOURITES = ("event_types", "event_names", "actions", "devices", "locations")


@dataclass(frozen=True)
class Outlook:
    """Behaviour over the last `days` days, today included. `engagement_score` is None for who was not there.

    `predictions` maps churn and conversion to the shape of `scoring.score_person`.
    """

    days: int
    engagement_score: float | None
    engagement_trend: str
    frequency: str
    patterns: dict[str, Any]
    preferences: dict[str, list[Any]]
    risk_factors: list[str]
    persona: str
    predictions: dict[str, dict[str, Any]] = field(default_factory=dict)


def outlook(uuid: UUID, days: int = DAYS) -> Outlook:
    """The outlook of a person. **Errors**: `NotFound`, `Unavailable`."""
    node = Person.objects.select_related("merged_into").filter(uuid=uuid).first()
    if node is None:
        raise NotFound("there is no such person")
    with answering():
        return _outlook(node.root, days)


def _outlook(root: Person, days: int) -> Outlook:
    from eventlake.analyses.person_behaviour import person_behaviour

    zones = profile_store.zones_of_roots((root.pk,))
    found = ask(person_behaviour, profiles.question_of(days, persons=(root.pk,), zones=zones))
    if not found.persons.num_rows:
        return Outlook(
            days, None, Trend.UNKNOWN.value, habits.frequency(0, days).value, habits.no_activity(),
            {name: [] for name in (*_FAVOURITES, "times")}, risks.no_activity(days), _persona(root),
            _predictions(root.pk, Trend.UNKNOWN),
        )  # fmt: skip
    at, values = clock.now(), found.persons.to_pylist()[0]
    moves = trend(values["events"], values["late_events"])
    silent_days = float(profiles.silent_days(found.persons, at)[0])
    return Outlook(
        days,
        round(float(engagement(profiles.presence_of(found.persons, at), days)[0]), 4),
        moves.value,
        habits.frequency(values["active_days"], days).value,
        habits.activity_patterns(values, found.hours[0], found.weekdays[0]),
        {**habits.preferences(values, _FAVOURITES), "times": habits.parts_of_day(found.hours[0])},
        risks.risk_factors(values, silent_days=silent_days, days=days),
        _persona(root),
        _predictions(root.pk, moves),
    )


def _predictions(root: int, moves: Trend) -> dict[str, dict[str, Any]]:
    found = predictions_of(root, moves)
    return {name: found[name] for name in ("churn", "conversion")}


def _persona(root: Person) -> str:
    if root.user_id is None:
        return ""
    profile = (
        UserBehaviorProfile.objects.filter(user_id=root.user_id).select_related("primary_persona").first()
    )
    return profile.primary_persona.persona_name if profile and profile.primary_persona else ""
