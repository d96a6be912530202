"""Funnels of three and four steps within seven days: ordered, strict, unordered. Persons of each step are compared.

Ours also works out how long the steps took. The last step of the strict ones is another, because nobody pays as the
very next thing after asking for a place.
"""

from __future__ import annotations

from collections.abc import Iterable

from bench.lake.data import END, START
from bench.lake.shapes import Ours, Question, Row, Sql
from eventlake.analyses.funnel import funnel
from eventlake.analyses.funnel_question import FunnelAnswer, FunnelQuestion, FunnelStep, Order

_WINDOW_S = 7 * 86_400

_STEPS = {
    Order.ORDERED: ("page_view", "meetup_viewed", "meetup_requested", "payment_succeeded"),
    Order.STRICT: ("page_view", "meetup_viewed", "meetup_requested", "checkout_started"),
    Order.UNORDERED: ("page_view", "meetup_viewed", "meetup_requested", "payment_succeeded"),
}


def _rows(answer: FunnelAnswer) -> list[Iterable[Row]]:
    return [[[step.persons for step in answer.steps]]]


def _funnel(order: Order, count: int) -> Question:
    name = f"funnel_{count}_{order}"
    statements = (Sql(name, keys=0),)
    steps = tuple(FunnelStep(event) for event in _STEPS[order][-count:])
    question = FunnelQuestion(START, END, steps, _WINDOW_S, order=order)
    ours = Ours(funnel, lambda person: question, _rows)
    return Question(name, f"Funnel of {count} steps, {order}", ours, statements, statements)


FUNNELS = tuple(_funnel(order, count) for order in _STEPS for count in (3, 4))
