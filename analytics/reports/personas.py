"""Personas for people to read: what sets each apart, who is in one, and a map on which like lies near like.

The map is a projection of the same comparable columns that the clusters were found in: its two directions are those
along which users differ most (principal components), and what they are mostly made of is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.contrib.auth import get_user_model

from analytics.ai_services.clustering.kmeans import SEED, Scaling
from analytics.ai_services.clustering.service import IS_COUNT, LEAST_USERS
from analytics.errors import NotFound
from analytics.models import Person, UserBehaviorProfile, UserPersona
from analytics.store.personas import FEATURES, read_profiles

Floats = npt.NDArray[np.float64]

#: More dots than these cover each other, and weigh on the page.
_MOST_DOTS = 600
_MEMBERS = 50
#: Features that a direction is said to be made of.
_NAMED = 3


@dataclass(frozen=True)
class Persona:
    """A kind of user. `deviations`: by feature, how far its members lie from everybody, in standard deviations.

    `means` are in the feature's own unit; `stability` (0 to 1) is how far two halves of the users agree about it.
    """

    id: int
    name: str
    description: str
    size: int
    stability: float
    deviations: dict[str, float]
    means: dict[str, float]
    updated_at: Any


@dataclass(frozen=True)
class Direction:
    """An axis of the map: the share of all differences along it, and the features it is mostly made of, signed."""

    share: float
    features: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Map:
    """Users as dots by persona (0 for none), with the middle of each persona; `shown` of `users` have a dot."""

    directions: tuple[Direction, ...]
    dots: dict[int, list[tuple[float, float]]]
    middles: dict[int, tuple[float, float]]
    users: int
    shown: int


@dataclass(frozen=True)
class Member:
    """A user of a persona, with the person whose events they are, if there is one."""

    user_id: int
    name: str
    person: UUID | None
    engagement_score: float


def list_personas() -> list[Persona]:
    """The personas of today, the largest first."""
    rows = UserPersona.objects.filter(is_archived=False).order_by("-user_count", "pk")
    return [
        Persona(
            id=row.pk,
            name=row.persona_name,
            description=row.persona_description,
            size=row.user_count,
            stability=row.model_confidence,
            deviations=_numbers(row.characteristics, "deviations"),
            means=_numbers(row.behavior_patterns, "means"),
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def map_of(personas: Sequence[Persona]) -> Map | None:
    """The map; None where fewer users have a profile than personas need."""
    profiles = read_profiles()
    count = len(profiles.users)
    if count < LEAST_USERS or not personas:
        return None
    scaled = Scaling.of(profiles.features, IS_COUNT).apply(profiles.features)
    centred = scaled - scaled.mean(axis=0)
    _, strengths, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.where(axes[:2].sum(axis=1) < 0, -1.0, 1.0)[:, None]  # the same way round every time
    places = centred @ axes.T
    spread = float((strengths**2).sum()) or 1.0
    theirs = np.array(_persona_of(profiles.users.tolist()), np.int64)
    chosen = np.random.default_rng(SEED).permutation(count)[:_MOST_DOTS]
    dots: dict[int, list[tuple[float, float]]] = {}
    for place in chosen:
        x, y = places[place]
        dots.setdefault(int(theirs[place]), []).append((round(float(x), 3), round(float(y), 3)))
    middles = {}
    for one in personas:
        inside = places[theirs == one.id]
        if len(inside):
            x, y = inside.mean(axis=0)
            middles[one.id] = (round(float(x), 3), round(float(y), 3))
    directions = tuple(
        Direction(float(strength**2) / spread, _parts(axis))
        for strength, axis in zip(strengths[:2], axes, strict=True)
    )
    return Map(directions, dots, middles, count, len(chosen))


def members(persona_id: int) -> list[Member]:
    """Users of a persona, the most engaged first; at most 50. **Errors**: `NotFound`."""
    if not UserPersona.objects.filter(pk=persona_id, is_archived=False).exists():
        raise NotFound("there is no such persona")
    rows = (
        UserBehaviorProfile.objects.filter(primary_persona_id=persona_id)
        .select_related("user")
        .order_by("-engagement_score", "user_id")[:_MEMBERS]
    )
    profiles = list(rows)
    people = people_of_users([profile.user_id for profile in profiles])
    return [
        Member(
            profile.user_id,
            profile.user.get_username(),
            people.get(profile.user_id),
            profile.engagement_score,
        )
        for profile in profiles
    ]


def people_of_users(user_ids: Sequence[int]) -> dict[int, UUID]:
    """The person of each of these users who has one; of several that are not merged, the newest."""
    rows = Person.objects.filter(user_id__in=user_ids).order_by("pk").values_list("user_id", "uuid")
    return {user_id: uuid for user_id, uuid in rows if user_id is not None}


def names_of_users(user_ids: Sequence[int]) -> dict[int, str]:
    """What each of these users logs in as; who is gone has no name."""
    model = get_user_model()
    return dict(model.objects.filter(pk__in=user_ids).values_list("pk", model.USERNAME_FIELD))


def _persona_of(users: list[int]) -> list[int]:
    found = dict(
        UserBehaviorProfile.objects.exclude(primary_persona=None).values_list("user_id", "primary_persona_id")
    )
    return [int(found.get(user) or 0) for user in users]


def _parts(axis: Floats) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-np.abs(axis), kind="stable")[:_NAMED]
    return tuple((FEATURES[int(place)], round(float(axis[place]), 3)) for place in order)


def _numbers(holder: Any, key: str) -> dict[str, float]:
    """Figures that we wrote, or that somebody broke in the admin: what is none is left out."""
    found = holder.get(key) if isinstance(holder, dict) else None
    given = found if isinstance(found, dict) else {}
    return {name: float(given[name]) for name in FEATURES if isinstance(given.get(name), int | float)}
