"""Background tasks: short shells around the engines, safe to run twice and at any time.

Work is found in the database, never in the message: a lost message costs the time to the next schedule.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from celery import Task, shared_task
from django.contrib.auth import get_user_model

from analytics import clock, conf, queueing
from analytics.ai_services.sentiment.service import SentimentAnalysisService
from analytics.models.choices import DatasetState
from analytics.store import ledger


class Retrying(Task[Any, Any]):
    """A task that failed for a passing reason (a database that was away) runs again, later and later, three times."""

    max_retries = 3
    autoretry_for = (Exception,)
    retry_backoff = 5
    retry_backoff_max = 120
    retry_jitter = True


@shared_task
def seal_events() -> dict[str, int]:
    """Seal committed events into the lake. Returns {"rows": n}; 0 also while another worker seals."""
    from analytics.store.sealing import seal_all

    return {"rows": seal_all()}


@shared_task
def lake_upkeep() -> dict[str, int]:
    """Changed rows, erasures, compaction, rollups, old files. Returns counts; {} while another worker does it."""
    from analytics.store.upkeep import run_upkeep

    done = run_upkeep()
    return asdict(done) if done else {}


@shared_task
def cleanup_old_analytics_data() -> dict[str, int]:
    """End what is past its retention, archive what is past its hot days. Returns counts; {} as `lake_upkeep`."""
    from analytics.store.upkeep import run_cleanup

    done = run_cleanup()
    return asdict(done) if done else {}


@shared_task
def fold_ledger() -> dict[str, int]:
    """Fold the ledger by the hour and forget receipts past their days. Returns {"forgotten": n}."""
    ledger.fold()
    before = clock.now() - timedelta(days=conf.get().receipt_days)
    return {"forgotten": ledger.forget_receipts(before)}


@shared_task(bind=True, base=Retrying)
def process_user_events_batch(self: Retrying, event_ids: list[int]) -> dict[str, int]:
    """Sentiment, intent and engagement level of these events. Returns {"processed", "changed", "errors"}."""
    from analytics.ai_services.enriching import enrich

    return asdict(enrich(event_ids, SentimentAnalysisService()))


@shared_task(bind=True, base=Retrying)
def enrich_new_events(self: Retrying) -> dict[str, int]:
    """The same of whatever has come since the last time; what `process_user_events_batch` is for a few."""
    from analytics.ai_services.enriching import enrich_new

    return asdict(enrich_new(SentimentAnalysisService()))


@shared_task(bind=True, base=Retrying)
def generate_user_behavior_insights(self: Retrying, user_id: int) -> dict[str, Any]:
    """One user's profile and insights. Returns {"user_id", "insights_created"}; a user who is gone has none."""
    from analytics.ai_services.insights.generating import generate_for_user

    user = get_user_model().objects.filter(pk=user_id).first()
    return {"user_id": user_id, "insights_created": generate_for_user(user) if user is not None else 0}


@shared_task(bind=True, base=Retrying)
def generate_predictive_insights(self: Retrying) -> dict[str, int]:
    """Profiles and insights of all users. Returns counts; {} while another worker does it."""
    from analytics.ai_services.insights.generating import generate

    done = generate()
    return asdict(done) if done else {}


@shared_task(bind=True, base=Retrying)
def perform_user_clustering(self: Retrying, n_clusters: int | None = None) -> dict[str, Any]:
    """Personas of all users; without a number, as many as the users bear out. Returns what the service returns."""
    from analytics.ai_services.clustering.service import UserClusteringService

    return UserClusteringService().cluster_users(n_clusters)


@shared_task(bind=True, base=Retrying)
def retrain_models(self: Retrying) -> dict[str, str]:
    """Learn every prediction anew, once a day. Returns the status by name; {} while all are fresh enough."""
    from analytics.ai_services.predictions.retraining import retrain_when_due

    return retrain_when_due()


@shared_task(bind=True, base=Retrying)
def process_daily_metrics_calculation(self: Retrying, date_str: str | None = None) -> dict[str, Any]:
    """The metrics of a day (2026-05-04; default: today and what came late), then all thresholds.

    Returns {"date", "metrics_processed", "alerts_triggered", "alerts"}; `alerts` are those that are open now.
    """
    from analytics.metrics import MetricsProcessor

    day = date.fromisoformat(date_str) if date_str else clock.today(conf.get().zone)
    found = MetricsProcessor.process_daily_metrics(day if date_str else None)
    alerts = MetricsProcessor.check_alert_thresholds()
    return {
        "date": day.isoformat(),
        "metrics_processed": sum(map(len, found.values())),
        "alerts_triggered": len(alerts),
        "alerts": alerts,
    }


@shared_task(bind=True, base=Retrying)
def detect_anomalies_batch(self: Retrying) -> dict[str, int]:
    """Judge the newest closed period of every metric. Returns {"anomalies", "insights_created", "alerts_opened"}."""
    from analytics.ai_services.insights.generating import generate_from_anomalies
    from analytics.metrics.alerts import check_anomalies

    findings, created = generate_from_anomalies()
    opened = check_anomalies(findings)
    alarms = sum(finding["is_alarm"] for finding in findings)
    return {"anomalies": alarms, "insights_created": created, "alerts_opened": opened}


@shared_task(bind=True, base=Retrying)
def send_daily_summary(self: Retrying, date_str: str | None = None) -> dict[str, int]:
    """Queue the summary of a day (default: yesterday) for each target that wants it. Returns {"queued": n}."""
    from analytics.delivery.summary import queue_summary
    from analytics.metrics.messages import link_to_overview
    from analytics.reports.metrics import daily_facts

    yesterday = clock.today(conf.get().zone) - timedelta(days=1)
    day = date.fromisoformat(date_str) if date_str else yesterday
    facts = daily_facts(day)
    return {"queued": queue_summary(day, facts, link=link_to_overview()) if facts else 0}


@shared_task(bind=True, base=Retrying)
def send_subscriptions(self: Retrying) -> dict[str, int]:
    """Queue the letters of every subscription that is due, each period once. Returns {"queued", "postponed"}."""
    from analytics.dashboard.boards.letters import write
    from analytics.reports.subscriptions import send_due

    return asdict(send_due(write))


@shared_task(bind=True, base=Retrying)
def process_large_dataset(self: Retrying, dataset_id: int) -> dict[str, Any]:
    """Import a dataset, with PROGRESS states; what does not fit into one turn wakes the next.

    Returns {"processed", "total", "status"}; the status of a dataset that is gone or being imported is "skipped".
    """
    from analytics.ingestion.imports.background import import_for_a_turn

    def note(done: int, total: int) -> None:
        if self.request.id is not None:  # called as a plain function there is nobody to tell
            self.update_state(state="PROGRESS", meta={"processed": done, "total": total})

    dataset = import_for_a_turn(dataset_id, note)
    if dataset is None:
        return {"processed": 0, "total": 0, "status": "skipped"}
    if dataset.state == DatasetState.RUNNING:
        queueing.wake(self.name, dataset_id=dataset_id)
    return {"processed": dataset.processed, "total": dataset.total_records, "status": dataset.state}


@shared_task
def continue_datasets() -> dict[str, int]:
    """Wake the import of every dataset that is not done. Returns {"waiting": n}."""
    from analytics.ingestion.imports.background import waiting_datasets

    waiting = waiting_datasets()
    for number in waiting:
        queueing.wake("analytics.tasks.process_large_dataset", dataset_id=number)
    return {"waiting": len(waiting)}


@shared_task(bind=True, base=Retrying)
def deliver_messages(self: Retrying) -> dict[str, int]:
    """Deliver what is due in the outbox. Returns {"delivered", "failed", "given_up"}."""
    from analytics.delivery.relay import deliver_due

    return asdict(deliver_due())


@shared_task(bind=True, base=Retrying)
def forward_events(self: Retrying) -> dict[str, int]:
    """Hand new events on to the sinks that are set up. Returns the number by sink; {} without a sink."""
    from analytics.delivery.forwarding import forward

    return forward()


@shared_task
def tidy_deliveries() -> dict[str, int]:
    """Forget delivered messages and tries past their days. Returns {"forgotten": n}."""
    from analytics.delivery.relay import tidy

    return {"forgotten": tidy()}
