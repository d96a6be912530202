"""What questions of several analyses share: the interval, a comparison, a breakdown, filters, a window."""

from __future__ import annotations

import re
from typing import Any

from analytics.ai_services.asking.matching import needed_property
from analytics.ai_services.asking.understood import NotUnderstood
from analytics.ai_services.asking.vocabulary import Property, Vocabulary
from analytics.ai_services.asking.wording import Wording, phrase

_INTERVALS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
_INTERVAL = phrase(
    r"(?:(?:by|per|each|every|for every|a|an|(?:hour|day|week|month) (?:by|over)) (hour|day|week|month)"
    r"|(?:on an? )?(hourly|daily|weekly|monthly)(?: basis)?)"
)
_BEFORE = r"(?:the )?(?:last|previous|prior|preceding) (?:period|day|week|month|quarter|year|one)"
_COMPARISON = phrase(
    rf"(?:(?:compared|relative|in comparison|comparing) (?:to|with)|versus|vs\.?|against|over) "
    rf"(?:{_BEFORE}|(?:the )?(?:period|day|week|month|year) before)"
)
_COMPARE = phrase(r"compare")
_COMPARED = phrase(rf"(?:with|to|and|versus|vs\.?|against) {_BEFORE}")
_BREAKDOWN = phrase(
    r"(?:broken down by|break(?:ing)? (?:it )?down by|split (?:up )?by|grouped by|segmented by|for each|for every|"
    r"by each|by|per|across) (?:the )?([^,]+?)(?: each)?$"
)
_OPERATORS = {
    "is not": "ne", "isn't": "ne", "are not": "ne", "!=": "ne", "not equal to": "ne", "is": "eq", "are": "eq",
    "equals": "eq", "equal to": "eq", "=": "eq", "==": "eq", ">=": "gte", "at least": "gte", "is at least": "gte",
    "<=": "lte", "at most": "lte", "is at most": "lte", ">": "gt", "over": "gt", "above": "gt", "more than": "gt",
    "greater than": "gt", "is over": "gt", "is above": "gt", "is more than": "gt", "<": "lt", "under": "lt",
    "below": "lt", "less than": "lt", "is under": "lt", "is below": "lt", "is less than": "lt",
    "contains": "icontains", "starts with": "starts_with",
}  # fmt: skip
_OPERATOR = "|".join(re.escape(name) for name in sorted(_OPERATORS, key=len, reverse=True))
_VALUE = r"(?:\"([^\"]+)\"|'([^']+)'|\u201c([^\u201d]+)\u201d|([^\s,\"']+))"
_FILTER = re.compile(
    r"\b(?:where|whose|with|having|and where|and|if|when|for which)\s+(?:the\s+)?"
    rf"([\w$.]+(?: [\w$.]+){{0,2}}?)(?: (?=\w)| ?(?=[=!<>]))({_OPERATOR})(?:(?<=\w) |(?<!\w) ?){_VALUE}",
    re.IGNORECASE,
)
_WINDOW = phrase(r"within (?:the next )?(?:(\d{1,4}|an?|one) )?(minute|hour|day|week)s?")
_WINDOW_S = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ORDERED = frozenset({"gt", "gte", "lt", "lte"})

#: A conversion that takes longer is rarely one; said in every explanation.
DEFAULT_WINDOW_S = 7 * 86_400


def take_interval(wording: Wording) -> str | None:
    """The length of a bucket, where the question names one."""
    found = wording.take(_INTERVAL)
    if found is None:
        return None
    return found[1].lower() if found[1] else _INTERVALS[found[2].lower()]


def take_comparison(wording: Wording) -> bool:
    """Whether the period before is asked for as well."""
    if wording.has(_COMPARE):
        wording.take(_COMPARE)
        if wording.take(_COMPARED) is not None:
            return True
    return wording.take(_COMPARISON) is not None


def take_breakdown(wording: Wording, vocabulary: Vocabulary) -> Property | None:
    """The property that stands behind "by" at the end. **Errors**: `NotUnderstood` for one that nothing has."""
    found = _BREAKDOWN.search(wording.rest)
    if found is None:
        return None
    prop = needed_property(found[1], vocabulary)
    wording.take(_BREAKDOWN)
    return prop


def take_filters(wording: Wording, vocabulary: Vocabulary) -> dict[str, Any] | None:
    """The filter of all conditions; None without any. **Errors**: `NotUnderstood` for an unknown property."""
    conditions = []
    while (found := wording.take(_FILTER)) is not None:
        conditions.append(_condition(found, vocabulary))
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else {"all": conditions}


def take_window_s(wording: Wording) -> int:
    """Seconds from the first step to the last."""
    found = wording.take(_WINDOW)
    if found is None:
        return DEFAULT_WINDOW_S
    count = int(found[1]) if found[1] and found[1].isdigit() else 1
    return min(max(count, 1) * _WINDOW_S[found[2].lower()], 366 * 86_400)


def condition_of(prop: Property, operator: str, text: str) -> dict[str, Any]:
    """A condition as JSON names it; a number where the property or the operator wants one.

    **Errors**: `NotUnderstood` for a value of the wrong kind.
    """
    value: str | float | int = text
    if _NUMBER.fullmatch(text) and (prop.is_number or operator in _ORDERED):
        value = float(text) if "." in text else int(text)
    elif operator in _ORDERED:
        raise NotUnderstood(f"{prop.name} is compared with a number, and {text!r} is none")
    return {**prop.named, "operator": operator, "value": value}


def _condition(found: re.Match[str], vocabulary: Vocabulary) -> dict[str, Any]:
    prop = needed_property(found[1], vocabulary)
    text = next(group for group in found.groups()[2:] if group is not None)
    return condition_of(prop, _OPERATORS[found[2].lower()], text)
