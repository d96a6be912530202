"""Behaviour, predictions and anomalies for people to read: the services, with the lake's errors in our words."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from analytics import ai_services
from analytics.errors import NotFound
from analytics.models import BusinessMetric
from analytics.reports.answering import answering


def sentiment_of(text: str) -> dict[str, Any]:
    """What the specification's service says of a text."""
    return ai_services.SentimentAnalysisService().analyze_text_sentiment(text)


def behavior_of(user_id: int, days: int) -> dict[str, Any]:
    """The behaviour of a user. **Errors**: `NotFound`, `Unavailable`."""
    user = _user(user_id)
    with answering():
        return {
            "user_id": user_id,
            **ai_services.UserBehaviorAnalysisService().analyze_user_behavior(user, days),
        }


def attendance_of(user_id: int, event_id: int | str) -> dict[str, Any]:
    """The chance that a user comes. **Errors**: `NotFound`, `Unavailable`."""
    user = _user(user_id)
    with answering():
        return ai_services.PredictiveAnalyticsService().predict_event_attendance(user, event_id)


def churn_of(user_id: int) -> dict[str, Any]:
    """The chance that a user stays away. **Errors**: `NotFound`, `Unavailable`."""
    user = _user(user_id)
    with answering():
        return {"user_id": user_id, **ai_services.PredictiveAnalyticsService().predict_churn(user)}


def anomalies_of(metric_name: str, days: int, method: str) -> list[dict[str, Any]]:
    """Anomalies of a metric as plain values. **Errors**: `NotFound` for a metric without any value."""
    if not BusinessMetric.objects.filter(metric_name=metric_name).exists():
        raise NotFound(f"there is no value of a metric {metric_name!r}", code="unknown_metric")
    found = ai_services.PredictiveAnalyticsService().detect_anomalies(metric_name, days, method)
    return [{**anomaly, "metric_name": anomaly["metric"].metric_name} for anomaly in found]


def cluster(n_clusters: int | None) -> dict[str, Any]:
    """Find personas anew."""
    return ai_services.UserClusteringService().cluster_users(n_clusters)


def _user(user_id: int) -> AbstractBaseUser:
    user = get_user_model().objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound("there is no such user")
    return user
