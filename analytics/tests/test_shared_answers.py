"""Answers that all processes share: kept while nothing changes, and never stale."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.cache import cache

from analytics import clock
from analytics.ai_services.insights.claims import put_claims
from analytics.reports import intelligence, overview
from analytics.reports.shared_answers import get_analytics_overview_cached, get_user_behavior_cached
from analytics.tests.cast import LakeTestCase, alice
from analytics.tests.population import NOW, load, visit_of
from analytics.tests.test_insights import claim


class SharedAnswersTest(LakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        cache.clear()
        self.user = alice()
        load([visit_of(self.user, "page_viewed", NOW - timedelta(hours=1))])
        self.enterContext(clock.frozen(NOW))

    def counted(self, module: Any, name: str) -> mock.MagicMock:
        return self.enterContext(mock.patch.object(module, name, wraps=getattr(module, name)))

    def test_an_overview_is_worked_out_once_while_nothing_changes(self) -> None:
        worked_out = self.counted(overview, "overview")
        first = get_analytics_overview_cached(7)
        self.assertEqual(get_analytics_overview_cached(7), first)
        self.assertEqual((worked_out.call_count, first["total_events"]), (1, 1))
        get_analytics_overview_cached(8)
        self.assertEqual(worked_out.call_count, 2)

    def test_a_new_event_or_insight_is_in_the_next_answer(self) -> None:
        get_analytics_overview_cached(7)
        load([visit_of(self.user, "page_viewed", NOW - timedelta(minutes=5))])
        self.assertEqual(get_analytics_overview_cached(7)["total_events"], 2)
        put_claims([claim(str(self.user.pk))])
        self.assertEqual(len(get_analytics_overview_cached(7)["top_insights"]), 1)

    def test_the_next_minute_is_another_question(self) -> None:
        worked_out = self.counted(overview, "overview")
        get_analytics_overview_cached(7)
        with clock.frozen(NOW + timedelta(minutes=1)):
            get_analytics_overview_cached(7)
        self.assertEqual(worked_out.call_count, 2)

    def test_behaviour_is_kept_by_user_and_days(self) -> None:
        worked_out = self.counted(intelligence, "behavior_of")
        first = get_user_behavior_cached(self.user.pk, 30)
        self.assertEqual(get_user_behavior_cached(self.user.pk, 30), first)
        self.assertEqual(worked_out.call_count, 1)
        get_user_behavior_cached(self.user.pk, 31)
        self.assertEqual(worked_out.call_count, 2)

    def test_a_cache_that_is_away_costs_only_time(self) -> None:
        with (
            mock.patch.object(cache, "get", side_effect=ConnectionError),
            self.assertLogs("analytics.reports", "WARNING"),
        ):
            self.assertEqual(get_analytics_overview_cached(7)["total_events"], 1)
