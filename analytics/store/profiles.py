"""Behaviour profiles in sets, and which persons and users they belong to.

Knows rows only: what a score means is decided in `analytics.ai_services`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from analytics.models import Person, PersonDistinctId, UserBehaviorProfile
from analytics.models.choices import ActivityFrequency
from analytics.store.columns import values_of
from analytics.store.staging import copy_columns

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

_PERSON = Person._meta.db_table
_PROFILE = UserBehaviorProfile._meta.db_table
_STAGED = "loopin_staged_profile"

#: Where people's own zone is looked for: PostHog's property, then the usual names.
ZONE_PROPERTIES = ("$timezone", "timezone", "time_zone")

_USERS = f"""
SELECT coalesce(merged_into_id, id), max(user_id) FROM {_PERSON} WHERE user_id IS NOT NULL GROUP BY 1
"""  # noqa: S608
_ZONES = f"""
SELECT id, coalesce(properties->>%s, properties->>%s, properties->>%s) FROM {_PERSON}
WHERE merged_into_id IS NULL AND properties ?| %s
"""  # noqa: S608

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Users:
    """Which user a root person is: two columns of equal length, persons ascending."""

    persons: Integers
    users: Integers

    def of(self, persons: Integers) -> Integers:
        """The user of each of these persons; -1 where there is none."""
        found: Integers = values_of(persons, self.persons, self.users, -1).astype(np.int64)
        return found


def roots_of_user(user: AbstractBaseUser, distinct_id: str) -> tuple[int, ...]:
    """Root persons that are this user, ascending: by what the nodes know, and by the user's own distinct id."""
    root = Coalesce(F("merged_into_id"), F("id"))
    known = Person.objects.filter(user_id=user.pk).values_list(root, flat=True)
    own = PersonDistinctId.objects.filter(distinct_id=distinct_id)
    theirs = own.values_list(Coalesce(F("person__merged_into_id"), F("person_id")), flat=True)
    return tuple(sorted({*known, *theirs}))


def users_of_roots() -> Users:
    """Every root person that is a user."""
    with connection.cursor() as cursor:
        cursor.execute(_USERS)
        rows = np.array(cursor.fetchall(), np.int64).reshape(-1, 2)
    rows = rows[np.argsort(rows[:, 0])]
    return Users(rows[:, 0], rows[:, 1])


def zones_of_roots(roots: Sequence[int] | None = None) -> dict[int, ZoneInfo]:
    """The zone of each person who has one of their own; a name that is no zone is passed over."""
    known = available_timezones()
    found = {}
    for person, name in _zone_rows(roots):
        if name in known:
            found[person] = ZoneInfo(name)
    return found


def _zone_rows(roots: Sequence[int] | None) -> list[tuple[int, str]]:
    if roots is None and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_ZONES, [*ZONE_PROPERTIES, list(ZONE_PROPERTIES)])
            return [(person, name) for person, name in cursor.fetchall()]
    people = Person.objects.filter(merged_into=None)
    if roots is not None:
        people = people.filter(pk__in=roots)
    return [
        (person, next((properties[name] for name in ZONE_PROPERTIES if name in properties), ""))
        for person, properties in people.values_list("id", "properties")
    ]


def put_profiles(columns: Mapping[str, Sequence[Any]], at: datetime) -> int:
    """Write the profile of each user, new or known; the number of profiles.

    **Shape**: `user_id` and any columns of `UserBehaviorProfile`, one value a row; JSON columns as JSON text. Rows of
    users who are gone are left out. One transaction.
    """
    if not len(columns["user_id"]):
        return 0
    if connection.vendor == "postgresql":
        return _put_by_copy(columns, at)
    return _put_by_orm(columns, at)


def _put_by_copy(columns: Mapping[str, Sequence[Any]], at: datetime) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    staged = ", ".join(f'staged."{name}"' for name in columns)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != "user_id")
    fixed = _defaults(columns, at)
    fixed_names = ", ".join(f'"{name}"' for name in fixed)
    user = _user_model()._meta
    user_table, user_key = f'"{user.db_table}"', f'"{user.pk.column}"'
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_STAGED} ON COMMIT DROP AS "  # noqa: S608
            f"SELECT {names} FROM {_PROFILE} WITH NO DATA"
        )
        copy_columns(cursor, f"COPY {_STAGED} ({names}) FROM STDIN", columns)
        cursor.execute(
            f"INSERT INTO {_PROFILE} ({names}, uuid, {fixed_names}) "  # noqa: S608
            f"SELECT {staged}, gen_random_uuid(), {', '.join('%s' for _ in fixed)} "
            f"FROM {_STAGED} staged JOIN {user_table} ON {user_table}.{user_key} = staged.user_id "
            f"ORDER BY staged.user_id "
            f"ON CONFLICT (user_id) DO UPDATE SET {changes}, updated_at = excluded.updated_at",
            list(fixed.values()),
        )
        written: int = cursor.rowcount
        cursor.execute(f"DROP TABLE {_STAGED}")
    return written


def _put_by_orm(columns: Mapping[str, Sequence[Any]], at: datetime) -> int:
    import orjson

    living = set(_user_model().objects.values_list("pk", flat=True))
    json_columns = {"preferred_event_types", "preferred_times", "preferred_locations"}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    profiles = [
        UserBehaviorProfile(
            **{name: orjson.loads(value) if name in json_columns else value for name, value in row.items()},
            updated_at=at,
        )
        for row in rows
        if row["user_id"] in living
    ]
    changed = [name for name in columns if name != "user_id"]
    UserBehaviorProfile.objects.bulk_create(
        profiles, batch_size=500, update_conflicts=True, unique_fields=["user"], update_fields=changed
    )
    return len(profiles)


def _user_model() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model()


def _defaults(columns: Mapping[str, Sequence[Any]], at: datetime) -> dict[str, Any]:
    """Columns that are not given and may not be empty, with their values."""
    values: dict[str, Any] = {"created_at": at, "updated_at": at, "source": "ai_generated"}
    for field in UserBehaviorProfile._meta.concrete_fields:
        name = str(field.column)
        if field.primary_key or field.null or name in columns or name in values or name == "uuid":
            continue
        values[name] = field.get_db_prep_save(field.get_default(), connection)
    return values


def put_to_rest(at: datetime) -> int:
    """Profiles that a pass at this time did not write: their users were not there. The number changed."""
    silent = UserBehaviorProfile.objects.exclude(last_analysis_at=at)
    return silent.update(
        engagement_score=0.0,
        activity_frequency=ActivityFrequency.INACTIVE,
        engagement_trend="",
        last_analysis_at=at,
        updated_at=at,
    )
