"""Answer shapes of health and debug pages. Field names are the specification's."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

Code = Literal["healthy", "degraded", "disabled", "unhealthy", "timeout", "down", "low"]
State = Literal["healthy", "unhealthy"]


class HealthComponents(BaseModel):
    """What anybody may know of the parts: codes, and that events come in."""

    database: Code
    ai_services: Code
    posthog: Code
    recent_events: int | None = Field(
        description="Events of the last hour, at most 100: that some come in, not how many"
    )


class HealthAnswer(BaseModel):
    """Whether events can be stored."""

    status: State
    timestamp: datetime
    components: HealthComponents


class DetailedHealthAnswer(BaseModel):
    """Whether every part that is switched on answers, how long each took, and when PostHog last took an event."""

    status: State
    timestamp: datetime
    components: dict[str, Code]
    recent_events: int | None = Field(description="Events of the last hour, at most 10,000")
    durations_ms: dict[str, float]
    last_delivery_at: datetime | None
    failed_deliveries: int | None = Field(description="Messages to PostHog that were given up since then")


class SystemInfo(BaseModel):
    """Versions of what runs."""

    python_version: str
    django_version: str
    analytics_version: str


class DatabaseStats(BaseModel):
    """Rows, estimated where there are many; None where it took too long."""

    user_events: int | None
    business_metrics: int | None
    ai_insights: int | None
    lake_events: int | None


class AIServices(BaseModel):
    """Which analysers there are; NLTK's name stands for VADER, whose lexicon is a file of a package here."""

    openai_available: bool
    nltk_available: bool


class CeleryStats(BaseModel):
    """What workers are at, and what waits for them; None where nobody answered."""

    active_tasks: int | None
    queue_lengths: dict[str, int] | None


class CacheHits(BaseModel):
    """Since the cache's server started."""

    hits: int
    misses: int


class CacheStats(BaseModel):
    """Whether the cache's server answers, and how often it knew what was asked for."""

    redis_available: bool
    cache_hits: CacheHits | None


class DebugAnswer(BaseModel):
    """What somebody who looks for a fault asks first."""

    timestamp: datetime
    system_info: SystemInfo
    database_stats: DatabaseStats
    ai_services: AIServices
    celery_stats: CeleryStats
    cache_stats: CacheStats
