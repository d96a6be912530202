"""`GET /health` for anybody; `GET /health/detailed` and `GET /debug/info` for staff."""

from __future__ import annotations

from analytics.api import health_shapes as shapes
from analytics.api.auth import Caller, Permission
from analytics.api.limits import Limit
from analytics.api.operation import API, Operation
from analytics.reports import debugging, health


def _health(_: Caller, __: None, ___: None) -> shapes.HealthAnswer:
    found = health.public()
    return shapes.HealthAnswer.model_validate({
        "status": _state(found),
        "timestamp": found.at,
        "components": {**found.components, "recent_events": found.recent_events},
    })  # fmt: skip


def _detailed(_: Caller, __: None, ___: None) -> shapes.DetailedHealthAnswer:
    found = health.detailed()
    return shapes.DetailedHealthAnswer.model_validate({
        "status": _state(found),
        "timestamp": found.at,
        "components": found.components,
        "recent_events": found.recent_events,
        "durations_ms": found.durations_ms,
        "last_delivery_at": found.last_delivery_at,
        "failed_deliveries": found.failed_deliveries,
    })  # fmt: skip


def _debug(_: Caller, __: None, ___: None) -> shapes.DebugAnswer:
    found = debugging.debug_info()
    return shapes.DebugAnswer.model_validate({
        "timestamp": found.at,
        "system_info": found.system_info,
        "database_stats": found.database_stats,
        "ai_services": found.ai_services,
        "celery_stats": {"active_tasks": found.active_tasks, "queue_lengths": found.queue_lengths},
        "cache_stats": {"redis_available": found.redis_available, "cache_hits": found.cache_hits},
    })  # fmt: skip


def _state(found: health.Health) -> str:
    return health.HEALTHY if found.is_healthy else health.UNHEALTHY


def _status_of(answer: shapes.HealthAnswer | shapes.DetailedHealthAnswer) -> int:
    return 200 if answer.status == health.HEALTHY else 503


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get_health", "GET", f"{API}/health", Permission.PUBLIC, _health,
        shapes.HealthAnswer, "Whether events can be stored", limit=Limit.NONE, status_of=_status_of,
    ),
    Operation(
        "get_detailed_health", "GET", f"{API}/health/detailed", Permission.STAFF, _detailed,
        shapes.DetailedHealthAnswer, "Whether every part answers", status_of=_status_of,
    ),
    Operation(
        "get_debug_info", "GET", f"{API}/debug/info", Permission.STAFF, _debug,
        shapes.DebugAnswer, "Versions, sizes, queues and the cache",
    ),
)  # fmt: skip
