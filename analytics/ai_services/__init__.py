"""Intelligence that says how often it was right: sentiment, behaviour, predictions, anomalies, personas, insights.

The specification's services by name. Each is imported when it is first named, so that a process that needs one of
them does not load the libraries of all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.ai_services.behaviour.service import UserBehaviorAnalysisService
    from analytics.ai_services.clustering.service import UserClusteringService
    from analytics.ai_services.manager import AIServiceManager
    from analytics.ai_services.predictions.service import PredictiveAnalyticsService
    from analytics.ai_services.sentiment.service import SentimentAnalysisService

__all__ = [
    "AIServiceManager",
    "PredictiveAnalyticsService",
    "SentimentAnalysisService",
    "UserBehaviorAnalysisService",
    "UserClusteringService",
]

_HOMES = {
    "AIServiceManager": "manager",
    "PredictiveAnalyticsService": "predictions.service",
    "SentimentAnalysisService": "sentiment.service",
    "UserBehaviorAnalysisService": "behaviour.service",
    "UserClusteringService": "clustering.service",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
