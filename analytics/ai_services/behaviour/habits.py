"""Habits of one person: when they come, for how long, what they like. From one row of `person_behaviour`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.models.choices import ActivityFrequency

Integers = npt.NDArray[np.int64]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_US_PER_S = 1_000_000
_PEAKS = 3

#: The parts of a day, by the first hour of each.
_PARTS = ((5, "morning"), (12, "afternoon"), (17, "evening"), (22, "night"))

#: From how many active days a week on somebody is there daily, weekly, monthly.
_A_WEEK = (
    (4.0, ActivityFrequency.DAILY),
    (0.75, ActivityFrequency.WEEKLY),
    (0.2, ActivityFrequency.MONTHLY),
)


def activity_patterns(row: dict[str, Any], hours: Integers, weekdays: Integers) -> dict[str, Any]:
    """Peaks by the person's own clock, sessions, response times. Lengths in seconds; null: not measured."""
    sessions, events = row["sessions"], row["events"]
    return {
        "peak_hours": peaks(hours),
        "peak_days": [WEEKDAYS[day] for day in peaks(weekdays)],
        "events": events,
        "active_days": row["active_days"],
        "events_per_active_day": round(events / row["active_days"], 2) if row["active_days"] else 0.0,
        "sessions": sessions,
        "avg_session_length": round(row["length_us"] / sessions / _US_PER_S, 1) if sessions else None,
        "events_per_session": round(events / sessions, 2) if sessions else None,
        "avg_response_time_ms": None if row["avg_response_ms"] is None else round(row["avg_response_ms"], 1),
    }


def no_activity() -> dict[str, Any]:
    """The patterns of somebody who was not there."""
    row = dict.fromkeys(("sessions", "events", "active_days", "length_us"), 0)
    nothing = np.zeros(24, np.int64)
    return activity_patterns({**row, "avg_response_ms": None}, nothing, nothing[:7])


def peaks(counts: Integers) -> list[int]:
    """The places with the most, the first one the highest; at most three, none that is empty.

    Example:
        >>> peaks(np.array([0, 5, 9, 0, 1]))
        [2, 1, 4]
    """
    order = np.argsort(-counts, kind="stable")[:_PEAKS]
    return [int(place) for place in order if counts[place] > 0]


def parts_of_day(hours: Integers) -> list[str]:
    """Parts of the day in which a quarter or more of the events fall, the busiest first.

    Example:
        >>> parts_of_day(np.bincount([9, 9, 23, 2], minlength=24))
        ['morning', 'night']
    """
    total = int(hours.sum())
    starts = [start for start, _ in _PARTS]
    place = (np.searchsorted(starts, np.arange(24), side="right") - 1) % len(_PARTS)
    counts = np.bincount(place, hours, len(_PARTS))
    order = np.argsort(-counts, kind="stable")
    return [_PARTS[part][1] for part in order if total and counts[part] * 4 >= total]


def frequency(active_days: float, days: float) -> ActivityFrequency:
    """How often somebody is there, by active days over a range of so many days.

    Example:
        >>> frequency(20, 30).value, frequency(5, 30).value, frequency(1, 30).value, frequency(0, 30).value
        ('daily', 'weekly', 'monthly', 'inactive')
    """
    if not active_days:
        return ActivityFrequency.INACTIVE
    a_week = active_days * 7 / max(days, 7)
    return next((name for least, name in _A_WEEK if a_week >= least), ActivityFrequency.RARELY)


def preferences(row: dict[str, Any], names: Sequence[str]) -> dict[str, list[str]]:
    """The favourites of each kind, the most frequent first."""
    return {name: list(row[name] or ()) for name in names}
