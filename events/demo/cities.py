"""The cities of the product: the euro's, so that sums of money mean something, over three time zones."""

from __future__ import annotations

from dataclasses import dataclass

CURRENCY = "EUR"


@dataclass(frozen=True)
class City:
    """A city, its time zone and its share of the members (relative)."""

    name: str
    zone: str
    weight: float


CITIES: tuple[City, ...] = (
    City("Berlin", "Europe/Berlin", 24),
    City("Lisbon", "Europe/Lisbon", 16),
    City("Madrid", "Europe/Madrid", 16),
    City("Amsterdam", "Europe/Amsterdam", 12),
    City("Dublin", "Europe/Dublin", 10),
    City("Vienna", "Europe/Vienna", 9),
    City("Athens", "Europe/Athens", 7),
    City("Helsinki", "Europe/Helsinki", 6),
)

_USERS_A_CITY = 40


def cities_for(users: int) -> tuple[City, ...]:
    """As many cities as so many members can fill."""
    return CITIES[: max(1, min(len(CITIES), users // _USERS_A_CITY))]
