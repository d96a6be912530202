"""The queues of background work; worker and routes both read them here, so that no task waits for nobody."""

from __future__ import annotations

QUEUES = ("analytics", "ai_processing", "metrics", "anomaly_detection")
