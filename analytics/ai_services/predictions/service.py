"""The specification's predictive service: attendance, churn and anomalies of metrics, each with what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics import host
from analytics.ai_services.predictions import attendance
from analytics.ai_services.predictions.scoring import score_person
from analytics.ai_services.predictions.snapshots import CHURN, CONVERSION
from analytics.store.profiles import roots_of_user

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

NOBODY = -1


class PredictiveAnalyticsService:
    """Service for predictive analytics and recommendations (specification, AI Services)."""

    def predict_event_attendance(self, user: AbstractBaseUser, event_id: int | str) -> dict[str, Any]:
        """The chance that a user comes to an event of the host (a meetup, a class).

        **Shape**: probability and confidence (0 to 1), factors, and what `attendance.predict` adds.
        """
        return attendance.predict(_person_of(user), str(event_id))

    def predict_churn(self, user: AbstractBaseUser) -> dict[str, Any]:
        """The chance that a user is not there in the coming horizon; shape as `scoring.score_person`."""
        return score_person(CHURN, _person_of(user))

    def predict_conversion(self, user: AbstractBaseUser) -> dict[str, Any]:
        """The chance that a user converts in the coming horizon; shape as `scoring.score_person`."""
        return score_person(CONVERSION, _person_of(user))

    def detect_anomalies(
        self, metric_name: str, days: int = 7, method: str = "zscore"
    ) -> list[dict[str, Any]]:
        """Anomalies of a metric in the last so many days; see `anomalies.detection.detect_anomalies`."""
        from analytics.ai_services.anomalies.detection import detect_anomalies

        return detect_anomalies(metric_name, days, method)


def _person_of(user: AbstractBaseUser) -> int:
    """The person that a user is; NOBODY for one without events."""
    roots = roots_of_user(user, host.get().distinct_id(user))
    return roots[0] if roots else NOBODY
