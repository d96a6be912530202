"""The demo's payment gateway: no money moves, nothing leaves the machine, and failures are declared.

Any card number that passes the Luhn check is accepted, except the failure cards below, so that a visitor can
see what a failed payment looks like.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

FAILURE_CARDS = {
    "4000000000000002": "card_declined",
    "4000000000009995": "insufficient_funds",
    "4000000000000069": "expired_card",
}
SUCCESS_CARD = "4242424242424242"


@dataclass(frozen=True)
class Charge:
    """The gateway's answer; `failure_code` is empty after success."""

    amount: Decimal
    currency: str
    failure_code: str = ""

    @property
    def is_successful(self) -> bool:
        """Whether the money would have moved."""
        return not self.failure_code


def charge(card_number: str, amount: Decimal, currency: str) -> Charge:
    """Pretend to charge a card.

    Example:
        >>> charge("4242 4242 4242 4242", Decimal("9.50"), "EUR").is_successful
        True
        >>> charge("4000 0000 0000 0002", Decimal("9.50"), "EUR").failure_code
        'card_declined'
    """
    digits = "".join(card_number.split())
    if digits in FAILURE_CARDS:
        return Charge(amount, currency, FAILURE_CARDS[digits])
    return Charge(amount, currency, "" if _is_valid(digits) else "invalid_number")


def _is_valid(digits: str) -> bool:
    """The Luhn check. Source: ISO/IEC 7812-1, annex B."""
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
