"""The time series, each declared once. Labels are few and closed: a stranger's text never becomes one."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

#: From a tenth of a second to the tasks' time limit.
_TASK_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 240, 300)

TASK_DURATION = Histogram(
    "analytics_task_duration_seconds", "How long tasks ran", ["task", "outcome"], buckets=_TASK_BUCKETS
)
TASK_RETRIES = Counter("analytics_task_retries_total", "Tasks that failed and will run again", ["task"])
TASK_FAILURES = Counter("analytics_task_failures_total", "Tasks that failed for good", ["task"])
TASK_MEMORY = Gauge(
    "analytics_task_memory_bytes", "Resident memory after a task", ["task"], multiprocess_mode="max"
)
