"""Profiles as a matrix for clustering, and which persona each user is: sets in, sets out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Case, F, FloatField, Func, IntegerField, Value, When

from analytics import clock
from analytics.models import UserBehaviorProfile, UserPersona
from analytics.models.choices import ActivityFrequency

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_PROFILE = UserBehaviorProfile._meta.db_table

#: What users are compared by. Source: specification, UserClusteringService, "Features used".
FEATURES = (
    "engagement_score",
    "churn_risk_score",
    "conversion_probability",
    "preferred_event_types",
    "preferred_times",
    "preferred_locations",
    "activity_frequency",
)
_LISTS = FEATURES[3:6]

#: About how many days a week each frequency stands for, as the logarithm that K-means compares.
_FREQUENCIES = {
    ActivityFrequency.DAILY: 3.0,
    ActivityFrequency.WEEKLY: 2.0,
    ActivityFrequency.MONTHLY: 1.0,
    ActivityFrequency.RARELY: 0.0,
}

_ASSIGN = f"""
UPDATE {_PROFILE} profile SET primary_persona_id = w.persona_id
FROM unnest(%s::bigint[], %s::bigint[]) AS w (user_id, persona_id)
WHERE profile.user_id = w.user_id AND profile.primary_persona_id IS DISTINCT FROM w.persona_id
"""  # noqa: S608


@dataclass(frozen=True)
class Profiles:
    """Users who were there lately, and their features: a row a user, users ascending, columns as `FEATURES`."""

    users: Integers
    features: Floats


def read_profiles() -> Profiles:
    """All profiles but those of users who were not there."""
    function = "jsonb_array_length" if connection.vendor == "postgresql" else "json_array_length"
    lengths = {
        f"{name}_count": Func(F(name), function=function, output_field=IntegerField()) for name in _LISTS
    }
    frequency = Case(
        *(When(activity_frequency=name, then=Value(value)) for name, value in _FREQUENCIES.items()),
        default=Value(0.0),
        output_field=FloatField(),
    )
    found = UserBehaviorProfile.objects.exclude(activity_frequency=ActivityFrequency.INACTIVE)
    rows = found.annotate(**lengths, frequency=frequency).order_by("user_id")
    columns = [f"{name}_count" if name in _LISTS else name for name in FEATURES[:-1]]
    table = np.array(list(rows.values_list("user_id", *columns, "frequency")), np.float64)
    table = table.reshape(-1, len(FEATURES) + 1)
    return Profiles(table[:, 0].astype(np.int64), table[:, 1:])


def assign(users: Integers, persona_ids: Integers) -> None:
    """Make these the personas of these users; nobody else has one. Rows that have it already are not touched."""
    others = UserBehaviorProfile.objects.exclude(primary_persona=None)
    if connection.vendor == "postgresql":
        others.filter(activity_frequency=ActivityFrequency.INACTIVE).update(primary_persona=None)
        with connection.cursor() as cursor:
            cursor.execute(_ASSIGN, [users.tolist(), persona_ids.tolist()])
        return
    others.update(primary_persona=None)
    for persona_id in np.unique(persona_ids).tolist():
        chosen = users[persona_ids == persona_id].tolist()
        for start in range(0, len(chosen), 500):
            UserBehaviorProfile.objects.filter(user_id__in=chosen[start : start + 500]).update(
                primary_persona_id=persona_id
            )


def archive_others(kept: Iterable[int]) -> None:
    """Personas that no cluster continues are nobody's any more."""
    gone = UserPersona.objects.exclude(pk__in=list(kept)).filter(is_archived=False)
    gone.update(is_archived=True, archived_at=clock.now(), user_count=0)


def free_name(wanted: str, pk: int | None) -> str:
    """The name, or with a number behind it where another persona has it."""
    name, number = wanted, 2
    others = UserPersona.objects.all() if pk is None else UserPersona.objects.exclude(pk=pk)
    while others.filter(persona_name=name).exists():
        name, number = f"{wanted} ({number})", number + 1
    return name
