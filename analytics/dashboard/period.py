"""The range of days that a page shows, as its address holds it: `?days=7`, or `?from=2012-01-01&to=2012-03-31`.

Both days of a custom range belong to it, because that is how people say dates; what is half-open below stays
half-open below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from analytics import clock, conf
from analytics.errors import BadInput

DEFAULT_DAYS = 7
PRESET_DAYS = (1, 7, 14, 30)
MAX_DAYS = 366


@dataclass(frozen=True)
class Period:
    """Whole local days, `first` and `last` included. `days` is set when the range follows the present day."""

    first: date
    last: date
    days: int | None = None

    @property
    def query(self) -> str:
        """The query string that leads back to this range."""
        if self.days is not None:
            return urlencode({"days": self.days})
        return urlencode({"from": self.first.isoformat(), "to": self.last.isoformat()})


def today() -> date:
    """The present day of the deployment's zone."""
    return clock.today(conf.get().zone)


def last_days(days: int) -> Period:
    """The last `days` days, today included."""
    last = today()
    return Period(last - timedelta(days=days - 1), last, days)


def period_of(query: Mapping[str, str]) -> Period:
    """The range that a query string asks for; without one, the last seven days.

    **Errors**: `BadInput` for something that is no range. The order of the days is for the report to judge.
    """
    first, last = query.get("from", ""), query.get("to", "")
    if first or last:
        if not (first and last):
            raise BadInput(
                _("A range of your own needs both days, the first and the last."), code="bad_range"
            )
        return Period(_day(first), _day(last))
    text = query.get("days", str(DEFAULT_DAYS))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MAX_DAYS:
        message = _("The number of days must lie between 1 and %(most)s.") % {"most": MAX_DAYS}
        raise BadInput(message, code="bad_range")
    return last_days(int(text))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = _("“%(text)s” is not a day; write it as 2012-03-31.") % {"text": text[:40]}
        raise BadInput(message, code="bad_range") from error
