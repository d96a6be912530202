"""Calendar buckets as SQL: the number of the bucket in which an event lies.

The starts come from the calendar (`periods`); here they become whole-number arithmetic, because the engine's
own time zone functions are many times slower. Starts at equal distance form one run, so ninety days in a
zone with a change of clocks are three divisions, found by a balanced tree of comparisons.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.parameters import Parameters

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Run:
    """Starts at equal distance: the first one, its number, and the distance, in microseconds."""

    first_us: int
    number: int
    step_us: int


def bucket_sql(starts: tuple[dt.datetime, ...], to_at: dt.datetime, parameters: Parameters) -> str:
    """An expression: 0 to `len(starts) - 1` for an event from `starts[0]` to `to_at`; 0 for no starts."""
    if not starts:
        return "0"
    runs = _runs([epoch_us(start) for start in starts], epoch_us(to_at))
    return f"cast({_tree(runs, parameters)} as integer)"


def epoch_us(instant: dt.datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def _runs(starts_us: list[int], to_us: int) -> list[_Run]:
    runs: list[_Run] = []
    for number, start_us in enumerate(starts_us):
        if number + 1 < len(starts_us):
            step_us = starts_us[number + 1] - start_us
        elif runs and to_us <= start_us + runs[-1].step_us:
            break  # the last bucket, cut off or whole, goes on in the same step
        else:
            step_us = to_us - start_us
        if not runs or runs[-1].step_us != step_us:
            runs.append(_Run(start_us, number, step_us))
    return runs


def _tree(runs: list[_Run], parameters: Parameters) -> str:
    if len(runs) == 1:
        run = runs[0]
        first, number, step = (parameters.bind(value) for value in (run.first_us, run.number, run.step_us))
        return f'({number} + (epoch_us("timestamp") - {first}) // {step})'
    middle = len(runs) // 2
    border = parameters.bind(runs[middle].first_us)
    before, after = _tree(runs[:middle], parameters), _tree(runs[middle:], parameters)
    return f'case when epoch_us("timestamp") < {border} then {before} else {after} end'
