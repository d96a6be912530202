"""Funnels of three and four steps within seven days: ordered, strict, unordered. Persons of each step are compared.

The last step of the strict ones is another, because nothing that asks for a place is followed by a payment at once.
"""

from __future__ import annotations

from bench.lake.shapes import Question, Sql

_STEPS = {
    "ordered": ("page_view", "meetup_viewed", "meetup_requested", "payment_succeeded"),
    "strict": ("page_view", "meetup_viewed", "meetup_requested", "checkout_started"),
    "unordered": ("page_view", "meetup_viewed", "meetup_requested", "payment_succeeded"),
}


def _funnel(order: str, steps: int) -> Question:
    name = f"funnel_{steps}_{order}"
    statements = (Sql(name, keys=0),)
    return Question(name, f"Funnel of {steps} steps, {order}", None, statements, statements)


FUNNELS = tuple(_funnel(order, steps) for order in _STEPS for steps in (3, 4))
