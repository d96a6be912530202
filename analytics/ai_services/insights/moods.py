"""Claims about sentiment: events whose texts have become clearly better or worse than before."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from analytics import clock, conf
from analytics.ai_services.insights.claims import Claim
from analytics.models.choices import InsightType, Priority
from analytics.store.asking import ask

_DAYS = 7
_BEFORE_DAYS = 28

#: Fewer scored texts on either side are an accident, and a smaller difference is not worth a word.
_LEAST_TEXTS = 20
_LEAST_CHANGE = 0.1

#: Two-sided, of a difference of means: about one false claim in 370 comparisons.
_LEAST_Z = 3.0


def claims_about_sentiment() -> list[Claim]:
    """One claim an event whose mean sentiment of the last week differs from that of the four weeks before."""
    from eventlake.analyses.sentiments import SentimentsQuestion, sentiments
    from eventlake.periods import day_start

    zone = conf.get().zone
    end = day_start(clock.today(zone), zone)  # the open day is not judged
    start = end - timedelta(days=_DAYS)
    question = SentimentsQuestion(start - timedelta(days=_BEFORE_DAYS), end, middle_at=start)
    found = ask(sentiments, question)
    return [claim for row in found.events if (claim := _claim(row, start, end)) is not None]


def _claim(row: Any, start: Any, end: Any) -> Claim | None:
    if min(row.texts, row.texts_before) < _LEAST_TEXTS:
        return None
    change = row.mean - row.mean_before
    error = math.sqrt(row.variance / row.texts + row.variance_before / row.texts_before)
    if abs(change) < _LEAST_CHANGE or not error or abs(change) / error < _LEAST_Z:
        return None
    is_worse = change < 0
    return Claim(
        insight_type=InsightType.SENTIMENT,
        target_type="event",
        target_id=row.event_name[:100],
        title=f"Sentiment of {row.event_name} has become {'worse' if is_worse else 'better'}",
        description=(
            f"The mean sentiment of {row.texts} texts of the last {_DAYS} days is {row.mean:+.2f}; of the "
            f"{row.texts_before} texts of the {_BEFORE_DAYS} days before it was {row.mean_before:+.2f}."
        ),
        confidence=math.erf(abs(change) / error / math.sqrt(2)),
        window_start=start,
        window_end=end,
        expires_at=end + timedelta(days=_DAYS),
        priority=Priority.HIGH if is_worse else Priority.LOW,
        suggested_actions=("read_negative_examples",) if is_worse else (),
        model_name="sentiment",
        evidence={
            "analysis": "sentiments",
            "parameters": {"event": row.event_name, "days": _DAYS, "before_days": _BEFORE_DAYS},
            "expected": {"mean": round(row.mean_before, 4), "texts": row.texts_before},
            "actual": {"mean": round(row.mean, 4), "texts": row.texts},
            "z": round(change / error, 2),
        },
    )
