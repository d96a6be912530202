"""The Celery application: which queue each task goes to, and how a worker treats it.

Tasks only wake work that is claimed from the database, so a lost message costs seconds and a task
that runs twice changes nothing.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, heartbeat_sent
from kombu import Queue

from loopin_backend import alive, embedded, env
from loopin_backend.queues import QUEUES

env.use_settings()

from analytics.monitoring import tasks as task_monitoring  # noqa: E402  (its library reads the environment)

TASK_TIME_LIMIT_S = 300
TASK_SOFT_TIME_LIMIT_S = 240

app = Celery("loopin_backend")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
task_monitoring.connect()

# Declared here, so that a worker without -Q listens to every queue that a task is routed to.
app.conf.task_queues = [Queue(name) for name in QUEUES]
app.conf.task_default_queue = QUEUES[0]
app.conf.task_create_missing_queues = False
app.conf.task_routes = {
    "analytics.tasks.*": {"queue": "analytics"},
    "analytics.tasks.process_daily_metrics_calculation": {"queue": "metrics"},
    "analytics.tasks.generate_user_behavior_insights": {"queue": "ai_processing"},
    "analytics.tasks.perform_user_clustering": {"queue": "ai_processing"},
    "analytics.tasks.generate_predictive_insights": {"queue": "ai_processing"},
    "analytics.tasks.retrain_models": {"queue": "ai_processing"},
    "analytics.tasks.enrich_new_events": {"queue": "ai_processing"},
    "analytics.tasks.detect_anomalies_batch": {"queue": "anomaly_detection"},
}

app.conf.task_time_limit = TASK_TIME_LIMIT_S
app.conf.task_soft_time_limit = TASK_SOFT_TIME_LIMIT_S
app.conf.worker_prefetch_multiplier = 1
app.conf.worker_max_tasks_per_child = 1000
app.conf.result_expires = 3600
# A task is done when it is done: one whose worker was killed or ran out of time goes back to the queue.
app.conf.task_acks_late = True
app.conf.task_reject_on_worker_lost = True
app.conf.task_acks_on_timeout = False
app.conf.broker_transport_options = {"visibility_timeout": 2 * TASK_TIME_LIMIT_S}
app.conf.broker_connection_retry_on_startup = True
app.conf.broker_connection_max_retries = None
app.conf.worker_cancel_long_running_tasks_on_connection_loss = True
app.conf.beat_scheduler = "loopin_backend.beat:SingleScheduler"


@celeryd_init.connect
@beat_init.connect
def _ensure_servers(**_: Any) -> None:
    embedded.ensure()


@heartbeat_sent.connect
def _show_life(**_: Any) -> None:
    """Sent while the worker takes messages, and not while it waits for a broker that is away."""
    alive.touch("worker")
