"""The two incidents that are planted in every demo, for anomaly detection to find.

With the last day D being the UTC day in which the demo ends, and n its number of days:

- **Payment outage**: from 15:00 to 23:00 UTC on day D - min(21, n // 4), 85 of 100 payments fail with
  `gateway_timeout` (normally 4 of 100 fail, for other reasons); half of those who failed never try again.
- **Traffic spike**: from 09:00 to 15:00 UTC on day D - min(42, n // 2), a news page sends 35 visitors for
  every 100 users of the product; 92 of 100 look at one page and go. Pages take 3.5 times as long, and 2.5 of 100 fail.
"""

from __future__ import annotations

from dataclasses import dataclass

from events.demo.arrays import Flags, Ints
from events.demo.plan import DAY_MS, HOUR_MS, Plan

OUTAGE_FAILURE_RATIO = 0.85
NORMAL_FAILURE_RATIO = 0.04
OUTAGE_CODE = "gateway_timeout"

SPIKE_REFERRER = "https://news.example/front-page"
SPIKE_VISITORS_RATIO = 0.35
SPIKE_BOUNCE_RATIO = 0.92
SPIKE_SLOWNESS = 3.5
SPIKE_ERROR_RATIO = 0.025
NORMAL_ERROR_RATIO = 0.004


@dataclass(frozen=True)
class Window:
    """A half-open span of time."""

    starts_ms: int
    ends_ms: int

    def holds(self, at_ms: Ints) -> Flags:
        """Which instants lie in it."""
        return (at_ms >= self.starts_ms) & (at_ms < self.ends_ms)


def payment_outage(plan: Plan) -> Window:
    """When payments fail."""
    day_ms = plan.last_day_ms - min(21, plan.days // 4) * DAY_MS
    return Window(day_ms + 15 * HOUR_MS, day_ms + 23 * HOUR_MS)


def traffic_spike(plan: Plan) -> Window:
    """When the news page sends its readers."""
    day_ms = plan.last_day_ms - min(42, plan.days // 2) * DAY_MS
    return Window(day_ms + 9 * HOUR_MS, day_ms + 15 * HOUR_MS)
