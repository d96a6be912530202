"""Risk factors: plain facts about a person's recent weeks that tend to come before they leave.

Each is a sentence with its figure, and none is a probability: that is what predictions are for.
"""

from __future__ import annotations

from typing import Any

from analytics.ai_services.behaviour.engagement import Trend, trend

#: Days of silence that are worth a word, and how much longer than their usual pause it has to be.
_SILENT_DAYS = 7
_TIMES_USUAL = 3

#: Errors that are worth a word: at least so many, and so large a share of all events.
_LEAST_ERRORS = 3
_ERROR_RATIO = 0.1

_SLOW_MS = 1000


def risk_factors(row: dict[str, Any], *, silent_days: float, days: int) -> list[str]:
    """Sentences, the gravest first; none for somebody without a risk. `silent_days`: since the last event."""
    return [
        sentence
        for sentence in (
            _silence(row, silent_days, days),
            _decline(row),
            _errors(row),
            _slowness(row),
            _once(row),
        )
        if sentence
    ]


def no_activity(days: int) -> list[str]:
    """The risk of somebody who was not there at all."""
    return [f"No activity in the last {days} days"]


def _silence(row: dict[str, Any], silent_days: float, days: int) -> str:
    usual = days / row["active_days"]
    if silent_days < _SILENT_DAYS or (silent_days < _TIMES_USUAL * usual and row["active_days"] > 1):
        return ""
    return f"Not seen for {int(silent_days)} days"


def _decline(row: dict[str, Any]) -> str:
    if trend(row["events"], row["late_events"]) is not Trend.FALLING:
        return ""
    early = row["events"] - row["late_events"]
    return f"Activity fell by {round(100 * (1 - row['late_events'] / early))} % against the first half of the period"


def _errors(row: dict[str, Any]) -> str:
    errors = row["errors"]
    if errors < _LEAST_ERRORS or errors < _ERROR_RATIO * row["events"]:
        return ""
    return f"{errors} of {row['events']} events were errors"


def _slowness(row: dict[str, Any]) -> str:
    measured = row["avg_response_ms"]
    return f"Pages took {measured / 1000:.1f} s on average" if measured and measured >= _SLOW_MS else ""


def _once(row: dict[str, Any]) -> str:
    return "Came on a single day" if row["active_days"] == 1 else ""
