"""The time series, each declared once. Labels are few and closed: a stranger's text never becomes one.

Source: specification, "Application Monitoring", for `analytics_requests_total`, `analytics_request_duration_seconds`,
`analytics_events_total` and `analytics_active_users` (the last is in `backlog`, since the database knows it).
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from analytics.monitoring.processes import use_process_names

use_process_names()

#: From a tenth of a second to the tasks' time limit.
_TASK_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 240, 300)
#: From what taking an event costs to the longest that an analysis may take.
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUEST_COUNT = Counter("analytics_requests_total", "Requests answered", ["method", "endpoint"])
REQUEST_ERRORS = Counter(
    "analytics_request_errors_total", "Requests answered with an error", ["method", "endpoint", "status"]
)
REQUEST_DURATION = Histogram(
    "analytics_request_duration_seconds",
    "How long it took until an answer began",
    ["endpoint"],
    buckets=_REQUEST_BUCKETS,
)
EVENT_COUNT = Counter("analytics_events_total", "Events stored", ["event_type"])

TASK_DURATION = Histogram(
    "analytics_task_duration_seconds", "How long tasks ran", ["task", "outcome"], buckets=_TASK_BUCKETS
)
TASK_RETRIES = Counter("analytics_task_retries_total", "Tasks that failed and will run again", ["task"])
TASK_FAILURES = Counter("analytics_task_failures_total", "Tasks that failed for good", ["task"])
TASK_MEMORY = Gauge(
    "analytics_task_memory_bytes", "Resident memory after a task", ["task"], multiprocess_mode="max"
)
