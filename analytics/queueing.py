"""Wake background work after commit, and never fail because the broker is away.

Celery and Redis only shorten the wait: every task claims its work from the database and also runs on
a schedule, so a lost wake-up costs seconds and never an event.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.db import transaction

logger = logging.getLogger("analytics.queueing")


def wake(task_name: str, **kwargs: Any) -> None:
    """Ask a worker to run `task_name` once the present transaction has committed.

    A broker that does not answer is logged and otherwise ignored: the schedule will run the task. A project without a
    broker (`manage.py analytics_worker`) has nobody to ask.
    """
    transaction.on_commit(lambda: _send(task_name, kwargs), robust=True)


def _send(task_name: str, kwargs: dict[str, Any]) -> None:
    if not current_app.conf.broker_url:
        return
    try:
        current_app.send_task(task_name, kwargs=kwargs, retry=False, ignore_result=True)
    except Exception as error:  # any broker error: kombu raises many unrelated classes
        logger.warning("could not wake %s: %s", task_name, type(error).__name__)
