"""Names of measures, intervals and operators, and long lengths of time, as people say them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.dashboard import wording

Text = str | Promise

_DAY_S = 86_400

MEASURES: dict[str, Text] = {
    "count": gettext_lazy("Number of events"),
    "persons": gettext_lazy("Different people"),
    "sessions": gettext_lazy("Different sessions"),
    "per_person": gettext_lazy("Events per person"),
    "sum": gettext_lazy("Sum of a property"),
    "avg": gettext_lazy("Mean of a property"),
    "min": gettext_lazy("Lowest of a property"),
    "max": gettext_lazy("Highest of a property"),
    "p50": gettext_lazy("Median of a property"),
    "p90": gettext_lazy("90th percentile of a property"),
    "p95": gettext_lazy("95th percentile of a property"),
    "p99": gettext_lazy("99th percentile of a property"),
}
INTERVALS: dict[str, Text] = {
    "hour": gettext_lazy("hour"),
    "day": gettext_lazy("day"),
    "week": gettext_lazy("week"),
    "month": gettext_lazy("month"),
}
OPERATORS: dict[str, Text] = {
    "eq": gettext_lazy("is"),
    "ne": gettext_lazy("is not"),
    "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"),
    "contains": gettext_lazy("contains"),
    "icontains": gettext_lazy("contains, in any case"),
    "starts_with": gettext_lazy("starts with"),
    "regex": gettext_lazy("matches the pattern"),
    "gt": gettext_lazy("is more than"),
    "gte": gettext_lazy("is at least"),
    "lt": gettext_lazy("is less than"),
    "lte": gettext_lazy("is at most"),
    "is_set": gettext_lazy("is set"),
    "is_not_set": gettext_lazy("is not set"),
}
GROUPS: dict[str, Text] = {
    "all": gettext_lazy("all of these"),
    "any": gettext_lazy("any of these"),
    "not.any": gettext_lazy("none of these"),
    "not.all": gettext_lazy("not all of these"),
}
ORDERS: dict[str, Text] = {
    "ordered": gettext_lazy("in this order"),
    "strict": gettext_lazy("in this order, nothing between"),
    "unordered": gettext_lazy("in any order"),
}
ATTRIBUTIONS: dict[str, Text] = {
    "first": gettext_lazy("at the first step"),
    "last": gettext_lazy("at the last step"),
}
KINDS: dict[str, Text] = {
    "first_time": gettext_lazy("for the first time ever"),
    "recurring": gettext_lazy("at any time"),
}
WITHINS: dict[str, Text] = {
    "session": gettext_lazy("within a session"),
    "person": gettext_lazy("over all that a person did"),
}
PERIODS: dict[str, Text] = {"week": gettext_lazy("week"), "month": gettext_lazy("month")}

#: Lengths offered for the window of a funnel.
WINDOWS_S = (600, 3600, 6 * 3600, _DAY_S, 3 * _DAY_S, 7 * _DAY_S, 14 * _DAY_S, 30 * _DAY_S, 90 * _DAY_S)


def length(seconds: float) -> str:
    """A length of time in its two largest units, from seconds to days.

    Example:
        >>> length(42), length(90_000), length(14 * 86_400)
        ('42s', '1 day 1h 00m', '14 days')
    """
    days, rest_s = divmod(round(seconds), _DAY_S)
    if not days:
        return wording.length(seconds)
    text = ngettext("%(days)s day", "%(days)s days", days) % {"days": wording.number(days)}
    return text if rest_s < 60 else _("%(days)s %(rest)s") % {"days": text, "rest": wording.length(rest_s)}
