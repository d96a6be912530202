"""The picker of days beside a page's title, for pages whose address says more than the days.

Presets and a range of one's own are links and a form that keep the rest of the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from analytics.dashboard import period
from analytics.dashboard.period import Period
from analytics.errors import BadInput
from analytics.reports.overview import FIRST_DAY

#: Calendars end; nobody asks about days so late.
_LAST_YEAR = 2198


def range_of(query: Mapping[str, str], default_days: int) -> Period:
    """The days that an address asks for, by default the last so many. **Errors**: `BadInput`."""
    given = {name: text for name in ("days", "from", "to") if (text := query.get(name, ""))}
    chosen = period.period_of(given or {"days": str(default_days)})
    if chosen.first < FIRST_DAY or chosen.last.year > _LAST_YEAR:
        raise BadInput(_("A day from 1970 to 2198 is expected."), code="bad_range")
    if chosen.first > chosen.last:
        raise BadInput(_("The first day lies after the last one."), code="bad_range")
    return chosen


def picker_of(
    query: Mapping[str, str], presets: Sequence[int], default_days: int, kept: Sequence[str]
) -> dict[str, Any]:
    """What the picker's template needs; `kept` are the names of an address that its links keep."""
    given = {name: query[name] for name in kept if query.get(name)}
    try:
        chosen = range_of(query, default_days)
    except BadInput:  # the fragment says what is wrong with it
        chosen = period.last_days(default_days)
    return {
        "presets": [
            {
                "days": days,
                "label": _("%(days)s days") % {"days": days},
                "query": urlencode({**given, "days": days}),
                "is_chosen": chosen.days == days,
            }
            for days in presets
        ],
        "is_custom": chosen.days not in presets,
        "kept": list(given.items()),
        "from_value": chosen.first.isoformat(),
        "to_value": chosen.last.isoformat(),
        "earliest_value": FIRST_DAY.isoformat(),
        "today_value": period.today().isoformat(),
    }
