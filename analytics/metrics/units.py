"""Units of metrics, and how a value reads in a message."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """What a value is counted in."""

    PERSONS = "persons"
    EVENTS = "events"
    PERCENT = "percent"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MONEY = "money"
    NUMBER = "number"


_SUFFIXES = {Unit.PERCENT: " %", Unit.SECONDS: " s", Unit.MILLISECONDS: " ms"}


def in_words(value: float | None, unit: str) -> str:
    """A value as text, the same in every language: for messages that leave the house.

    Example:
        >>> in_words(12.5, "percent"), in_words(1234.0, "persons"), in_words(None, "money")
        ('12.5 %', '1,234', 'no value')
    """
    if value is None:
        return "no value"
    places = 2 if unit == Unit.MONEY else 0 if unit in (Unit.PERSONS, Unit.EVENTS) else 1
    text = f"{value:,.{places}f}"
    return text + _SUFFIXES.get(Unit(unit) if unit in list(Unit) else Unit.NUMBER, "")
