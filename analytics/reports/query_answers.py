"""Answers of the analyses as plain values, under the keys that API.md names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventlake.analyses.funnel_question import FunnelAnswer, StepFigures
    from eventlake.analyses.lifecycle import LifecycleAnswer
    from eventlake.analyses.paths_question import PathsAnswer
    from eventlake.analyses.retention import RetentionAnswer
    from eventlake.analyses.sessions import SessionsAnswer
    from eventlake.analyses.stickiness import StickinessAnswer
    from eventlake.analyses.trends_question import Line, TrendsAnswer


def trends(found: TrendsAnswer) -> dict[str, Any]:
    """Lines over buckets; `previous` is None where no comparison was asked for."""
    previous = None
    if found.previous is not None:
        previous = {"buckets": found.previous_buckets, "series": _lines(found.previous)}
    return {"buckets": found.buckets, "series": _lines(found.lines), "previous": previous}


def funnel(found: FunnelAnswer) -> dict[str, Any]:
    """Steps, and by value of the breakdown; `breakdowns` is None without one."""
    groups = None
    if found.groups is not None:
        groups = [
            {"value": group.value, "is_other": group.is_other, "steps": _steps(group.steps)}
            for group in found.groups
        ]
    return {"steps": _steps(found.steps), "breakdowns": groups}


def retention(found: RetentionAnswer) -> dict[str, Any]:
    """One cohort a period."""
    return {"cohorts": [asdict(cohort) for cohort in found.cohorts]}


def paths(found: PathsAnswer) -> dict[str, Any]:
    """The largest links."""
    return {"links": [asdict(link) for link in found.links]}


def lifecycle(found: LifecycleAnswer) -> dict[str, Any]:
    """Persons a bucket."""
    return {
        "buckets": found.buckets,
        "new": found.new,
        "returning": found.returning,
        "resurrecting": found.resurrecting,
        "dormant": found.dormant,
    }


def stickiness(found: StickinessAnswer) -> dict[str, Any]:
    """Persons by number of days."""
    return {"counts": found.counts, "persons": found.persons}


def sessions(found: SessionsAnswer) -> dict[str, Any]:
    """How many, how long, how busy; None where there were none."""
    figures = found.figures
    return {
        "sessions": figures.sessions,
        "avg_seconds": figures.avg_s,
        "median_seconds": figures.median_s,
        "events_per_session": figures.events_per_session,
        "bounce_ratio": figures.bounce_ratio,
    }


def _lines(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [
        {
            "label": line.label,
            "breakdown_value": line.breakdown,
            "is_other": line.is_other,
            "values": line.values,
            "total": line.total,
        }
        for line in lines
    ]


def _steps(steps: Sequence[StepFigures]) -> list[dict[str, Any]]:
    return [
        {
            "event": step.event,
            "persons": step.persons,
            "conversion_ratio": step.conversion_ratio,
            "previous_ratio": step.previous_ratio,
            "median_seconds_from_previous": step.median_s,
        }
        for step in steps
    ]
