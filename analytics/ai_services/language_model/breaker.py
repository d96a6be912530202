"""Silence towards an endpoint that fails: after repeated faults, or when it asks for a break.

The state is in the cache, so one process's faults spare the others. The first question after a pause is the
probe: its fault pauses again at once, its success forgets what was before.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from analytics import clock
from analytics.ai_services.language_model.daily import CacheAway

FAULTS_IN_A_ROW = 5  # fewer would let one lost packet silence it, more would keep five callers waiting
PAUSE_S = 60.0
MAX_PAUSE_S = 3600.0  # however long an endpoint asks for, an hour later it is worth one request
FAULTS_KEPT_S = 600  # faults further apart than this are not in a row


@dataclass(frozen=True, slots=True)
class Breaker:
    """The faults of one endpoint. **Errors**: every method raises `CacheAway`."""

    endpoint: str

    def is_open(self) -> bool:
        """True while nothing may be sent."""
        try:
            until_s = cache.get(self._pause_key)
        except Exception as error:  # each cache backend has errors of its own
            raise CacheAway from error
        return until_s is not None and clock.now().timestamp() < float(until_s)

    def note_fault(self, *, pause_s: float | None = None) -> None:
        """Count a fault; pause when there were enough in a row, or for `pause_s` when the endpoint named a time."""
        try:
            cache.add(self._faults_key, 0, FAULTS_KEPT_S)
            faults = int(cache.incr(self._faults_key))
            if pause_s is None and faults < FAULTS_IN_A_ROW:
                return
            length_s = min(PAUSE_S if pause_s is None else max(pause_s, 0.0), MAX_PAUSE_S)
            until_s = clock.now().timestamp() + length_s
            cache.set(self._pause_key, until_s, int(MAX_PAUSE_S))
        except Exception as error:  # each cache backend has errors of its own
            raise CacheAway from error

    def note_success(self) -> None:
        """Forget the faults so far."""
        try:
            cache.delete(self._faults_key)
        except Exception as error:  # each cache backend has errors of its own
            raise CacheAway from error

    @property
    def _faults_key(self) -> str:
        return f"analytics:language_model:faults:{self.endpoint}"

    @property
    def _pause_key(self) -> str:
        return f"analytics:language_model:pause:{self.endpoint}"
