"""Answers that all processes share, as JSON in Django's cache: the specification's caching strategy, never stale.

A key holds everything that the answer depends on (the state of the lake and of the rows beside it, the minute), so
what changes an answer changes its key; the specification's five minutes and one hour only bound how long Redis keeps
it. A cache that does not answer costs the time to work it out.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import orjson
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.db.models import Count, Max

from analytics import clock
from analytics.models import AIInsight, Alert, BusinessMetric, PredictionModel, UserBehaviorProfile
from analytics.reports import intelligence, queries
from analytics.reports import overview as overview_report
from analytics.reports.answering import answering
from analytics.store import kept_answers, lake

logger = logging.getLogger("analytics.reports")

OVERVIEW_LIFETIME_S = 300
BEHAVIOR_LIFETIME_S = 3600

#: Changes whenever the shape of an answer does.
_VERSION = "1"


def get_analytics_overview_cached(days: int = 7) -> dict[str, Any]:
    """The overview as the API gives it. Errors: as `overview.overview`."""

    def make() -> dict[str, Any]:
        return overview_report.overview(days).as_answer()

    found = _kept(
        "analytics_overview",
        [days, *_newest(AIInsight), *_newest(BusinessMetric), *_newest(Alert)],
        OVERVIEW_LIFETIME_S,
        make,
    )
    return _as_of_now(found)


def get_own_overview_cached(days: int, user: AbstractBaseUser) -> dict[str, Any]:
    """The overview of a user's own events. Errors: as `overview.own_overview`."""

    def make() -> dict[str, Any]:
        return overview_report.own_overview(days, user).as_answer()

    found = _kept("own_overview", [days, user.pk, *_newest(AIInsight)], OVERVIEW_LIFETIME_S, make)
    return _as_of_now(found)


def get_user_behavior_cached(user_id: int, days: int = 30) -> dict[str, Any]:
    """The behaviour of a user as the API gives it. Errors: as `intelligence.behavior_of`."""

    def make() -> dict[str, Any]:
        return intelligence.behavior_of(user_id, days)

    profile = UserBehaviorProfile.objects.filter(user_id=user_id).values_list("primary_persona_id", flat=True)
    depends_on = [user_id, days, *profile, PredictionModel.objects.aggregate(newest=Max("pk"))["newest"]]
    return _kept("user_behavior", depends_on, BEHAVIOR_LIFETIME_S, make)


def get_analysis_cached(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The answer of `queries.answer`; one that depends on more than events is never kept. Errors: as there."""

    def make() -> dict[str, Any]:
        return queries.answer(name, given)

    state = queries.state(name, given)
    return _plain(make()) if state is None else _kept(f"query_{name}", [given], OVERVIEW_LIFETIME_S, make)


def _kept(
    name: str, depends_on: list[Any], lifetime_s: int, make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    if connection.in_atomic_block:  # rows are seen that may never be committed
        return _plain(make())
    with answering():
        state = [_VERSION, name, depends_on, lake.state(), clock.next_minute()]
    key = f"{name}:{hashlib.sha256(orjson.dumps(state, default=str)).hexdigest()}"
    try:
        known = kept_answers.find(key)
    except Exception as error:  # whatever the cache's client raises
        logger.warning("the cache cannot be read: %s", type(error).__name__)
        return _plain(make())
    if known is not None:
        return known
    made = _plain(make())
    try:
        kept_answers.keep(key, made, lifetime_s)
    except Exception as error:
        logger.warning("the cache cannot be written: %s", type(error).__name__)
    return made


def _as_of_now(answer: dict[str, Any]) -> dict[str, Any]:
    """Nothing that it depends on has changed, so it is as fresh now as when it was made."""
    return {**answer, "proof": {**answer["proof"], "fresh_to": clock.now().isoformat()}}


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    """What JSON keeps of it, so that an answer is the same whether it was kept or not."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(answer, default=str))
    return found


def _newest(model: Any) -> list[Any]:
    found = model.objects.aggregate(at=Max("updated_at"), rows=Count("pk"))
    return [found["at"], found["rows"]]
