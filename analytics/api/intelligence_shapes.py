"""Shapes of sentiment, behaviour, predictions, anomalies, personas and insights."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field

from analytics.api.shapes import Shape
from analytics.models.choices import InsightStatus, InsightType, Priority

InsightTypeName = Literal[
    "behavior_pattern", "churn_risk", "conversion_opportunity", "anomaly", "trend", "sentiment", "prediction",
    "recommendation", "segmentation",
]  # fmt: skip
PriorityName = Literal["low", "medium", "high", "critical"]
StatusName = Literal["pending", "validated", "rejected", "acted_on", "expired"]
assert set(get_args(InsightTypeName)) == set(InsightType.values)
assert set(get_args(PriorityName)) == set(Priority.values)
assert set(get_args(StatusName)) == set(InsightStatus.values)


class SentimentAnalysisRequest(Shape):
    """A text to analyse."""

    text: str = Field(min_length=1, max_length=10_000)


class SentimentAnalysisResponse(BaseModel):
    """Class, score (-1 to 1) and confidence (0 to 1) of a text; `details` has what every method said."""

    sentiment: Literal["positive", "negative", "neutral"]
    score: float
    confidence: float
    details: dict[str, Any]


class UserBehaviorRequest(Shape):
    """Whose behaviour, over how many days up to now."""

    user_id: int
    days: int = Field(default=30, ge=1, le=365)


class UserBehaviorResponse(BaseModel):
    """What a user did, likes and may do."""

    user_id: int
    engagement_score: float
    activity_patterns: dict[str, Any]
    preferences: dict[str, Any]
    risk_factors: list[str]
    persona_suggestions: list[str]
    predictions: dict[str, Any]


class AttendanceRequest(Shape):
    """Will this user come to this event of the host."""

    user_id: int
    event_id: int | str


class AttendanceResponse(BaseModel):
    """A chance (0 to 1) and what it rests on."""

    probability: float
    confidence: float
    factors: list[dict[str, Any]]
    status: str
    basis: str
    history: dict[str, int]
    has_requested: bool
    backtest: dict[str, float]
    model_version: str


class ChurnRequest(Shape):
    """Will this user stay away."""

    user_id: int


class ScoreResponse(BaseModel):
    """A score (0 to 1; a probability only where `basis` is "model") and what it rests on."""

    user_id: int
    score: float | None
    basis: str
    status: str
    horizon_days: int
    factors: list[dict[str, Any]]
    backtest: dict[str, float]
    model_version: str
    trained_at: datetime | None


class AnomaliesRequest(Shape):
    """A metric and the last so many days of it."""

    metric_name: str = Field(min_length=1, max_length=100)
    days: int = Field(default=7, ge=1, le=365)
    method: Literal["zscore", "seasonal"] = "seasonal"


class Anomaly(BaseModel):
    """A period whose value its past did not let expect."""

    metric_name: str
    period_start: datetime
    z_score: float
    severity: str
    expected_value: float
    actual_value: float
    lower: float | None
    upper: float | None
    direction: str
    method: str


class AnomaliesResponse(BaseModel):
    """Anomalies, the newest last."""

    anomalies: list[Anomaly]


class ClusteringRequest(Shape):
    """How many clusters; none: as many as the users bear out."""

    n_clusters: int | None = Field(default=None, ge=2, le=20)


class ClusteringResponse(BaseModel):
    """Personas by number, and how good the clusters are."""

    clusters: dict[str, dict[str, Any]]
    inertia: float | None
    silhouette_score: float | None
    stability: float | None
    n_clusters: int
    status: str
    detail: str = ""


class ModelCard(BaseModel):
    """One model: whether it is in use and why, and how good it was on a time that it had not seen."""

    name: str
    status: str
    is_in_use: bool
    horizon_days: int
    trained_at: datetime
    card: dict[str, Any]


class ModelsResponse(BaseModel):
    """The newest version of every model."""

    models: list[ModelCard]


class InsightsPage(Shape):
    """Insights of this priority and status, `limit` of them after the first `offset`."""

    priority: PriorityName | None = None
    status: StatusName | None = None
    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=100_000)

    def page(self) -> dict[str, Any]:
        """These four."""
        return self.model_dump(include=set(InsightsPage.model_fields))


class InsightsRequest(InsightsPage):
    """Which insights, of any of these types."""

    insight_types: list[InsightTypeName] = Field(default_factory=list)


class InsightsQuery(InsightsPage):
    """The same in a query string, with one type."""

    insight_type: InsightTypeName | None = None


class Insight(BaseModel):
    """One claim with its evidence."""

    uuid: UUID
    insight_type: str
    target_type: str
    target_id: str
    title: str
    description: str
    confidence_score: float
    priority: str
    status: str
    is_actionable: bool
    suggested_actions: list[Any]
    evidence: dict[str, Any]
    model_name: str
    model_version: str
    created_at: datetime
    expires_at: datetime | None
    validated_at: datetime | None
    validation_notes: str


class Pagination(BaseModel):
    """Where a page stands."""

    limit: int
    offset: int
    has_more: bool


class TypeRecord(BaseModel):
    """How often insights of a type were right."""

    insight_type: str
    insights: int
    right: int
    wrong: int
    precision: float | None
    is_muted: bool


class InsightResponse(BaseModel):
    """A page of insights, the number of all, and the record of each type."""

    insights: list[Insight]
    total_count: int
    pagination: Pagination
    scoreboard: list[TypeRecord]


class InsightKey(Shape):
    """Which insight."""

    uuid: UUID


class VerdictRequest(Shape):
    """What somebody makes of an insight."""

    status: StatusName
    validation_notes: str = Field(default="", max_length=10_000)


class GeneratedResponse(BaseModel):
    """What a run made; `is_running`: another one is at it already."""

    insights_created: int
    profiles: int
    is_running: bool
