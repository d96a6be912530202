"""Product analytics that lives inside a Django project.

`track` is the one function a host project needs; everything else is reached through the
sub-packages. This module stays free of models, so that it can be imported before Django is set up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics.version import __version__

__all__ = ["__version__", "track"]

if TYPE_CHECKING:
    from analytics.ingestion.capture import track


def __getattr__(name: str) -> Any:
    """Load `analytics.track` on first use, when the app registry is ready."""
    if name == "track":
        from analytics.ingestion.capture import track

        return track
    raise AttributeError(f"module 'analytics' has no attribute {name!r}")
