"""The one error that the embedded servers raise."""

from __future__ import annotations


class EmbeddedServerError(RuntimeError):
    """A server could not be made, started or stopped; the text says why and what to do."""
