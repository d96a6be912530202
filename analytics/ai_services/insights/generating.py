"""Making insights: profiles and claims of everybody, claims of one user, claims of metrics. Twice changes nothing."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from analytics import clock, conf
from analytics.ai_services.behaviour import profiles
from analytics.ai_services.behaviour.engagement import Trend
from analytics.ai_services.behaviour.service import UserBehaviorAnalysisService
from analytics.ai_services.insights.claims import Claim, expire, put_claims
from analytics.ai_services.insights.moods import claims_about_sentiment
from analytics.ai_services.insights.people import claim_about, claims_about_people, judge_outcomes
from analytics.ai_services.insights.unusual import claims_about_anomalies
from analytics.ai_services.predictions.snapshots import CHURN, CONVERSION
from analytics.models.choices import InsightType, Priority
from analytics.store import locks

logger = logging.getLogger("analytics.ai_services")


@dataclass(frozen=True)
class Generated:
    """What a run did: profiles written, new insights, claims judged by what happened, insights that expired."""

    profiles: int
    insights: int
    judged: int
    expired: int


def generate() -> Generated | None:
    """Everything about everybody; None while another process does it. A part that fails is tried by the next run."""
    with locks.session("insights of everybody") as is_ours:
        if not is_ours:
            return None
        return Generated(
            profiles=_step(profiles.profile_everybody),
            insights=_step(lambda: put_claims(claims_about_people()))
            + _step(lambda: put_claims(claims_about_sentiment())),
            judged=_step(judge_outcomes),
            expired=_step(expire),
        )


def generate_for_user(user: AbstractBaseUser) -> int:
    """Bring a user's profile up to date and claim what stands out; the number of new insights."""
    analysis = UserBehaviorAnalysisService().analyze_user_behavior(user)
    profiles.profile_user(user.pk, analysis)
    return put_claims(claims_about_user(user.pk, analysis))


def claims_about_user(user_id: int, analysis: dict[str, Any]) -> list[Claim]:
    """What an analysis of behaviour says that is worth an insight."""
    predictions = analysis["predictions"]
    found = []
    for name in (CHURN, CONVERSION):
        score = predictions[name]["score"]
        if score is not None:
            found.append(claim_about(user_id, name, score, {"factors": predictions[name]["factors"]}))
    if predictions["engagement_trend"] == Trend.FALLING:
        found.append(_falling(user_id, analysis))
    return [claim for claim in found if claim is not None]


def generate_from_anomalies() -> tuple[list[dict[str, Any]], int]:
    """Look at every metric; what was found in the last days, as `detect_anomalies` gives it, and the number of new
    insights."""
    from analytics.ai_services.anomalies.detection import detect_all

    found = detect_all()
    alarms = [finding for finding in found if finding["is_alarm"]]  # the first day of each incident
    return found, put_claims(claims_about_anomalies(alarms))


def _falling(user_id: int, analysis: dict[str, Any]) -> Claim:
    from eventlake.periods import day_start

    zone = conf.get().zone
    today = clock.today(zone)
    start = day_start(today - timedelta(days=today.weekday()), zone)  # once a week
    end = start + timedelta(days=7)
    risks = analysis["risk_factors"]
    patterns = analysis["activity_patterns"]
    return Claim(
        insight_type=InsightType.BEHAVIOR_PATTERN,
        target_type="user",
        target_id=str(user_id),
        title="Activity is falling",
        description=". ".join(risks) if risks else "Fewer events than in the first half of the period",
        # Two standard deviations from an even split: what `engagement.trend` asks for.
        confidence=math.erf(2 / math.sqrt(2)),
        window_start=start,
        window_end=end,
        expires_at=end,
        priority=Priority.LOW,
        suggested_actions=("ask_for_feedback",),
        model_name="engagement_trend",
        evidence={
            "analysis": "user_behavior",
            "parameters": {"user_id": user_id, "days": profiles.DAYS},
            "actual": {"events": patterns["events"], "active_days": patterns["active_days"]},
            "factors": risks,
        },
    )


def _step(work: Callable[[], int]) -> int:
    try:
        return work()
    except Exception:
        logger.exception("a part of the insights failed; the next run tries it again")
        return 0
