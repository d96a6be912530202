"""When the background work of analytics is due: the value of `CELERY_BEAT_SCHEDULE`, or of a part of it.

    CELERY_BEAT_SCHEDULE = {**SCHEDULE, "mine": {...}}

Without Celery `manage.py analytics_worker` goes by it. Seconds, or crontabs in Celery's time zone.
"""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "seal-events": {"task": "analytics.tasks.seal_events", "schedule": 10.0},
    "lake-upkeep": {"task": "analytics.tasks.lake_upkeep", "schedule": crontab(minute="*/15")},
    "cleanup-analytics-data": {
        "task": "analytics.tasks.cleanup_old_analytics_data",
        "schedule": crontab(hour="3", minute="30"),
    },
    "deliver-messages": {"task": "analytics.tasks.deliver_messages", "schedule": 10.0},
    "forward-events": {"task": "analytics.tasks.forward_events", "schedule": 5.0},
    "tidy-deliveries": {
        "task": "analytics.tasks.tidy_deliveries",
        "schedule": crontab(hour="3", minute="50"),
    },
    "fold-ledger": {"task": "analytics.tasks.fold_ledger", "schedule": crontab(minute="*/5")},
    "continue-datasets": {"task": "analytics.tasks.continue_datasets", "schedule": crontab(minute="*/5")},
    "enrich-new-events": {"task": "analytics.tasks.enrich_new_events", "schedule": 30.0},
    "generate-user-insights": {
        "task": "analytics.tasks.generate_predictive_insights",
        "schedule": crontab(minute="20", hour="*/6"),
    },
    # A quarter past, when sealing has taken in what an hour brought, and before anomalies are looked for.
    "process-daily-metrics": {
        "task": "analytics.tasks.process_daily_metrics_calculation",
        "schedule": crontab(minute="15"),
    },
    "send-daily-summary": {
        "task": "analytics.tasks.send_daily_summary",
        "schedule": crontab(hour="7", minute="0"),
    },
    # Each letter once, at the first run after its hour; what could not be read waits for the next.
    "send-subscriptions": {
        "task": "analytics.tasks.send_subscriptions",
        "schedule": crontab(minute="*/15"),
    },
    "detect-anomalies": {
        "task": "analytics.tasks.detect_anomalies_batch",
        "schedule": crontab(minute="*/30"),
    },
    "cluster-users": {
        "task": "analytics.tasks.perform_user_clustering",
        "schedule": crontab(hour="4", minute="40"),
    },
    "retrain-models": {"task": "analytics.tasks.retrain_models", "schedule": crontab(minute="10")},
}
