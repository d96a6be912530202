"""The last days at a glance: the specification's overview, with its proof."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from analytics import clock, conf
from analytics.models import AIInsight, BusinessMetric
from analytics.models.choices import InsightStatus, Priority

if TYPE_CHECKING:
    from eventlake.analyses.overview import OverviewAnswer

_TOP = 5
_PRIORITY = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
