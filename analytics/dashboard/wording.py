"""Numbers, lengths and ranges as a reader of the present language expects them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

Number = int | float | Decimal

#: From here on a figure is shortened: eight digits with their separators no longer fit a card on a phone.
_SHORT_FROM = 10_000_000
_UNITS: tuple[tuple[int, str], ...] = ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"))


def number(value: Number, decimals: int = 0) -> str:
    """A number with the separators of the language.

    Example:
        >>> number(1234567), number(1.25, 1)
        ('1,234,567', '1.3')
    """
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding="ROUND_HALF_UP")
    return str(number_format(rounded, decimals, force_grouping=True))


def short_number(value: Number, decimals: int = 0) -> str:
    """The same, in millions and more where it would grow too long.

    Example:
        >>> short_number(9999999), short_number(12340000)
        ('9,999,999', '12.3M')
    """
    exact = Decimal(str(value))
    if abs(exact) < _SHORT_FROM:
        return number(value, decimals)
    size, unit = next((size, unit) for size, unit in _UNITS if abs(exact) >= size)
    return f"{number(exact / size, 1)}{unit}"


def percent(value: float, decimals: int = 1) -> str:
    """A percentage."""
    return _("%(number)s%%") % {"number": number(value, decimals)}


def measured(value: float, unit: str) -> str:
    """A value of a metric in its unit.

    Example:
        >>> measured(12.345, "percent"), measured(1234.5, "money"), measured(75, "seconds"), measured(0.25, "number")
        ('12.3%', '1,234.50', '1m 15s', '0.25')
    """
    if unit == "percent":
        return percent(value)
    if unit == "seconds":
        return length(value)
    if unit == "milliseconds":
        return _("%(number)s ms") % {"number": number(value)}
    if unit in ("persons", "events"):
        return short_number(value)
    return short_number(value, 0 if value == int(value) and unit != "money" else 2)


def length(seconds: float) -> str:
    """A length of time, to the second.

    Example:
        >>> length(0.4), length(125), length(7260)
        ('0s', '2m 05s', '2h 01m')
    """
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)sh %(minutes)02dm") % {"hours": number(hours), "minutes": minutes}
    if minutes:
        return _("%(minutes)sm %(seconds)02ds") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)ss") % {"seconds": rest}


def day(value: date) -> str:
    """A day."""
    return date_format(value, "DATE_FORMAT")


def days(first: date, last: date) -> str:
    """A range of days, both included."""
    if first == last:
        return day(first)
    return _("%(first)s – %(last)s") % {"first": day(first), "last": day(last)}  # noqa: RUF001 - the dash of ranges


def days_of(from_at: datetime, to_at: datetime) -> str:
    """The local days that a half-open range of instants in a zone touches."""
    return days(from_at.date(), (to_at - timedelta(microseconds=1)).date())
