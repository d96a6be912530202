"""Anomalies of metrics: a series in, one judgement a period out, alarms few enough to be read.

`judge` is pure arithmetic; `simulate` counts what it would have told over a history; `detection` reads stored metrics.
What an alarm means and how often it is wrong: docs/guides/anomalies.md.
"""

from __future__ import annotations

from analytics.ai_services.anomalies.judging import judge
from analytics.ai_services.anomalies.series import Judged, Judgement, Series, Settings
from analytics.ai_services.anomalies.simulation import Simulation, simulate

__all__ = ["Judged", "Judgement", "Series", "Settings", "Simulation", "judge", "simulate"]
