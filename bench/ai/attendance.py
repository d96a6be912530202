"""Who comes: RSVPs that end in yes, patients who show up, guests who arrive. Split by time; the rule is own history.

What a row may know: outcomes that were final before it is predicted, and what the row itself said at that time. Left
out because they are filled in later: guests of an RSVP; parking, requests and changes of a booking.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analytics.ai_services.learning.scores import FloatArray
from bench.ai.histories_asof import counts_before, last_before, one_hot, rate_features, rows_before
from bench.ai.tables import Table, days_of, measure_table, read_columns, split_day

RSVP = ("event", "user", "response", "created", "modified", "event_time")
APPOINTMENT = ("user", "scheduled", "appointment", "no_show")
BOOKING = ("is_canceled", "booked", "arrival", "reservation_status_date")


#: What remains of an answer when the next is known: about the last three count.
RECENT = 0.65


def measure(folder: Path) -> dict[str, Any]:
    """Figures a file of `attendance/`, whatever its name: the columns say which kind it is."""
    found = {}
    for path in sorted((folder / "attendance").glob("*.parquet")):
        for needed, build in ((RSVP, rsvps), (APPOINTMENT, appointments), (BOOKING, bookings)):
            columns = read_columns(path, needed)
            if columns is not None:
                found[path.stem] = measure_table(build(columns))
                break
    return found


def rsvps(columns: dict[str, np.ndarray]) -> Table:
    """Does an RSVP end in yes? Predicted when it is made, before its answer is read; final when the event begins."""
    made, changed, held = (days_of(columns[name]) for name in ("created", "modified", "event_time"))
    order = np.flatnonzero(made < held)  # an answer after the event is a record, not a forecast
    made, changed, held = made[order], changed[order], held[order]
    labels = columns["response"][order] == "yes"
    users, events = list(columns["user"][order]), list(columns["event"][order])
    split = split_day(made)
    learned = made < split
    weekdays = list((np.floor(held).astype(np.int64) + 3) % 7)
    keys: dict[str, list[object]] = {
        "user": users,
        "event": events,
        "user_on_weekday": list(zip(users, weekdays, strict=True)),
    }
    if "group" in columns:
        groups = list(columns["group"][order])
        keys |= {"group": groups, "user_in_group": list(zip(users, groups, strict=True))}
    features: dict[str, FloatArray] = {}
    rates = {}
    for name, key in keys.items():
        # Whoever has not changed an answer by now had given it by then.
        successes, trials = counts_before(key, made, changed, labels)
        added, rates[name] = rate_features(name, successes, trials, learned)
        features |= added
        recent = counts_before(key, made, changed, labels, RECENT)
        features |= rate_features(f"{name}_recent", *recent, learned)[0]
    features.pop("group_trials", None)  # a clock rather than a habit
    features |= {
        "lead_days": held - made,
        "minutes_since_own_last": last_before(users, made) * 1440,
        "minutes_since_last_of_event": last_before(events, made) * 1440,
        "place_in_line": rows_before(events, made),
        "own_before": rows_before(users, made),
        "hour": made % 1 * 24,
    }
    features |= _calendar("event", held)
    return Table(features, labels, rates["user"], np.floor(made).astype(np.int64), _day_after(held), split)


def appointments(columns: dict[str, np.ndarray]) -> Table:
    """Does a patient show up? Predicted on the morning of the day; known by the next."""
    booked, held = days_of(columns["scheduled"]), np.floor(days_of(columns["appointment"]))
    labels = ~columns["no_show"].astype(bool)
    users = list(columns["user"])
    split = split_day(held)
    learned = held < split
    successes, trials = counts_before(users, held, held, labels)
    features, rate = rate_features("user", successes, trials, learned)
    lead_days = held - np.floor(booked)
    features |= {
        "lead_days": lead_days,
        "same_day": (lead_days <= 0).astype(np.float64),
        "booked_hour": booked % 1 * 24,
        "appointments_that_day": _same(list(zip(users, held, strict=True))),
        "days_since_own_last": last_before(users, held),
    }
    for name in ("age", "sms"):
        if name in columns:
            features[name] = columns[name].astype(np.float64)
    if "age" in columns:
        features |= {
            "child": (columns["age"] < 13).astype(np.float64),
            "age_squared": columns["age"] ** 2 / 100.0,
        }
    if "place" in columns:
        known = counts_before(list(columns["place"]), held, held, labels)
        features["place_log_odds"] = rate_features("place", *known, learned)[0]["place_log_odds"]
    features |= _calendar("held", held)
    return Table(features, labels, rate, held.astype(np.int64), _day_after(held), split)


def bookings(columns: dict[str, np.ndarray]) -> Table:
    """Does a guest arrive? By what the booking said when it was made; split by the day of arrival."""
    booked, arrival = days_of(columns["booked"]), days_of(columns["arrival"])
    labels = columns["is_canceled"] == 0
    split = split_day(arrival)
    cancelled, kept = (
        columns.get(name, np.zeros(len(labels))).astype(np.float64)
        for name in ("previous_cancellations", "previous_bookings_not_canceled")
    )
    features, rate = rate_features("guest", kept, kept + cancelled, arrival < split)
    features |= {"lead_days": arrival - booked, "previous_cancellations": cancelled}
    for name in _BOOKING_NUMBERS:
        if name in columns:
            features[name] = columns[name].astype(np.float64)
    for name in _BOOKING_KINDS:
        if name in columns:
            features |= one_hot(name, list(columns[name]))
    features |= _calendar("arrival", arrival)
    return Table(features, labels, rate, arrival.astype(np.int64), _day_after(arrival), split)


_BOOKING_NUMBERS = (
    "stays_in_weekend_nights",
    "stays_in_week_nights",
    "adults",
    "children",
    "is_repeated_guest",
    "adr",
)
_BOOKING_KINDS = ("hotel", "market_segment", "distribution_channel", "deposit_type", "customer_type")


def _day_after(days: FloatArray) -> np.ndarray:
    return np.floor(days).astype(np.int64) + 1


def _calendar(name: str, days: FloatArray) -> dict[str, FloatArray]:
    """Weekday and hour; the season where every one was seen twice. 1970-01-01 was a Thursday."""
    weekday = (np.floor(days).astype(np.int64) + 3) % 7
    found = {f"{name}_weekday={number}": (weekday == number).astype(np.float64) for number in range(7)}
    found[f"{name}_hour"] = days % 1 * 24
    if np.ptp(days) < 2 * 365.25:
        return found  # of a season seen once nobody knows whether it was the season
    year = 2 * np.pi * days / 365.25
    return found | {f"{name}_season_sin": np.sin(year), f"{name}_season_cos": np.cos(year)}


def _same(keys: list[Any]) -> FloatArray:
    counts: dict[Any, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return np.array([counts[key] for key in keys], dtype=np.float64)
