"""For the tests of projects that use analytics: what was tracked, and assertions that say what was tracked instead.

pytest gets fixtures (`analytics.testing.plugin`, found by its entry point), unittest a mixin. This module is loaded
before Django is set up, so what needs models comes at its first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["AnalyticsTestMixin", "TrackedEvents", "capture_events"]

if TYPE_CHECKING:
    from analytics.testing.cases import AnalyticsTestMixin
    from analytics.testing.tracked import TrackedEvents, capture_events


def __getattr__(name: str) -> Any:
    if name == "AnalyticsTestMixin":
        from analytics.testing.cases import AnalyticsTestMixin

        return AnalyticsTestMixin
    if name in __all__:
        from analytics.testing import tracked

        return getattr(tracked, name)
    raise AttributeError(f"module 'analytics.testing' has no attribute {name!r}")
