"""What somebody who looks for a fault asks first: versions, sizes, queues and the cache. For staff.

**Source**: specification, "Debug API Endpoint".
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import django
from celery import current_app
from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS

from analytics import __version__, clock
from analytics.ai_services.language_model.settings import ModelSettings
from analytics.models import AIInsight, BusinessMetric, UserEvent
from analytics.reports.health import ai_services
from analytics.reports.probing import Kept, NoAnswer, Probe
from analytics.store import condition, lake

_KEPT_S = 5.0
_DATABASE_LIMIT_S = 0.5
_BROKER_LIMIT_S = 0.5
#: Workers answer a question to all of them; one that is busy with a long task answers late, or not at all.
_WORKERS_LIMIT_S = 1.0
_CACHE_LIMIT_S = 0.25
_LAKE_LIMIT_S = 2.0

T = TypeVar("T")


@dataclass(frozen=True)
class DebugInfo:
    """Everything; None for what did not answer in time."""

    at: datetime
    system_info: dict[str, str]
    database_stats: dict[str, int | None]
    ai_services: dict[str, bool]
    active_tasks: int | None
    queue_lengths: dict[str, int] | None
    cache_hits: dict[str, int] | None
    redis_available: bool


def debug_info() -> DebugInfo:
    """The present state, kept for five seconds."""
    return _kept.get()


def forget() -> None:
    """Ask anew next time."""
    _kept.forget()


def _make() -> DebugInfo:
    manager = ai_services(ModelSettings.current())
    rows = _or_none(_database) or {}
    stats = _or_none(_cache)
    return DebugInfo(
        at=clock.now(),
        system_info={
            "python_version": sys.version,
            "django_version": django.get_version(),
            "analytics_version": __version__,
        },
        database_stats={
            **{name: rows.get(name) for name in _MODELS},
            "lake_events": _or_none(_lake),
        },
        ai_services={
            "openai_available": manager.openai_client is not None,
            "nltk_available": manager.sentiment_analyzer is not None,
        },
        active_tasks=_or_none(_workers),
        queue_lengths=_or_none(_queues),
        cache_hits=stats,
        redis_available=stats is not None,
    )


def _or_none(probe: Probe[T]) -> T | None:
    try:
        return probe.ask()
    except NoAnswer:
        return None


_MODELS = {"user_events": UserEvent, "business_metrics": BusinessMetric, "ai_insights": AIInsight}


def _count_rows() -> dict[str, int]:
    with condition.limited(_DATABASE_LIMIT_S):
        return {name: condition.estimate_rows(model) for name, model in _MODELS.items()}


def _count_tasks() -> int:
    """Tasks that workers are at; their arguments are nobody's business."""
    answered = current_app.control.inspect(timeout=_WORKERS_LIMIT_S / 2).active() or {}
    return sum(len(tasks) for tasks in answered.values())


def _measure_queues() -> dict[str, int]:
    with current_app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
        return {queue.name: _length(broker, queue.name) for queue in current_app.amqp.queues.values()}


def _length(broker: Any, queue: str) -> int:
    try:
        return int(broker.default_channel.queue_declare(queue=queue, passive=True).message_count)
    except broker.channel_errors:  # a queue is there as long as something is in it
        return 0


def _measure_cache() -> dict[str, int]:
    """Hits and misses of the server since it started. **Errors**: whatever its client raises."""
    import redis  # a project may keep its cache elsewhere and not have it

    place = str(settings.CACHES[DEFAULT_CACHE_ALIAS].get("LOCATION", ""))
    limits = {"socket_timeout": _CACHE_LIMIT_S, "socket_connect_timeout": _CACHE_LIMIT_S}
    with redis.Redis.from_url(place, **limits) as client:
        stats: dict[str, Any] = client.info("stats")
    return {"hits": int(stats["keyspace_hits"]), "misses": int(stats["keyspace_misses"])}


def _count_lake() -> int:
    return lake.lake().snapshot().rows


def _probe(name: str, limit_s: float, ask: Callable[[], T]) -> Probe[T]:
    return Probe(name, limit_s, ask)


_database = _probe("row counts", _DATABASE_LIMIT_S, _count_rows)
_workers = _probe("workers", _WORKERS_LIMIT_S, _count_tasks)
_queues = _probe("queues", _BROKER_LIMIT_S, _measure_queues)
_cache = _probe("cache statistics", _CACHE_LIMIT_S, _measure_cache)
_lake = _probe("lake size", _LAKE_LIMIT_S, _count_lake)
_kept = Kept(_make, _KEPT_S)
