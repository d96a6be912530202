"""Whether the parts of this deployment answer: codes for anybody, and figures for staff.

**Source**: specification, "Health Checks"; the codes of its components are `healthy`, `degraded`, `disabled` and
`unhealthy`, and of one that does not answer `timeout` or `down`.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from analytics import clock
from analytics.ai_services.language_model.settings import ModelSettings
from analytics.ai_services.manager import AIServiceManager
from analytics.models import SinkState
from analytics.reports.probing import Kept, NoAnswer, Probe
from analytics.store import condition, lake

HEALTHY, DEGRADED, DISABLED, UNHEALTHY = "healthy", "degraded", "disabled", "unhealthy"

_KEPT_S = 5.0
_DATABASE_LIMIT_S = 0.25
_CACHE_LIMIT_S = 0.25
#: The first look at the lake of a process loads its libraries, half a second; afterwards it is milliseconds.
_LAKE_LIMIT_S = 2.0
#: Nobody but staff learns how much is going on, only that something is.
PUBLIC_EVENTS = 100
_STAFF_EVENTS = 10_000
#: Below this the lake's next merge may not fit.
_LOW_DISK_BYTES = 1024 * 1024 * 1024
#: Below this neither the lake nor a database on the same disk can go on for long.
_FULL_DISK_BYTES = 64 * 1024 * 1024
_SINK = "posthog"


@dataclass(frozen=True)
class Health:
    """The codes of the components, and how long each took to answer. `recent_events` is None while unknown."""

    is_healthy: bool
    at: datetime
    components: dict[str, str]
    recent_events: int | None
    durations_ms: dict[str, float] = field(default_factory=dict)
    last_delivery_at: datetime | None = None
    failed_deliveries: int | None = None


def public() -> Health:
    """What anybody may know; `is_healthy` means that events can be stored."""
    return _public.get()


def detailed() -> Health:
    """What staff should know; `is_healthy` means that every part that is switched on answers."""
    return _detailed.get()


@dataclass(frozen=True)
class Readiness:
    """Whether events can be stored. Codes: `up`, `down` or `timeout`, `standby`; `ok` or `full`."""

    database: str
    disk: str

    @property
    def is_ready(self) -> bool:
        """The database commits, and there is room."""
        return self.database == "up" and self.disk == "ok"


def readiness() -> Readiness:
    """Asked by balancers, every second or so: worked out once in that time, within a quarter of a second."""
    return _ready.get()


def _make_readiness() -> Readiness:
    try:
        database = "up" if _database.ask() == HEALTHY else "standby"
    except NoAnswer as error:
        database = error.code
    return Readiness(database, "ok" if _free_bytes() > _FULL_DISK_BYTES else "full")


def forget() -> None:
    """Ask all parts again next time."""
    _ready.forget()
    _public.forget()
    _detailed.forget()


def _make_public() -> Health:
    codes = {"database": _timed(_database.ask, {}, "database"), "ai_services": _ai_services()}
    codes["posthog"] = HEALTHY if getattr(settings, "POSTHOG_API_KEY", "") else DISABLED
    recent = _recent(PUBLIC_EVENTS) if codes["database"] == HEALTHY else None
    return Health(codes["database"] == HEALTHY, clock.now(), codes, recent)


def _make_detailed() -> Health:
    spent: dict[str, float] = {}
    codes = {
        "database": _timed(_database.ask, spent, "database"),
        "redis": _timed(_cache.ask, spent, "redis"),
        "ai_services": _ai_services(),
        "lake": _timed(_lake.ask, spent, "lake"),
        "disk": _timed(_disk, spent, "disk"),
    }
    has_database = codes["database"] == HEALTHY
    deliveries = _deliveries_now() if has_database else None
    codes["posthog"] = deliveries.code if deliveries is not None else DISABLED
    is_healthy = all(code in (HEALTHY, DEGRADED, DISABLED) for code in codes.values())
    return Health(
        is_healthy,
        clock.now(),
        codes,
        _recent(_STAFF_EVENTS) if has_database else None,
        spent,
        deliveries.last_at if deliveries is not None else None,
        deliveries.failed if deliveries is not None else None,
    )


def _timed(ask: Callable[[], str], spent: dict[str, float], name: str) -> str:
    started_s = time.perf_counter()
    try:
        return ask()
    except NoAnswer as error:
        return error.code
    finally:
        spent[name] = round((time.perf_counter() - started_s) * 1000, 2)


def _ask_database() -> str:
    """A connection of its own, a statement, and whether the server takes writes."""
    return HEALTHY if condition.takes_writes() else UNHEALTHY


def _ask_cache() -> str:
    mark = clock.now().isoformat()
    cache.set("analytics:health", mark, 10)
    return HEALTHY if cache.get("analytics:health") == mark else UNHEALTHY


def _ask_lake() -> str:
    lake.lake().snapshot()
    return HEALTHY


def _disk() -> str:
    return HEALTHY if _free_bytes() > _LOW_DISK_BYTES else "low"


def _free_bytes() -> float:
    """Room where the lake lies; a lake in a bucket has no end that we could see."""
    place = lake.lake().uri
    if "://" in place:
        return math.inf
    folder = Path(place)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _ai_services() -> str:
    """Healthy with an outside model; degraded where only this machine's own analysers work."""
    current = ModelSettings.current()
    if not current.is_enabled:
        return DISABLED
    manager = ai_services(current)
    if manager.sentiment_analyzer is None:
        return UNHEALTHY
    return HEALTHY if manager.openai_client is not None else DEGRADED


@lru_cache(maxsize=2)
def ai_services(current: ModelSettings) -> AIServiceManager:
    """The services under these settings, set up once: reading the lexicon takes longer than all probes together."""
    del current
    manager = AIServiceManager()
    manager.initialize()
    return manager


def _recent(most: int) -> int | None:
    probe = _recent_public if most == PUBLIC_EVENTS else _recent_staff
    try:
        return probe.ask()
    except NoAnswer:
        return None


def _counting(most: int) -> Callable[[], int]:
    """Events of the last hour, at most so many: only the newest rows are looked at, by the primary key."""

    def count() -> int:
        with condition.limited(_DATABASE_LIMIT_S):
            return condition.count_recent_events(clock.now() - timedelta(hours=1), most)

    return count


@dataclass(frozen=True)
class _Deliveries:
    code: str
    last_at: datetime | None
    failed: int


def _deliveries_now() -> _Deliveries:
    if not getattr(settings, "POSTHOG_API_KEY", ""):
        return _Deliveries(DISABLED, None, 0)
    try:
        return _deliveries.ask()
    except NoAnswer as error:
        return _Deliveries(error.code, None, 0)


def _ask_deliveries() -> _Deliveries:
    """When PostHog took something last, and how often it has failed since."""
    with condition.limited(_DATABASE_LIMIT_S):
        state = SinkState.objects.filter(sink=_SINK).first()
    if state is None:
        return _Deliveries(HEALTHY, None, 0)
    code = UNHEALTHY if state.faults_in_a_row else HEALTHY
    return _Deliveries(code, state.last_delivered_at, state.faults_in_a_row)


_database = Probe("database", _DATABASE_LIMIT_S, _ask_database)
_cache = Probe("cache", _CACHE_LIMIT_S, _ask_cache)
_lake = Probe("lake", _LAKE_LIMIT_S, _ask_lake)
_recent_public = Probe("recent events", _DATABASE_LIMIT_S, _counting(PUBLIC_EVENTS))
_recent_staff = Probe("recent events", _DATABASE_LIMIT_S, _counting(_STAFF_EVENTS))
_deliveries = Probe("deliveries", _DATABASE_LIMIT_S, _ask_deliveries)
_ready = Kept(_make_readiness, 1.0)
_public = Kept(_make_public, _KEPT_S)
_detailed = Kept(_make_detailed, _KEPT_S)
