"""What a setting would have told over a history: the preview before an alert is saved."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from analytics.ai_services.anomalies.judging import DEFAULTS, judge
from analytics.ai_services.anomalies.series import Judgement, Series, Settings, Status, day_of

DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Simulation:
    """The alarms of a history under one setting.

    **Units**: `days` is from the first judged period to the end of the last; `per_month` counts months of 30.4 days.
    """

    status: Status
    alarms: tuple[Judgement, ...]
    judged: int
    days: float
    note: str = ""

    @property
    def count(self) -> int:
        """How often somebody would have been told."""
        return len(self.alarms)

    @property
    def per_month(self) -> float:
        """Alarms a month; 0 where nothing was judged."""
        return self.count / (self.days / DAYS_PER_MONTH) if self.days else 0.0

    @property
    def by_month(self) -> dict[str, int]:
        """Alarms by calendar month, "2026-05" to a number, months without one left out."""
        counts: dict[str, int] = {}
        for alarm in self.alarms:
            month = f"{alarm.start:%Y-%m}"
            counts[month] = counts.get(month, 0) + 1
        return counts


def simulate(
    series: Series,
    settings: Settings = DEFAULTS,
    now: dt.datetime | None = None,
    since: dt.date | None = None,
) -> Simulation:
    """What would have been told about the periods from `since` on (all of them for None), each judged in its time.

    Every value is judged by what lay before it, so this is what would have happened, not a fit to what did.
    """
    judged = judge(series, settings, now)
    kept = [found for found in judged.judgements if since is None or day_of(found.start) >= since]
    days = float((day_of(kept[-1].start) - day_of(kept[0].start)).days + 1) if kept else 0.0
    alarms = tuple(found for found in kept if found.is_alarm)
    return Simulation(judged.status, alarms, len(kept), days, judged.note)
