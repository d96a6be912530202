"""Every model of analytics in Django's admin, dressed by django-unfold.

What is a record (events, ledger, receipts, merges) can be looked at and not changed by hand; what people decide
(verdicts, thresholds, names, whether a key is on) can. Acts go through the engines' public functions.
"""

from analytics.admin import (
    boards,
    cohorts,
    delivery,
    events,
    ingestion,
    intelligence,
    metrics,
    people,
    upkeep,
)

__all__ = [
    "boards",
    "cohorts",
    "delivery",
    "events",
    "ingestion",
    "intelligence",
    "metrics",
    "people",
    "upkeep",
]
