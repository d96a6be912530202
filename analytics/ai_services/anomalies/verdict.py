"""One judgement from an expectation, a spread and a threshold: the arithmetic that all methods share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from analytics.ai_services.anomalies.scale import Scale
from analytics.ai_services.anomalies.series import Judgement

#: A score says no more beyond this, and stays a number where a history without spread would make it infinite.
Z_LIMIT = 99.0


@dataclass(frozen=True)
class Expectation:
    """What was foreseen of one period, on the scale it is judged on."""

    at: float
    spread: float
    threshold: float
    method: str
    note: str = ""

    def z_score(self, value: float) -> float:
        """How many spreads a value on the scale lies away, cut at the limit."""
        return max(-Z_LIMIT, min(Z_LIMIT, (value - self.at) / self.spread))

    def judge(self, start: dt.date, value: float, scale: Scale) -> Judgement:
        """The judgement of a value in the metric's own unit; severity and incident are not settled yet."""
        z = self.z_score(float(scale.to_one(value)))
        reach = self.threshold * self.spread
        return Judgement(
            start=start,
            value=value,
            expected=scale.back(self.at),
            lower=scale.back(self.at - reach),
            upper=scale.back(self.at + reach),
            z_score=z,
            is_anomaly=abs(z) > self.threshold,
            severity="",
            direction="up" if z > 0 else "down",
            kind="point",
            method=self.method,
            note=self.note,
        )
