"""Claims about people: who is likely to leave, who is likely to convert; and, later, whether that was so.

Only a calibrated model makes such a claim: its probability is the confidence. With a base rate of leaving of 0.74 a
threshold of 0.7 would name nearly everybody, so a claim must also stand out against the others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from analytics import clock, conf
from analytics.ai_services.insights.claims import Claim
from analytics.ai_services.insights.scoreboard import RIGHT, WRONG
from analytics.ai_services.predictions import models
from analytics.ai_services.predictions.models import Current
from analytics.ai_services.predictions.snapshots import CHURN, CONVERSION
from analytics.models import AIInsight, UserBehaviorProfile
from analytics.models.choices import InsightType, PredictionBasis, Priority

#: The specification's threshold of churn; conversion is rarer.
_LEAST = {CHURN: 0.7, CONVERSION: 0.5}

#: How much likelier than the usual person somebody must be, in odds.
_LEAST_LIFT = 2.0

#: A list that nobody reads to its end helps nobody.
_MOST_A_RUN = 50

_TYPES = {CHURN: InsightType.CHURN_RISK, CONVERSION: InsightType.CONVERSION_OPPORTUNITY}
_COLUMNS = {
    CHURN: ("churn_risk_score", "churn_risk_basis"),
    CONVERSION: ("conversion_probability", "conversion_basis"),
}
_ACTIONS = {
    CHURN: ("send_retention_email", "offer_discount"),
    CONVERSION: ("send_offer", "show_recommendations"),
}


def claims_about_people() -> list[Claim]:
    """The users who stand out most, from their profiles."""
    return [claim for name in (CHURN, CONVERSION) for claim in _claims(name)]


def claim_about(user_id: int, name: str, score: float, evidence: dict[str, Any]) -> Claim | None:
    """The claim about one user, if the model is in use and the score stands out."""
    current = models.current(name)
    if not models.is_ready(current) or score < _threshold(name, current):
        return None
    return _claim(name, current, user_id, score, evidence)


def _claims(name: str) -> list[Claim]:
    current = models.current(name)
    if not models.is_ready(current):
        return []
    score, basis = _COLUMNS[name]
    found = UserBehaviorProfile.objects.filter(
        **{basis: PredictionBasis.MODEL, f"{score}__gte": _threshold(name, current)}
    ).order_by(f"-{score}", "user_id")
    rows = found.values_list("user_id", score)[:_MOST_A_RUN]
    return [_claim(name, current, user_id, probability, {}) for user_id, probability in rows]


def _threshold(name: str, current: Current) -> float:
    odds = _LEAST_LIFT * _usual_odds(current)
    return max(_LEAST[name], odds / (1 + odds))


def _claim(name: str, current: Current, user_id: int, score: float, evidence: dict[str, Any]) -> Claim:
    start = _window_start(current)
    end = start + timedelta(days=current.horizon_days)
    what = "leave" if name == CHURN else "convert"
    days = current.horizon_days
    description = (
        f"The chance that this user is not there within {days} days is {score:.0%}"
        if name == CHURN
        else f"The chance that this user converts within {days} days is {score:.0%}"
    )
    return Claim(
        insight_type=_TYPES[name],
        target_type="user",
        target_id=str(user_id),
        title="High Churn Risk Detected" if name == CHURN else "Likely to convert soon",
        description=f"{description.replace('%', ' %')}; {np.round(_lift(current, score), 1)} times the usual odds.",
        confidence=score,
        window_start=start,
        window_end=end,
        expires_at=end,
        priority=Priority.HIGH if name == CHURN else Priority.MEDIUM,
        suggested_actions=_ACTIONS[name],
        model_name=name,
        model_version=current.version,
        input_features=tuple(current.card.get("features") or ()),
        evidence={
            "analysis": f"predictions/{name}",
            "parameters": {"user_id": user_id, "horizon_days": days},
            "expected": {"outcome": what, "probability": round(score, 4)},
            "backtest": current.backtest,
            "trained_on": {"rows": current.card.get("rows"), "cutoffs": current.card.get("cutoffs")},
            **evidence,
        },
    )


def _lift(current: Current, score: float) -> float:
    return score / max(1 - score, 1e-9) / max(_usual_odds(current), 1e-9)


def _usual_odds(current: Current) -> float:
    """The odds of the outcome among the rows that taught the model."""
    base = float((current.card.get("positives") or 0) / max(current.card.get("rows") or 1, 1))
    return base / max(1 - base, 1e-9)


def _window_start(current: Current) -> datetime:
    """The start of a calendar stretch of one horizon, so that a claim is made once in it and not every day."""
    from eventlake.periods import day_start

    zone = conf.get().zone
    today = clock.today(zone)
    days = max(current.horizon_days, 1)
    return day_start(today - timedelta(days=today.toordinal() % days), zone)


def judge_outcomes() -> int:
    """Say of claims about people whose time is over whether they came true; the number judged.

    A claim is judged over one horizon from when it was made, as it says, however late in its window that was: a shorter
    time would prove it right too easily.
    """
    from analytics.store.outcomes import users_seen

    over = AIInsight.objects.filter(
        insight_type=InsightType.CHURN_RISK,
        target_type="user",
        window_end__lte=clock.now(),
        output_data__outcome__isnull=True,
    ).order_by("pk")[:1000]
    by_window: dict[tuple[datetime, datetime], list[AIInsight]] = {}
    for insight in over:
        window = _judged_over(insight)
        if window is not None and window[1] <= clock.now():
            by_window.setdefault(window, []).append(insight)
    for (from_at, to_at), insights in by_window.items():
        seen = users_seen({int(insight.target_id) for insight in insights}, from_at, to_at)
        for insight in insights:
            outcome = WRONG if int(insight.target_id) in seen else RIGHT
            insight.output_data = {**insight.output_data, "outcome": outcome}
    judged = [insight for insights in by_window.values() for insight in insights]
    AIInsight.objects.bulk_update(judged, ["output_data"], batch_size=500)
    return len(judged)


def _judged_over(insight: AIInsight) -> tuple[datetime, datetime] | None:
    """The horizon that a claim spoke of, which begins when it was made; its window is as long.

    From a whole minute on, so that the claims of one run are judged by one question.
    """
    if insight.window_start is None or insight.window_end is None:
        return None
    made_at = insight.created_at
    whole = made_at.replace(second=0, microsecond=0)
    from_at = max(insight.window_start, whole if whole == made_at else whole + timedelta(minutes=1))
    return from_at, from_at + (insight.window_end - insight.window_start)
