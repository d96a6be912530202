"""The closed vocabularies of the models, as Django choices.

Source: the specification names these fields and most of their values; where it lists none, the usual
terms of the field stand here.
"""

from __future__ import annotations

from django.db import models


class Source(models.TextChoices):
    """Where a row came from."""

    API = "api", "API"
    SIGNAL = "signal", "Signal"
    MANUAL = "manual", "Manual"
    AI_GENERATED = "ai_generated", "AI generated"
    SYSTEM = "system", "System"
    MIDDLEWARE = "middleware", "Middleware"
    BATCH_JOB = "batch_job", "Batch job"


class EventType(models.TextChoices):
    """The kind of an event."""

    PAGE_VIEW = "page_view", "Page view"
    API_CALL = "api_call", "API call"
    USER_ACTION = "user_action", "User action"
    SYSTEM_EVENT = "system_event", "System event"
    ERROR = "error", "Error"
    CONVERSION = "conversion", "Conversion"
    ENGAGEMENT = "engagement", "Engagement"


class EngagementLevel(models.TextChoices):
    """How much an event says about the person's engagement."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    VERY_HIGH = "very_high", "Very high"


class MetricType(models.TextChoices):
    """What a metric is for."""

    KPI = "kpi", "Key performance indicator"
    KRI = "kri", "Key risk indicator"
    KR = "kr", "Key result"
    CUSTOM = "custom", "Custom"


class ChangeDirection(models.TextChoices):
    """How a metric moved against the period before."""

    UP = "up", "Up"
    DOWN = "down", "Down"
    STABLE = "stable", "Stable"


class PeriodType(models.TextChoices):
    """The length of a metric's period."""

    HOUR = "hour", "Hour"
    DAY = "day", "Day"
    WEEK = "week", "Week"
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"


class InsightType(models.TextChoices):
    """What an insight claims."""

    BEHAVIOR_PATTERN = "behavior_pattern", "Behaviour pattern"
    CHURN_RISK = "churn_risk", "Churn risk"
    CONVERSION_OPPORTUNITY = "conversion_opportunity", "Conversion opportunity"
    ANOMALY = "anomaly", "Anomaly"
    TREND = "trend", "Trend"
    SENTIMENT = "sentiment", "Sentiment"
    PREDICTION = "prediction", "Prediction"
    RECOMMENDATION = "recommendation", "Recommendation"
    SEGMENTATION = "segmentation", "Segmentation"


class Priority(models.TextChoices):
    """How soon somebody should look."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class InsightStatus(models.TextChoices):
    """Where an insight stands in its life."""

    PENDING = "pending", "Pending"
    VALIDATED = "validated", "Validated"
    REJECTED = "rejected", "Rejected"
    ACTED_ON = "acted_on", "Acted on"
    EXPIRED = "expired", "Expired"


class ActivityFrequency(models.TextChoices):
    """How often a user is active."""

    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"
    MONTHLY = "monthly", "Monthly"
    RARELY = "rarely", "Rarely"
    INACTIVE = "inactive", "Inactive"


class PredictionBasis(models.TextChoices):
    """What a predicted figure rests on."""

    NONE = "", "Nothing"
    RULE = "rule", "Rule of thumb"
    MODEL = "model", "Calibrated model"


class Outcome(models.TextChoices):
    """What became of one received event; the four add up to what was received."""

    STORED = "stored", "Stored"
    DUPLICATE = "duplicate", "Duplicate"
    REJECTED = "rejected", "Rejected"
    QUARANTINED = "quarantined", "Quarantined"


class DatasetState(models.TextChoices):
    """Where an import stands."""

    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


class OutboxState(models.TextChoices):
    """Where an outgoing message stands."""

    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Given up"


class AlertLevel(models.TextChoices):
    """How far beyond its thresholds a metric is."""

    WARNING = "warning", "Warning"
    CRITICAL = "critical", "Critical"


class AlertState(models.TextChoices):
    """Where an alert stands."""

    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"


class TargetKind(models.TextChoices):
    """How an alert is delivered."""

    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class CohortKind(models.TextChoices):
    """What a cohort is made of."""

    BEHAVIOURAL = "behavioural", "By behaviour"
    HOST = "host", "By the host's models"
    STATIC = "static", "By hand"


class AnalysisName(models.TextChoices):
    """The analyses whose questions can be saved: those that have an explorer."""

    TRENDS = "trends", "Trends"
    FUNNEL = "funnel", "Funnel"
    RETENTION = "retention", "Retention"
    PATHS = "paths", "Paths"
    LIFECYCLE = "lifecycle", "Lifecycle"
    STICKINESS = "stickiness", "Stickiness"


class TileWidth(models.TextChoices):
    """How much of a row a tile takes."""

    HALF = "half", "Half the width"
    FULL = "full", "The whole width"


class Frequency(models.TextChoices):
    """How often a subscription sends."""

    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"
