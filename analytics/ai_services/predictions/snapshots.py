"""Examples for churn and conversion, and the rows that are scored now, from one analysis of the lake.

The horizon follows from how often people usually come back. Training cutoffs lie one horizon apart and only where
the outcome is known; the present one is the end of today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from analytics import clock, conf
from analytics.ai_services.learning.churn_features import (
    ACTIVE_HORIZONS,
    COLUMNS,
    HORIZON_DAYS,
    churn_features,
    churn_rule,
    horizon_of,
)
from analytics.ai_services.learning.examples import Examples
from analytics.store.asking import ask, earliest_event

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Floats = npt.NDArray[np.float64]

_MOST_SNAPSHOTS = 8

#: More rows teach a model of twenty features nothing; a random part of them is taken, the same every time.
_MOST_ROWS = 100_000
_SEED = 20260101

#: From how long a past the horizon is found.
_GAP_DAYS = 180

CHURN, CONVERSION = "churn", "conversion"


@dataclass(frozen=True)
class Snapshot:
    """Persons at some cutoffs, as `eventlake.analyses.person_snapshots` gives them."""

    rows: pa.Table
    horizon_days: int

    def features(self, name: str) -> tuple[Floats, tuple[str, ...]]:
        """The matrix of features of a prediction, and their names."""
        columns = {column: self._column(column) for column in COLUMNS}
        matrix, names = churn_features(columns, self.horizon_days)
        if name == CHURN:
            return matrix, names
        more = {
            "conversion_days": self._column("conversion_days_total"),
            "conversion_days_last_horizon": self._column("conversion_days_horizon"),
            "conversion_share": self._column("conversion_days_total") / self._column("active_days_total"),
            "since_conversion": self._column("last_converted_days") / self.horizon_days,
        }
        return np.column_stack([matrix, *more.values()]), (*names, *more)

    def rule(self, name: str) -> Floats:
        """The rule of thumb that a model has to beat, 0 to 1."""
        silence = churn_rule({"last_seen_days": self._column("last_seen_days")}, self.horizon_days)
        if name == CHURN:
            return silence
        # The share of days with a conversion, pulled towards one in twenty, for those who are still there.
        share = (self._column("conversion_days_total") + 0.5) / (self._column("active_days_total") + 10)
        found: Floats = np.minimum(share * self._column("active_days_horizon"), 1.0) * (1 - silence)
        return found

    def examples(self, name: str) -> Examples:
        """All rows with their outcome; `cutoffs` are days since 1970."""
        matrix, names = self.features(name)
        outcome = self.rows.column("returned" if name == CHURN else "converted").to_numpy()
        labels = ~outcome.astype(bool) if name == CHURN else outcome.astype(bool)
        found = Examples(
            matrix, names, labels, self.cutoffs, self.rule(name), self.cutoffs + self.horizon_days
        )
        if len(found) <= _MOST_ROWS:
            return found
        return found.where(
            np.sort(np.random.default_rng(_SEED).choice(len(found), _MOST_ROWS, replace=False))
        )

    @property
    def cutoffs(self) -> npt.NDArray[np.int64]:
        """The cutoff of each row, in days since 1970."""
        return np.asarray(self.rows.column("cutoff").to_numpy(), np.int64)

    @property
    def persons(self) -> npt.NDArray[np.int64]:
        """The person of each row."""
        return np.asarray(self.rows.column("person_id").to_numpy(), np.int64)

    def _column(self, name: str) -> Floats:
        return np.asarray(self.rows.column(name).to_numpy(zero_copy_only=False), np.float64)


def past() -> Snapshot:
    """Persons at every past cutoff whose outcome is known. No rows where there is not enough past."""
    horizon_days = usual_horizon_days()
    return _read(_past_cutoffs(horizon_days), horizon_days)


def present(horizon_days: int, persons: tuple[int, ...] | None = None) -> Snapshot:
    """Persons as they are now: all, or a few."""
    return _read((clock.today(conf.get().zone) + timedelta(days=1),), horizon_days, persons)


def usual_horizon_days() -> int:
    """Days of silence after which somebody has probably left: three usual gaps, from 7 to 90."""
    from eventlake.analyses.person_snapshots import GapsQuestion, median_gap_days

    now = clock.next_minute()
    gap = ask(
        median_gap_days,
        GapsQuestion(now - timedelta(days=_GAP_DAYS), now, str(conf.get().zone)),
        is_long=True,
    )
    return HORIZON_DAYS[1] if gap is None else horizon_of(gap)


def _past_cutoffs(horizon_days: int) -> tuple[date, ...]:
    first = earliest_event()
    if first is None:
        return ()
    zone = conf.get().zone
    oldest = first.astimezone(zone).date() + timedelta(days=horizon_days)
    today = clock.today(zone)
    cutoffs = (today - timedelta(days=horizon_days * number) for number in range(1, _MOST_SNAPSHOTS + 1))
    return tuple(sorted(cutoff for cutoff in cutoffs if cutoff >= oldest))


def _read(cutoffs: tuple[date, ...], horizon_days: int, persons: tuple[int, ...] | None = None) -> Snapshot:
    from eventlake.analyses.person_snapshots import PersonSnapshotsQuestion, person_snapshots
    from eventlake.periods import day_start

    zone = conf.get().zone
    wanted = cutoffs or (clock.today(zone) + timedelta(days=1),)
    since = wanted[0] - timedelta(days=conf.get().model_days)
    until: datetime = min(day_start(wanted[-1] + timedelta(days=horizon_days), zone), clock.next_minute())
    question = PersonSnapshotsQuestion(
        day_start(since, zone),
        until,
        str(zone),
        wanted,
        horizon_days,
        ACTIVE_HORIZONS * horizon_days,
        persons,
    )
    rows = ask(person_snapshots, question, is_long=persons is None).rows
    return Snapshot(rows if cutoffs else rows.slice(0, 0), horizon_days)
