"""Periods in words: "last 7 days", "last month", "since 1 March", "in May", "from ... to ..." in the deployment's zone.

"Last month" is the calendar month before this one, "last 30 days" ends with today. Ends named in words are included.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from analytics import clock, conf
from analytics.ai_services.asking.understood import NotUnderstood
from analytics.ai_services.asking.wording import Wording, phrase

_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "a couple of": 2, "couple of": 2, "thirty": 30, "ninety": 90,
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?!\d)(?:,? \d{{4}})?)"
)
_COUNT = rf"(\d{{1,4}}|{'|'.join(_NUMBERS)})"
_IN = r"(?:(?:in|over|during|for|within|of|from) )?(?:the )?"
_FIRST_YEAR, _LAST_YEAR = 1970, 2199  # as analyses take them
_MAX_DAYS = 3660  # ten years: longer ranges have more days than a chart has places


@dataclass(frozen=True)
class Period:
    """A half-open range as a question writes it, and how many days it has (less than one: hours)."""

    date_from: str
    date_to: str
    days: float

    @property
    def interval(self) -> str:
        """Few enough points for the eye, and enough of them for a shape."""
        for most, name in ((2, "hour"), (92, "day"), (731, "week")):
            if self.days <= most:
                return name
        return "month"


def between(first: date, last: date) -> Period:
    """Whole days, both included. **Errors**: `NotUnderstood` for the wrong order, and for too long a period."""
    days = (last - first).days + 1
    if days < 1:
        raise NotUnderstood(f"the period ends before it starts, on {first.isoformat()}")
    if days > _MAX_DAYS:
        raise NotUnderstood("a period has ten years at most")
    return Period(first.isoformat(), (last + timedelta(days=1)).isoformat(), days)


def last_days(days: int) -> Period:
    """So many days, the last of them today."""
    if not 1 <= days <= _MAX_DAYS:
        raise NotUnderstood("a period has one day to ten years")
    return between(_today() - timedelta(days=days - 1), _today())


def take_period(wording: Wording) -> Period | None:
    """The period that is named first in this list of ways; None where none is."""
    for pattern, read in _WAYS:
        found = wording.take(pattern)
        if found is not None:
            return read(found)
    return None


def _today() -> date:
    return clock.today(conf.get().zone)


def _rolling(found: re.Match[str]) -> Period:
    text = found[1].lower()
    count, unit = int(_NUMBERS.get(text) or text), found[2].lower()
    if unit == "hour":
        end = clock.next_minute().astimezone(conf.get().zone)
        if not 1 <= count <= 24 * 92:
            raise NotUnderstood("a period of hours has one hour to three months")
        return Period((end - timedelta(hours=count)).isoformat(), end.isoformat(), count / 24)
    if unit in ("month", "quarter", "year"):
        months = count * {"month": 1, "quarter": 3, "year": 12}[unit]
        if not 1 <= months <= 120:
            raise NotUnderstood("a period has one day to ten years")
        return between(_months_before(_today(), months) + timedelta(days=1), _today())
    return last_days(count * {"day": 1, "week": 7, "fortnight": 14}[unit])


def _past_one(found: re.Match[str]) -> Period:
    unit = found[1].lower()
    if unit in ("month", "quarter", "year"):
        months = {"month": 1, "quarter": 3, "year": 12}[unit]
        return between(_months_before(_today(), months) + timedelta(days=1), _today())
    return last_days({"day": 1, "week": 7, "fortnight": 14}[unit])


def _last_one(found: re.Match[str]) -> Period:
    unit = found[1].lower()
    if unit == "day":
        return _yesterday(found)
    if unit == "fortnight":
        return last_days(14)
    start = _start_of(unit, _today())
    end = start - timedelta(days=1)
    return between(_start_of(unit, end), end)


def _this_one(found: re.Match[str]) -> Period:
    return between(_start_of(found[1].lower(), _today()), _today())


def _start_of(unit: str, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "day":
        return day
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return day.replace(month=month, day=1)


def _yesterday(_: re.Match[str]) -> Period:
    yesterday = _today() - timedelta(days=1)
    return between(yesterday, yesterday)


def _from_to(found: re.Match[str]) -> Period:
    return between(_date(found[1]), _date(found[2]))


def _since_one(found: re.Match[str]) -> Period:
    unit = found[1].lower()
    start = _start_of(unit, _today())
    return between(_start_of(unit, start - timedelta(days=1)), _today())


def _month(found: re.Match[str]) -> Period:
    first = _first_of_month(found)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return between(first, min(last, _today()))


def _first_of_month(found: re.Match[str]) -> date:
    number = _MONTHS.index(found[1][:3].lower()) + 1
    year = int(found[2]) if found[2] else _today().year - (number > _today().month)
    return _checked(year, number, 1)


def _year(found: re.Match[str]) -> Period:
    year = int(found[1])
    return between(_checked(year, 1, 1), min(_checked(year, 12, 31), _today()))


def _date(text: str) -> date:
    """The day of a date in words; without a year the last such day up to today. **Errors**: `NotUnderstood`."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _checked(*map(int, text.split("-")))
    month = re.search(_MONTH, text, re.IGNORECASE)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    assert month is not None
    number = _MONTHS.index(month[0][:3].lower()) + 1
    if len(numbers) > 1:
        return _checked(numbers[1], number, numbers[0])
    this_year = _checked(_today().year, number, numbers[0])
    return this_year if this_year <= _today() else _checked(this_year.year - 1, number, numbers[0])


def _checked(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise NotUnderstood(f"there is no day {year:04}-{month:02}-{day:02}") from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise NotUnderstood(f"a year from {_FIRST_YEAR} to {_LAST_YEAR} is expected")
    return found


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or the last one that it has."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


Read = Callable[[re.Match[str]], Period]

#: What may look like the beginning of another one comes after it.
_WAYS: tuple[tuple[re.Pattern[str], Read], ...] = (
    (phrase(rf"(?:from|between) ({_DATE}) (?:to|and|until|till|through) ({_DATE})"), _from_to),
    (
        phrase(rf"{_IN}(?:last|past|previous) {_COUNT} (hour|day|week|fortnight|month|quarter|year)s?"),
        _rolling,
    ),
    (phrase(r"since (?:the start of )?(?:last|the last) (week|month|quarter|year)"), _since_one),
    (phrase(r"since yesterday"), lambda _: last_days(2)),
    (phrase(rf"since ({_DATE})"), lambda found: between(_date(found[1]), _today())),
    (phrase(rf"since ({_MONTH})(?: (\d{{4}}))?"), lambda found: between(_first_of_month(found), _today())),
    (phrase(r"since (?:the )?(?:start|beginning) of (?:the|this) (week|month|quarter|year)"), _this_one),
    (phrase(r"(week|month|quarter|year) to date"), _this_one),
    (phrase(rf"{_IN}past (day|week|fortnight|month|quarter|year)"), _past_one),
    (phrase(rf"{_IN}(?:last|previous) (day|week|fortnight|month|quarter|year)(?:'s)?"), _last_one),
    (phrase(r"(?:(?:in|for|so far) )?this (week|month|quarter|year)(?:'s)?(?: so far)?"), _this_one),
    (phrase(r"(?:for )?today(?:'s)?"), lambda _: last_days(1)),
    (phrase(r"(?:for )?yesterday(?:'s)?"), _yesterday),
    (phrase(rf"(?:on|for) ({_DATE})"), lambda found: between(_date(found[1]), _date(found[1]))),
    (phrase(rf"(?:in|during|for|of) ({_MONTH})(?: (\d{{4}}))?"), _month),
    (phrase(r"(?:in|during|for|of) (\d{4})"), _year),
)
