"""Step that reads money, status and duration out of the properties."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from analytics.ingestion.event import Event

_LIMIT = Decimal("1e8")  # the columns hold eight digits before the point
_CENT = Decimal("0.01")
_INTEGER_LIMIT = 2**31 - 1


def put_money(event: Event) -> None:
    """`revenue_impact` from `revenue` (PostHog) or `revenue`/`total`/`value` (Segment); response figures.

    A value that is no number, or too large for the column, stays in the metadata and warns.
    """
    properties = event.properties
    if event.revenue_impact is None:
        names = ("revenue", "total", "value") if event.arrival.dialect == "segment" else ("revenue",)
        for name in ("revenue_impact", "$revenue", *names):
            if (given := properties.get(name)) is not None:
                event.revenue_impact = _money(event, given)
                break
    if event.conversion_value is None and (given := properties.get("conversion_value")) is not None:
        event.conversion_value = _money(event, given)
    event.response_time_ms = event.response_time_ms or _whole(properties.get("response_time_ms"))
    event.status_code = event.status_code or _whole(properties.get("status_code"))


def _money(event: Event, given: Any) -> Decimal | None:
    amount = to_money(given)
    if amount is None:
        event.warn("amount_not_usable")
    return amount


def to_money(given: Any) -> Decimal | None:
    """An amount with two decimals; None where it is no number or does not fit.

    Example:
        >>> to_money("12.345"), to_money(1e12), to_money("free")
        (Decimal('12.35'), None, None)
    """
    if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(given)).quantize(_CENT, rounding="ROUND_HALF_UP")
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < _LIMIT else None


def _whole(given: Any) -> int | None:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return int(given) if 0 <= given <= _INTEGER_LIMIT else None
