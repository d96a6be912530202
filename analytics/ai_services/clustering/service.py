"""Clustering of users into personas: read the profiles, find the clusters, write the personas. Twice changes nothing.

A persona keeps its row, and the name that people gave it, for as long as a cluster is near where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import transaction

from analytics import clock
from analytics.ai_services.clustering.kmeans import Clusters, find_clusters
from analytics.ai_services.clustering.naming import Name, name_clusters
from analytics.models import UserPersona
from analytics.store import personas
from analytics.store.personas import FEATURES, Profiles

Floats = npt.NDArray[np.float64]

#: Fewer users than these have no kinds, only individuals.
LEAST_USERS = 100

_MOST_CLUSTERS = 20

#: How far, in deviations a feature, a cluster may have moved and still be the same persona.
_SAME_WITHIN = 0.75

#: Lists and frequencies are counts; scores from 0 to 1 are compared as they are.
IS_COUNT = np.array([name.startswith("preferred_") for name in FEATURES])


@dataclass(frozen=True)
class _Persona:
    """A cluster with the persona that it continues, if any."""

    number: int
    name: Name
    mean: Floats
    size: int
    known: UserPersona | None


class UserClusteringService:
    """Service for clustering users based on behaviour (specification, AI Services)."""

    def cluster_users(self, n_clusters: int | None = 5) -> dict[str, Any]:
        """Cluster users with K-means; None chooses the number of clusters.

        **Shape**: clusters (by number: persona_id, name, description, size, share, features), inertia,
        silhouette_score, stability, n_clusters, status. Below `LEAST_USERS` active users: no clusters, null figures
        and the status `not_enough_data`. **Errors**: ValueError for a number that is not from 2 to 20.
        """
        if n_clusters is not None and not 2 <= n_clusters <= _MOST_CLUSTERS:
            raise ValueError(f"n_clusters is a number from 2 to {_MOST_CLUSTERS}")
        profiles = personas.read_profiles()
        users = len(profiles.users)
        if users < LEAST_USERS:
            return _refusal(f"needs {LEAST_USERS} active users with a profile; has {users}")
        try:
            found = find_clusters(profiles.features, IS_COUNT, n_clusters)
        except ValueError as error:
            return _refusal(str(error))
        with transaction.atomic():
            written = _write(profiles, found)
        return {
            "clusters": {str(number): described for number, described in enumerate(written)},
            "inertia": round(found.inertia, 4),
            "silhouette_score": round(found.silhouette, 4),
            "stability": round(found.stability, 4),
            "n_clusters": len(found.centroids),
            "status": "ready",
        }


def _refusal(reason: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("inertia", "silhouette_score", "stability"))
    return {"clusters": {}, **nothing, "n_clusters": 0, "status": "not_enough_data", "detail": reason}


def _write(profiles: Profiles, found: Clusters) -> list[dict[str, Any]]:
    sizes = found.sizes
    shares = [float(size / len(profiles.users)) for size in sizes]
    means = np.stack([profiles.features[found.labels == number].mean(axis=0) for number in range(len(sizes))])
    names = name_clusters(found.centroids, FEATURES, shares)
    known = _continued(found)
    described, rows = [], []
    for number, name in enumerate(names):
        persona = _Persona(number, name, means[number], int(sizes[number]), known[number])
        row = _put(persona, found)
        rows.append(row.pk)
        described.append(_describe(persona, row, shares[number]))
    personas.archive_others(rows)
    personas.assign(profiles.users, np.array(rows, np.int64)[found.labels])
    return described


def _continued(found: Clusters) -> list[UserPersona | None]:
    """For each cluster the persona whose place it has taken, nearest pairs first; None for a new one."""
    from scipy.optimize import linear_sum_assignment

    old = [row for row in UserPersona.objects.order_by("pk") if _place_of(row) is not None]
    matched: list[UserPersona | None] = [None] * len(found.centroids)
    if not old:
        return matched
    places = found.scaling.apply(np.array([_place_of(row) for row in old], np.float64))
    distances = np.sqrt(((found.centroids[:, None, :] - places[None]) ** 2).mean(axis=2))
    for number, place in zip(*linear_sum_assignment(distances), strict=True):
        if distances[number, place] <= _SAME_WITHIN:
            matched[number] = old[place]
    return matched


def _place_of(row: UserPersona) -> list[float] | None:
    """Where a persona was: the mean of each feature, if it has the features of today."""
    means = row.behavior_patterns.get("means") if isinstance(row.behavior_patterns, dict) else None
    if not isinstance(means, dict) or set(means) != set(FEATURES):
        return None
    return [float(means[name]) for name in FEATURES]


def _put(persona: _Persona, found: Clusters) -> UserPersona:
    row = persona.known or UserPersona(source="ai_generated")
    characteristics = row.characteristics if isinstance(row.characteristics, dict) else {}
    was_renamed = bool(row.persona_name) and row.persona_name != characteristics.get("found_name")
    if not was_renamed:
        row.persona_name = personas.free_name(persona.name.name, row.pk)
    row.persona_description = persona.name.description
    row.behavior_patterns = {"means": dict(zip(FEATURES, map(float, persona.mean.round(4)), strict=True))}
    row.characteristics = {
        "found_name": characteristics.get("found_name") if was_renamed else row.persona_name,
        "deviations": dict(zip(FEATURES, map(float, found.centroids[persona.number].round(3)), strict=True)),
    }
    row.user_count = persona.size
    row.model_confidence = round(min(max(found.stability, 0.0), 1.0), 4)
    row.is_archived, row.archived_at = False, None
    row.updated_at = clock.now()
    row.save()
    return row


def _describe(persona: _Persona, row: UserPersona, share: float) -> dict[str, Any]:
    return {
        "persona_id": row.pk,
        "name": row.persona_name,
        "description": row.persona_description,
        "size": persona.size,
        "share": round(share, 4),
        "features": row.behavior_patterns["means"],
    }
