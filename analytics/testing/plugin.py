"""The pytest plugin `loopin_analytics`: fixtures that need pytest-django and nothing else of the project.

pytest loads this before Django is set up, so nothing of Django is imported until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from analytics.testing.tracked import TrackedEvents


@pytest.fixture
def analytics_events(db: None) -> Iterator[TrackedEvents]:
    """The events of this test, oldest first; what is rolled back is not among them."""
    from analytics.testing.tracked import capture_events

    with capture_events() as events:
        yield events


@pytest.fixture
def assert_tracked(analytics_events: TrackedEvents) -> Callable[..., None]:
    """`assert_tracked("order_paid", metadata={"total": 20}, times=1)`; see `TrackedEvents.assert_tracked`."""
    return analytics_events.assert_tracked


@pytest.fixture
def assert_not_tracked(analytics_events: TrackedEvents) -> Callable[..., None]:
    """`assert_not_tracked("order_paid")`; see `TrackedEvents.assert_not_tracked`."""
    return analytics_events.assert_not_tracked
