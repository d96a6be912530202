"""When things happen: seasons of the year, the week and the day, in the local time of each city.

Times are milliseconds since the epoch (UTC); days are counted from the plan's first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from events.demo.arrays import Flags, Floats, Ints, Random
from events.demo.cities import City
from events.demo.plan import DAY_MS, HOUR_MS, Plan

# Monday to Sunday: plans are made on Sundays and Thursdays, Fridays are spent elsewhere.
WEEKDAY_WEIGHTS = (0.86, 0.95, 1.00, 1.12, 0.78, 1.02, 1.27)
SATURDAY = 5

# By local hour. Working days: the way to work, lunch, and a peak in the evening. Weekends: late mornings too.
_WORKDAY_HOURS = (3, 1, 1, 1, 1, 2, 6, 13, 14, 9, 9, 12, 20, 14, 10, 10, 13, 22, 36, 46, 50, 42, 24, 9)
_WEEKEND_HOURS = (6, 3, 2, 1, 1, 1, 2, 5, 12, 24, 34, 36, 30, 26, 26, 28, 30, 32, 34, 37, 36, 28, 18, 10)

_AUTUMN_PEAK_DAY = 285  # of the year; people join clubs when the evenings get long
_SEASON_SWING = 0.12
_HOLIDAYS = (358, 366)  # days of the year; Christmas to New Year's Eve
_HOLIDAY_WEIGHT = 0.55


def day_numbers(plan: Plan) -> Ints:
    """The days of the plan, the present one included."""
    return np.arange(plan.days + 1)


def weekdays(plan: Plan, days: Ints) -> Ints:
    """Monday is 0. The epoch was a Thursday."""
    return (plan.starts_ms // DAY_MS + days + 3) % 7


def is_weekend(plan: Plan, days: Ints) -> Flags:
    """Whether a day is a Saturday or Sunday."""
    return weekdays(plan, days) >= SATURDAY


def day_weights(plan: Plan) -> Floats:
    """How busy each day of the plan is; 1 is an ordinary Wednesday."""
    days = day_numbers(plan)
    week = np.array(WEEKDAY_WEIGHTS)[weekdays(plan, days)]
    first = datetime.fromtimestamp(plan.starts_ms / 1000, UTC).timetuple().tm_yday
    of_year = (first + days - 1) % 365 + 1
    year = 1 + _SEASON_SWING * np.cos(2 * np.pi * (of_year - _AUTUMN_PEAK_DAY) / 365)
    holidays = np.where((of_year >= _HOLIDAYS[0]) & (of_year <= _HOLIDAYS[1]), _HOLIDAY_WEIGHT, 1.0)
    weights: Floats = week * year * holidays
    return weights


def offsets_ms(plan: Plan, cities: Sequence[City]) -> Ints:
    """Local time minus UTC, by city and day; taken at noon, so a change of the clocks costs no hour."""
    table = np.zeros((len(cities), plan.days + 1), dtype=np.int64)
    noons = [
        datetime.fromtimestamp((plan.starts_ms + day * DAY_MS + 12 * HOUR_MS) / 1000, UTC)
        for day in range(plan.days + 1)
    ]
    for row, city in enumerate(cities):
        zone = ZoneInfo(city.zone)
        for day, noon in enumerate(noons):
            offset = noon.astimezone(zone).utcoffset()
            table[row, day] = int(offset.total_seconds() * 1000) if offset else 0
    return table


def times_of_day_ms(rng: Random, weekend: Flags, hour_shift: Floats) -> Ints:
    """Local times of day, as milliseconds after midnight; `hour_shift` moves people later or earlier."""
    chosen = np.empty(len(weekend), dtype=np.int64)
    draws = rng.random(len(weekend))
    for flag, weights in ((False, _WORKDAY_HOURS), (True, _WEEKEND_HOURS)):
        edges = np.cumsum(weights) / sum(weights)
        mask = weekend == flag
        chosen[mask] = np.searchsorted(edges, draws[mask], side="right")
    within = rng.random(len(weekend))
    hours = np.clip(chosen + within + hour_shift, 0.0, 23.99)
    return (hours * HOUR_MS).astype(np.int64)


def to_utc_ms(plan: Plan, day: Ints, time_of_day_ms: Ints, offset_ms: Ints) -> Ints:
    """The instant of a local day and time."""
    return plan.starts_ms + day * DAY_MS + time_of_day_ms - offset_ms
