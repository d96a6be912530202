"""Calendar buckets as SQL: the number of the bucket in which an event lies.

The starts come from the calendar (`periods`); here they become whole-number arithmetic, because the engine's
own time zone functions are many times slower. Starts at equal distance form one run, so ninety days in a
zone with a change of clocks are three divisions, found by a balanced tree of comparisons.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from eventlake.parameters import Parameters
from eventlake.periods import Interval, Span, bucket_starts

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_AT_US = 'epoch_us("timestamp")'


@dataclass(frozen=True, slots=True)
class _Run:
    """Starts at equal distance and with consecutive numbers: the first one, its number, and the distance."""

    first: int
    number: int
    step: int


def bucket_sql(
    starts: tuple[dt.datetime, ...], to_at: dt.datetime, parameters: Parameters, first_number: int = 0
) -> str:
    """An expression: the number, counted from `first_number`, of the bucket of an event from `starts[0]` to `to_at`.

    For no starts it is 0.
    """
    if not starts:
        return "0"
    numbered = [(epoch_us(start), number) for number, start in enumerate(starts, first_number)]
    return f"cast({_tree(_runs(numbered, epoch_us(to_at)), _AT_US, parameters)} as integer)"


def day_sql(span: Span, zone: ZoneInfo, parameters: Parameters) -> str:
    """An expression: the local day of an event of the span, in days since 1970; 0 for an empty span."""
    starts = bucket_starts(span, Interval.DAY, zone)
    if not starts:
        return "0"
    numbered = [(epoch_us(start), day_number(start.date())) for start in starts]
    return f"cast({_tree(_runs(numbered, epoch_us(span.to_at)), _AT_US, parameters)} as integer)"


def bucket_of_day_sql(
    starts: tuple[dt.datetime, ...], last: dt.date, parameters: Parameters, first_number: int = 0
) -> str:
    """The same of the column `day`, for buckets that start at local midnights; `last` lies in the last one."""
    if not starts:
        return "0"
    numbered = [(day_number(start.date()), number) for number, start in enumerate(starts, first_number)]
    return f"cast({_tree(_runs(numbered, day_number(last) + 1), 'day', parameters)} as integer)"


def day_number(day: dt.date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH.toordinal()


def epoch_us(instant: dt.datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def _runs(numbered: list[tuple[int, int]], end: int) -> list[_Run]:
    """Starts and their numbers, ascending, as few runs of equal steps and consecutive numbers."""
    runs: list[_Run] = []
    for place, (start, number) in enumerate(numbered):
        goes_on = bool(runs) and number == _last_number(runs[-1], start)
        if place + 1 < len(numbered):
            step = numbered[place + 1][0] - start
        elif goes_on and end <= start + runs[-1].step:
            break  # the last bucket, cut off or whole, goes on in the same step
        else:
            step = end - start
        if not goes_on or runs[-1].step != step:
            runs.append(_Run(start, number, step))
    return runs


def _last_number(run: _Run, start: int) -> int:
    return run.number + (start - run.first) // run.step


def _tree(runs: list[_Run], value: str, parameters: Parameters) -> str:
    if len(runs) == 1:
        run = runs[0]
        first, number, step = (parameters.bind(bound) for bound in (run.first, run.number, run.step))
        return f"({number} + ({value} - {first}) // {step})"
    middle = len(runs) // 2
    border = parameters.bind(runs[middle].first)
    before, after = _tree(runs[:middle], value, parameters), _tree(runs[middle:], value, parameters)
    return f"case when {value} < {border} then {before} else {after} end"
