"""Profiles of all users in one pass: columns from the lake, scores over whole columns, one write.

A user whose person was not there in the range keeps a profile that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from analytics import clock, conf
from analytics.ai_services.behaviour import habits
from analytics.ai_services.behaviour.engagement import Presence, engagement, trend
from analytics.ai_services.predictions.scoring import Scored, score_everybody
from analytics.ai_services.predictions.snapshots import CHURN, CONVERSION
from analytics.store import profiles
from analytics.store.asking import ask

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from eventlake.analyses.person_behaviour import PersonBehaviour, PersonBehaviourQuestion

DAYS = 30

_US_PER_DAY = 86_400_000_000.0


def profile_everybody(days: int = DAYS) -> int:
    """Bring the profile of every user up to date; the number of profiles written. Twice changes nothing."""
    from eventlake.analyses.person_behaviour import person_behaviour

    at = clock.now()
    found = ask(person_behaviour, question_of(days, zones=profiles.zones_of_roots()), is_long=True)
    scored = score_everybody()
    columns = _columns(found, scored, at, days)
    written = profiles.put_profiles(columns, at)
    return written + profiles.put_to_rest(at)


def question_of(
    days: int, *, persons: tuple[int, ...] | None = None, zones: dict[int, Any] | None = None
) -> PersonBehaviourQuestion:
    """The last so many days of the deployment's zone, today included."""
    from eventlake.analyses.person_behaviour import PersonBehaviourQuestion
    from eventlake.analyses.properties import Property, Scope
    from eventlake.periods import day_start

    zone = conf.get().zone
    first = clock.today(zone) - timedelta(days=days - 1)
    return PersonBehaviourQuestion(
        day_start(first, zone),
        clock.next_minute(),
        str(zone),
        persons=persons,
        zones=zones or {},
        favourites={
            "event_types": Property("event_type", Scope.COLUMN),
            "event_names": Property("event_name", Scope.COLUMN),
            "locations": Property(conf.get().location_property),
            **(
                {
                    "actions": Property("action", Scope.COLUMN),
                    "devices": Property("device_type", Scope.COLUMN),
                }
                if persons is not None
                else {}
            ),
        },
    )


def presence_of(persons: pa.Table, at: datetime) -> Presence:
    """What engagement is made of, for the rows of a behaviour analysis."""
    return Presence(
        recency_days=silent_days(persons, at),
        active_days=_numbers(persons, "active_days"),
        events=_numbers(persons, "events"),
        different_names=_numbers(persons, "event_names_different"),
    )


def silent_days(persons: pa.Table, at: datetime) -> npt.NDArray[np.float64]:
    """Days since each person's last event."""
    ago: npt.NDArray[np.float64] = (at.timestamp() * 1e6 - _numbers(persons, "last_us")) / _US_PER_DAY
    return np.maximum(ago, 0.0)


def _numbers(persons: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.asarray(persons.column(name).to_numpy(zero_copy_only=False), np.float64)


@dataclass(frozen=True)
class _Chosen:
    """The rows that are users, one a user: places in the analysis, and the users."""

    places: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]


def _users_of(persons: pa.Table) -> _Chosen:
    """A user who is several persons counts as the busiest of them."""
    ids = persons.column("person_id").to_numpy()
    named = persons.column("user_id").fill_null(-1).to_numpy()
    known = profiles.users_of_roots().of(ids)
    users = np.where(known >= 0, known, named)
    order = np.lexsort((-_numbers(persons, "events"), users))
    order = order[users[order] >= 0]
    chosen, first = np.unique(users[order], return_index=True)
    return _Chosen(order[first], chosen)


def _columns(found: PersonBehaviour, scored: Scored, at: datetime, days: int) -> dict[str, Sequence[Any]]:
    chosen = _users_of(found.persons)
    persons = found.persons.take(chosen.places)
    ids = persons.column("person_id").to_numpy()
    active = persons.column("active_days").to_pylist()
    halves = zip(persons.column("events").to_pylist(), persons.column("late_events").to_pylist(), strict=True)
    return {
        "user_id": chosen.users.tolist(),
        "engagement_score": engagement(presence_of(persons, at), days).round(4).tolist(),
        "activity_frequency": [habits.frequency(count, days).value for count in active],
        "engagement_trend": [trend(events, late).value for events, late in halves],
        **_predicted(scored, ids),
        "preferred_event_types": _texts(persons.column("event_types").to_pylist()),
        "preferred_times": _texts([habits.parts_of_day(row) for row in found.hours[chosen.places]]),
        "preferred_locations": _texts(persons.column("locations").to_pylist()),
        "last_analysis_at": [at] * len(ids),
    }


def _predicted(scored: Scored, ids: npt.NDArray[np.int64]) -> dict[str, Sequence[Any]]:
    columns: dict[str, Sequence[Any]] = {}
    for name, column in ((CHURN, "churn_risk"), (CONVERSION, "conversion")):
        scores = scored.of(name, ids)
        known = ~np.isnan(scores)
        score_column = "churn_risk_score" if name == CHURN else "conversion_probability"
        columns[score_column] = np.where(known, scores, 0.0).round(4).tolist()
        columns[f"{column}_basis"] = np.where(known, scored.basis[name].value, "").tolist()
    return columns


def _texts(lists: Sequence[list[str] | None]) -> list[str]:
    """Lists as JSON text; each different one is written once."""
    known: dict[tuple[str, ...], str] = {}
    texts = []
    for values in lists:
        key = tuple(values or ())
        if key not in known:
            known[key] = orjson.dumps(list(key)).decode()
        texts.append(known[key])
    return texts


def profile_user(user_id: int, analysis: dict[str, Any]) -> None:
    """Bring one user's profile up to date with an analysis of `UserBehaviorAnalysisService`."""
    at = clock.now()
    predictions, preferences = analysis["predictions"], analysis["preferences"]
    values = {
        "user_id": user_id,
        "engagement_score": analysis["engagement_score"],
        "activity_frequency": analysis["activity_patterns"]["frequency"],
        "engagement_trend": predictions["engagement_trend"],
        "churn_risk_score": predictions["churn_risk"],
        "churn_risk_basis": predictions[CHURN]["basis"],
        "conversion_probability": predictions["conversion_probability"],
        "conversion_basis": predictions[CONVERSION]["basis"],
        "preferred_event_types": orjson.dumps(preferences["event_types"]).decode(),
        "preferred_times": orjson.dumps(preferences["times"]).decode(),
        "preferred_locations": orjson.dumps(preferences["locations"]).decode(),
        "last_analysis_at": at,
    }
    profiles.put_profiles({name: [value] for name, value in values.items()}, at)
