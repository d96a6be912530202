"""Engagement: one figure from 0 to 1 for how much somebody is there, and how it changes.

    engagement = recency * (0.5 * frequency + 0.35 * depth + 0.15 * breadth)

    recency    1 / (1 + days since the last event / (2/3 * days of the range))
    frequency  log(1 + active days) / log(1 + days of the range)
    depth      log(1 + events an active day, at most 50) / log(51)
    breadth    log(1 + different event names, at most 20) / log(21)

It grows with each of the four and with nothing else; nobody who was away for the whole range has any. The form was
chosen among thirty by how well it ranks the activity of the period after (docs/guides/behaviour.md has the figures).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_FREQUENCY, _DEPTH, _BREADTH = 0.5, 0.35, 0.15
_HALVED_AFTER = 2 / 3  # of the range: whoever was away so long has half of the engagement
_MOST_EVENTS_A_DAY = 50.0
_MOST_NAMES = 20.0

#: Below so many events a trend is an accident: with ten, 3 against 7 happens in a third of all cases by chance.
_LEAST_EVENTS = 12

#: How far from an even split of the events of both halves counts as a change; 2 standard deviations of a fair coin.
_STANDARD_DEVIATIONS = 2.0


class Trend(StrEnum):
    """How the second half of a range compares with the first."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    UNKNOWN = "not_enough_data"


@dataclass(frozen=True, slots=True)
class Presence:
    """What engagement is made of, a value each person: days since the last event, active days, events, names."""

    recency_days: Floats
    active_days: Floats
    events: Floats
    different_names: Floats


def engagement(presence: Presence, days: float) -> Floats:
    """The score of each person over a range of so many days, 0 to 1.

    Example:
        >>> one = [np.array([value]) for value in (0.0, 30.0, 1500.0, 20.0)]
        >>> float(engagement(Presence(*one), 30).round(3)[0])
        1.0
    """
    active = np.clip(presence.active_days, 0, days)
    recency = 1 / (1 + np.maximum(presence.recency_days, 0) / (_HALVED_AFTER * days))
    frequency = np.log1p(active) / np.log1p(days)
    a_day = np.minimum(presence.events / np.maximum(presence.active_days, 1), _MOST_EVENTS_A_DAY)
    depth = np.log1p(a_day) / np.log1p(_MOST_EVENTS_A_DAY)
    breadth = np.log1p(np.minimum(presence.different_names, _MOST_NAMES)) / np.log1p(_MOST_NAMES)
    score = recency * (_FREQUENCY * frequency + _DEPTH * depth + _BREADTH * breadth)
    found: Floats = np.where(presence.events > 0, np.clip(score, 0, 1), 0.0)
    return found


def trend(events: int, late_events: int) -> Trend:
    """How the events of the second half of a range compare with those of the first.

    Example:
        >>> trend(100, 80), trend(100, 55), trend(5, 5)
        (<Trend.RISING: 'rising'>, <Trend.STEADY: 'steady'>, <Trend.UNKNOWN: 'not_enough_data'>)
    """
    if events < _LEAST_EVENTS:
        return Trend.UNKNOWN
    away = late_events - events / 2
    if abs(away) < _STANDARD_DEVIATIONS * (events**0.5) / 2:
        return Trend.STEADY
    return Trend.RISING if away > 0 else Trend.FALLING
