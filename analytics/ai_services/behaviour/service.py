"""The behaviour of one user, for pages and insights: what they did, what they like, what may come.

Everything is worked out from the event stream at the moment of the question; nothing here is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics import clock, host
from analytics.ai_services.behaviour import habits, profiles, risks
from analytics.ai_services.behaviour.engagement import Trend, engagement, trend
from analytics.ai_services.predictions.scoring import score_person
from analytics.ai_services.predictions.snapshots import CHURN, CONVERSION
from analytics.store import profiles as profile_store
from analytics.store.asking import ask

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from eventlake.analyses.person_behaviour import PersonBehaviour

_FAVOURITES = ("event_types", "event_names", "actions", "devices", "locations")


class UserBehaviorAnalysisService:
    """Service for analysing user behaviour patterns (specification, AI Services)."""

    def analyze_user_behavior(self, user: AbstractBaseUser, days: int = 30) -> dict[str, Any]:
        """The behaviour of a user over the last `days` days, today included.

        **Shape**: the specification's keys. engagement_score 0 to 1; activity_patterns and preferences as
        `behaviour.habits`; risk_factors and persona_suggestions lists of text; predictions has churn_risk and
        conversion_probability (0 to 1, see `churn` and `conversion` for what they rest on) and engagement_trend.
        **Errors**: the lake's, when it cannot be read.
        """
        from eventlake.analyses.person_behaviour import person_behaviour

        roots = profile_store.roots_of_user(user, host.get().distinct_id(user))
        if not roots:
            return self._of_nobody(days)
        zones = profile_store.zones_of_roots(roots)
        found = ask(person_behaviour, profiles.question_of(days, persons=roots, zones=zones))
        if not found.persons.num_rows:
            return self._of_nobody(days, roots[0])
        return self._of_person(user, found, days)

    def _of_person(self, user: AbstractBaseUser, found: PersonBehaviour, days: int) -> dict[str, Any]:
        at = clock.now()
        counts = found.persons.column("events").to_pylist()
        place = counts.index(max(counts))  # a user of several persons is the busiest of them
        row = found.persons.slice(place, 1)
        values = row.to_pylist()[0]
        silent_days = float(profiles.silent_days(row, at)[0])
        patterns = habits.activity_patterns(values, found.hours[place], found.weekdays[place])
        patterns["frequency"] = habits.frequency(values["active_days"], days).value
        return {
            "engagement_score": round(float(engagement(profiles.presence_of(row, at), days)[0]), 4),
            "activity_patterns": patterns,
            "preferences": {
                **habits.preferences(values, _FAVOURITES),
                "times": habits.parts_of_day(found.hours[place]),
            },
            "risk_factors": risks.risk_factors(values, silent_days=silent_days, days=days),
            "persona_suggestions": suggest_personas(user),
            "predictions": predictions_of(
                values["person_id"], trend(values["events"], values["late_events"])
            ),
        }

    def _of_nobody(self, days: int, person: int | None = None) -> dict[str, Any]:
        return {
            "engagement_score": 0.0,
            "activity_patterns": {**habits.no_activity(), "frequency": habits.frequency(0, days).value},
            "preferences": {name: [] for name in (*_FAVOURITES, "times")},
            "risk_factors": risks.no_activity(days),
            "persona_suggestions": [],
            "predictions": predictions_of(person, Trend.UNKNOWN),
        }


def predictions_of(person: int | None, engagement_trend: Trend) -> dict[str, Any]:
    """Churn and conversion of a person, with what each rests on; 0 and `no_recent_activity` for nobody."""
    found = {name: score_person(name, person if person is not None else -1) for name in (CHURN, CONVERSION)}
    return {
        "churn_risk": found[CHURN]["score"] or 0.0,
        "conversion_probability": found[CONVERSION]["score"] or 0.0,
        "engagement_trend": engagement_trend.value,
        CHURN: found[CHURN],
        CONVERSION: found[CONVERSION],
    }


def suggest_personas(user: AbstractBaseUser) -> list[str]:
    """The persona that clustering found for the user; none before it has run."""
    from analytics.models import UserBehaviorProfile

    profile = UserBehaviorProfile.objects.filter(user_id=user.pk).select_related("primary_persona").first()
    return [profile.primary_persona.persona_name] if profile and profile.primary_persona else []
