"""Background tasks: short shells around the engines, safe to run twice and at any time.

Work is found in the database, never in the message: a lost message costs the time to the next schedule.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from celery import shared_task

from analytics import clock, conf
from analytics.store import ledger


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
