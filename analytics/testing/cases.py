"""`AnalyticsTestMixin`: the assertions for Django's `TestCase` and `TransactionTestCase`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.testing.tracked import TrackedEvents, capture_events


class AnalyticsTestMixin:
    """Captures the events of each test; put it before the test case.

    Example::

        class CheckoutTest(AnalyticsTestMixin, TestCase):
            def test_an_order_is_tracked(self) -> None:
                self.client.post("/checkout/")
                self.assert_tracked("order_paid", {"total": 20}, times=1)
    """

    analytics_events: TrackedEvents

    def setUp(self) -> None:
        """Begin to capture; what a class prepared for all of its tests is not among the events."""
        super().setUp()  # type: ignore[misc]  # of the test case that follows
        self.analytics_events = self.enterContext(capture_events())  # type: ignore[attr-defined]

    def assert_tracked(
        self,
        event_name: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        times: int | None = None,
        **columns: Any,
    ) -> None:
        """As `TrackedEvents.assert_tracked`."""
        self.analytics_events.assert_tracked(event_name, metadata, times=times, **columns)

    def assert_not_tracked(
        self, event_name: str, metadata: Mapping[str, Any] | None = None, **columns: Any
    ) -> None:
        """As `TrackedEvents.assert_not_tracked`."""
        self.analytics_events.assert_not_tracked(event_name, metadata, **columns)
