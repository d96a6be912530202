"""Driver trees: parts that sum up to the change, exactly, whatever the numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.metrics.drivers import explain, in_places, share_out
from analytics.metrics.registry import find_metric
from analytics.tests.population import load
from analytics.tests.test_metrics import TODAY, MetricsCase, happened

_FACTORS = st.lists(st.none() | st.fractions(0, 1000, max_denominator=97), min_size=4, max_size=4)


class ArithmeticTest(SimpleTestCase):
    """Sharing a change of a product out."""

    @given(_FACTORS, _FACTORS)
    def test_parts_sum_up_to_the_change_of_the_product(
        self, before: list[Fraction | None], now: list[Fraction | None]
    ) -> None:
        def product(values: list[Fraction | None], others: list[Fraction | None]) -> Fraction:
            result = Fraction(1)
            for value, other in zip(values, others, strict=True):
                result *= value if value is not None else other if other is not None else 0
            return result

        self.assertEqual(sum(share_out(before, now)), product(now, before) - product(before, now))

    @given(_FACTORS)
    def test_nothing_that_changed_is_nothing_to_share(self, values: list[Fraction | None]) -> None:
        self.assertEqual(share_out(values, values), [0, 0, 0, 0])

    @given(st.lists(st.fractions(-1000, 1000, max_denominator=97), min_size=1, max_size=6))
    def test_rounded_parts_still_sum_up(self, parts: list[Fraction]) -> None:
        exact = sum(parts)
        total = Decimal(round(exact * 10_000)).scaleb(-4)
        self.assertEqual(sum(in_places(parts, total)), total)


class TreeTest(MetricsCase):
    """The trees of events."""

    def setUp(self) -> None:
        super().setUp()
        load([
            # the week before: two people, one of whom pays 10 twice
            happened("seen", "ann", 8), happened("seen", "bob", 9),
            happened("payment_succeeded", "ann", 8, revenue_impact=Decimal("10.00")),
            happened("payment_succeeded", "ann", 9, revenue_impact=Decimal("10.00")),
            # last week: ann stayed and pays 30, cat is new, dan was there long ago; something is given back
            happened("payment_succeeded", "ann", 1, revenue_impact=Decimal("30.00")),
            happened("refund", "ann", 1, revenue_impact=Decimal("-5.00")),
            happened("seen", "cat", 2), happened("seen", "dan", 2), happened("seen", "dan", 60),
        ])  # fmt: skip
        self.week = (date(2026, 5, 25), TODAY)

    def test_active_users(self) -> None:
        tree = explain(find_metric("weekly_active_users"), *self.week)
        parts = {driver.name: int(driver.contribution) for driver in tree.drivers}
        self.assertEqual((tree.previous_value, tree.value), (2, 3))
        self.assertEqual(parts, {"new": 1, "resurrected": 1, "lost": -1})
        self.assertEqual(sum(parts.values()), tree.change)

    def test_revenue(self) -> None:
        tree = explain(find_metric("revenue"), *self.week)
        self.assertEqual((tree.previous_value, tree.value), (Decimal(20), Decimal(25)))
        parts = {driver.name: driver.contribution for driver in tree.drivers}
        self.assertEqual(sum(parts.values()), Decimal(5))
        self.assertEqual(parts["other_revenue"], Decimal(-5))
        self.assertGreater(parts["active_users"], 0)  # 3 people after 2
        self.assertLess(parts["payments_per_payer"], 0)  # 1 after 2
        self.assertGreater(parts["revenue_per_payment"], 0)  # 30 after 10

    def test_weeks_without_anybody_have_a_tree_too(self) -> None:
        for name in ("revenue", "daily_active_users"):
            with self.subTest(name):
                tree = explain(find_metric(name), date(2026, 4, 15), date(2026, 4, 20))
                self.assertEqual(sum(driver.contribution for driver in tree.drivers), tree.change)

    def test_other_metrics_have_none(self) -> None:
        with self.assertRaisesMessage(BadInput, "has no driver tree"):
            explain(find_metric("error_rate"), *self.week)
