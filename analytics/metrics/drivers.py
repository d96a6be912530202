"""Driver trees: a change of revenue or of active users taken apart into parts that sum up to it exactly.

Active users change by arithmetic: those who are new and those who came back, less those who stayed away.

Revenue is a product: people, times the share of them who paid, times payments a payer, times revenue a payment; and
what is no payment (refunds and the like) beside it. The change of a product is shared out by Shapley values: the
effect of each factor, averaged over all orders in which the factors could have changed. Fractions keep it exact; a
factor that cannot be told in one of the ranges (payments a payer, without a payer) is taken as it was in the other.

**Source**: Shapley, "A value for n-person games" (1953); for decompositions: Albrecht, François and Schoors, "A Shapley
decomposition of carbon emissions without residuals", Energy Policy 30 (2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from math import prod
from typing import TYPE_CHECKING

from analytics import conf
from analytics.errors import BadInput
from analytics.event_names import Known, own_name
from analytics.metrics.metric import Metric
from analytics.metrics.rows import start_of
from analytics.store import asking

if TYPE_CHECKING:
    from eventlake.analyses.trends_question import Line, TrendsAnswer
    from eventlake.proof import Proof

MOST_DAYS = 366


@dataclass(frozen=True)
class Driver:
    """One part: its own values in both ranges where it has some, and what it adds to the change."""

    name: str
    previous_value: Decimal | None
    value: Decimal | None
    contribution: Decimal


@dataclass(frozen=True)
class Tree:
    """A change and its parts; the contributions sum up to `change` to the last digit.

    `first` to `last` are compared with as many days before them.
    """

    name: str
    first: date
    last: date
    value: Decimal
    previous_value: Decimal
    drivers: tuple[Driver, ...]
    proof: Proof

    @property
    def change(self) -> Decimal:
        """What there is to explain."""
        return self.value - self.previous_value


def explain(metric: type[Metric], first: date, last: date) -> Tree:
    """The tree of a metric over some days. **Errors**: `BadInput` for a metric without one, or days that are none."""
    if metric.tree not in _TREES:
        raise BadInput(
            f"{metric.name} has no driver tree; revenue and the active users have one", code="no_tree"
        )
    if first > last:
        raise BadInput("the first day lies after the last one", code="bad_range")
    if (last - first).days >= MOST_DAYS:
        raise BadInput(f"at most {MOST_DAYS} days", code="bad_range")
    return _TREES[metric.tree](first, last)


def share_out(before: Sequence[Fraction | None], now: Sequence[Fraction | None]) -> list[Fraction]:
    """What each factor adds to the change of the product of all, by Shapley; they sum up to it exactly.

    Example:
        >>> [str(part) for part in share_out([Fraction(2), Fraction(5)], [Fraction(3), Fraction(7)])]
        ['6', '5']
    """
    old = [_known(a, b) for a, b in zip(before, now, strict=True)]
    new = [_known(b, a) for a, b in zip(before, now, strict=True)]
    effects = [Fraction(0)] * len(old)
    orders = list(permutations(range(len(old))))
    for order in orders:
        values = list(old)
        for factor in order:
            earlier = prod(values, start=Fraction(1))
            values[factor] = new[factor]
            effects[factor] += prod(values, start=Fraction(1)) - earlier
    return [effect / len(orders) for effect in effects]


def in_places(parts: Sequence[Fraction], total: Decimal, places: int = 4) -> list[Decimal]:
    """Parts as decimals of so many places that still sum up to the total: the largest remainders are rounded up.

    Example:
        >>> [str(part) for part in in_places([Fraction(1, 3)] * 3, Decimal(1), places=1)]
        ['0.4', '0.3', '0.3']
    """
    unit = Fraction(1, 10**places)
    floors = [part // unit for part in parts]
    missing = int(Fraction(total) / unit) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda n: floors[n] - parts[n] / unit)
    for place in by_remainder[:missing]:
        floors[place] += 1
    return [Decimal(floor).scaleb(-places) for floor in floors]


def _active_users(first: date, last: date) -> Tree:
    from eventlake.analyses.active_change import ActiveChangeQuestion, active_change

    question = ActiveChangeQuestion(
        start_of(first),
        start_of(last + timedelta(days=1)),
        start_of(_before(first, last)),
        str(conf.get().zone),
    )
    found = asking.ask(active_change, question)
    parts = (("new", found.new), ("resurrected", found.resurrected), ("lost", -found.lost))
    drivers = tuple(Driver(name, None, None, Decimal(count)) for name, count in parts)
    return Tree("active_users", first, last, Decimal(found.now), Decimal(found.before), drivers, found.proof)


def _revenue(first: date, last: date) -> Tree:
    answer = _revenue_figures(first, last)
    now, before = _totals(answer.lines), _totals(answer.previous or ())
    factors_now, factors_before = _factors(now), _factors(before)
    contributions = [*share_out(factors_before, factors_now), (now[4] - now[3]) - (before[4] - before[3])]
    value, previous_value = _money(now[4]), _money(before[4])
    values = [*factors_now, now[4] - now[3]]
    earlier = [*factors_before, before[4] - before[3]]
    drivers = tuple(
        Driver(name, _plain(old), _plain(new), contribution)
        for name, old, new, contribution in zip(
            _REVENUE_DRIVERS, earlier, values, in_places(contributions, value - previous_value), strict=True
        )
    )
    return Tree("revenue", first, last, value, previous_value, drivers, answer.proof)


#: People, the share of them who paid, payments a payer, revenue a payment, and revenue of anything else.
_REVENUE_DRIVERS = (
    "active_users",
    "paying_ratio",
    "payments_per_payer",
    "revenue_per_payment",
    "other_revenue",
)
_TREES = {"active_users": _active_users, "revenue": _revenue}


def _revenue_figures(first: date, last: date) -> TrendsAnswer:
    """Totals of people, payers, payments, their revenue, and all revenue, of the range and the one before."""
    from eventlake.analyses.measures import Measure
    from eventlake.analyses.properties import Property, Scope
    from eventlake.analyses.trends import trends
    from eventlake.analyses.trends_question import Series, TrendsQuestion

    paid = own_name(Known.PAID)
    revenue = Property("revenue_impact", Scope.COLUMN)
    question = TrendsQuestion(
        start_of(first),
        start_of(last + timedelta(days=1)),
        str(conf.get().zone),
        (
            Series(Measure.PERSONS),
            Series(Measure.PERSONS, paid),
            Series(Measure.COUNT, paid),
            Series(Measure.SUM, paid, revenue),
            Series(Measure.SUM, None, revenue),
        ),
        compare_previous=True,
    )
    return asking.ask(trends, question)


def _totals(lines: Sequence[Line]) -> list[Fraction]:
    """People, payers, payments, their revenue, all revenue. What nobody known has paid is no revenue of a payment."""
    people, payers, payments, paid, revenue = (
        Fraction(str(round(float(line.total or 0), 4))) for line in lines
    )
    return [people, payers, payments, paid if people and payers and payments else Fraction(0), revenue]


def _factors(totals: Sequence[Fraction]) -> list[Fraction | None]:
    """Of people, payers, payments and their revenue: the factors whose product is the last of them."""
    people, payers, payments, revenue, _ = totals
    pairs = ((payers, people), (payments, payers), (revenue, payments))
    return [people, *(upper / lower if lower else None for upper, lower in pairs)]


def _known(value: Fraction | None, other: Fraction | None) -> Fraction:
    return value if value is not None else other if other is not None else Fraction(0)


def _plain(value: Fraction | None) -> Decimal | None:
    return None if value is None else Decimal(str(round(float(value), 4)))


def _money(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _before(first: date, last: date) -> date:
    return first - (last - first) - timedelta(days=1)
