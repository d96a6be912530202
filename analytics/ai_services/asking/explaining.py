"""What was understood, in a sentence made of the parameters alone: no word of it is the question's or a model's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from analytics.ai_services.asking.understood import Understood

_MEASURES = {
    "count": "How often {event} happened", "persons": "How many users had {event}",
    "sessions": "How many sessions had {event}", "per_person": "{event} per user",
    "sum": "The sum of {property} of {event}",
    "avg": "The average {property} of {event}", "min": "The least {property} of {event}",
    "max": "The greatest {property} of {event}", "p50": "The median {property} of {event}",
    "p90": "The 90th percentile of {property} of {event}", "p95": "The 95th percentile of {property} of {event}",
    "p99": "The 99th percentile of {property} of {event}",
}  # fmt: skip
_OPERATORS = {
    "eq": "is", "ne": "is not", "gt": "is over", "gte": "is at least", "lt": "is under", "lte": "is at most",
    "icontains": "contains", "starts_with": "starts with",
}  # fmt: skip
_UNITS_S = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def explain(understood: Understood) -> str:
    """One or two sentences in English.

    Example:
        >>> explain(Understood("overview", {"days": 7}))
        'All events at a glance, over the last 7 days, today included.'
    """
    return _EXPLAINED[understood.analysis](understood.parameters)


def _trends(given: Mapping[str, Any]) -> str:
    series = given["series"]
    if formula := given.get("formula"):
        named = "; ".join(
            f"{letter}: {_line(one)}" for letter, one in zip("ABCDEFGHIJ", series, strict=False)
        )
        text = f"{formula}, with {named}"
    else:
        text = "; ".join(_line(one) for one in series)
    text += f", by {given['interval']}"
    if breakdown := given.get("breakdown"):
        text += f", for the {breakdown['limit']} largest values of {breakdown['property']}"
    text += _common(given)
    if given.get("compare"):
        text += " The same of the period of equal length before it."
    return text


def _line(series: Mapping[str, Any]) -> str:
    what = _MEASURES[series["measure"]].format(
        event=_event(series.get("event")), property=series.get("property")
    )
    return what[0].upper() + what[1:]


def _funnel(given: Mapping[str, Any]) -> str:
    steps = ", then ".join(step["event"] for step in given["steps"])
    text = f"How many users had {steps}, within {_length(given['window_seconds'])} of the first"
    if breakdown := given.get("breakdown"):
        text += f", for the {breakdown['limit']} largest values of {breakdown['property']}"
    return text + _common(given)


def _retention(given: Mapping[str, Any]) -> str:
    start = _event(given.get("start_event"))
    back = _event(given.get("return_event"))
    return (
        f"Of the users who had {start} for the first time in a {given['interval']}, how many had {back} in each of "
        f"{given['periods']} periods from then on{_common(given)}"
    )


def _paths(given: Mapping[str, Any]) -> str:
    text = "Which event follows which within a session"
    if start := given.get("start_event"):
        text += f", from {start} on"
    if end := given.get("end_event"):
        text += f", up to {end}"
    return text + _common(given)


def _lifecycle(given: Mapping[str, Any]) -> str:
    return (
        f"Users who were new, came again, came back after a pause or stayed away, by {given['interval']}, judged by "
        f"{_event(given.get('event'))}{_common(given)}"
    )


def _stickiness(given: Mapping[str, Any]) -> str:
    return f"On how many days of a {given['within']} users had {_event(given.get('event'))}{_common(given)}"


def _sessions(given: Mapping[str, Any]) -> str:
    return f"How many sessions there were, how long and how busy{_common(given)}"


def _overview(given: Mapping[str, Any]) -> str:
    days = given["days"]
    return (
        f"All events at a glance, over the last {days} days, today included."
        if days > 1
        else "Today at a glance."
    )


def _event(name: str | None) -> str:
    return name if name is not None else "any event"


def _common(given: Mapping[str, Any]) -> str:
    """Filter and period."""
    conditions = given.get("filters") or {}
    parts = [_condition(one) for one in conditions.get("all", [conditions] if conditions else [])]
    where = f", where {' and '.join(parts)}" if parts else ""
    return f"{where}, {_period(given['date_from'], given['date_to'])} ({given['timezone']})."


def _condition(one: Mapping[str, Any]) -> str:
    return f"{one['property']} {_OPERATORS[one['operator']]} {one['value']}"


def _period(start: str, end: str) -> str:
    if "T" in start:
        return f"from {start} to {end}"
    last = date.fromisoformat(end) - timedelta(days=1)
    return f"on {start}" if last.isoformat() == start else f"from {start} to {last.isoformat()} inclusive"


def _length(seconds: int) -> str:
    for name, unit_s in _UNITS_S:
        if seconds % unit_s == 0:
            count = seconds // unit_s
            return f"{count} {name}" + ("s" if count > 1 else "")
    raise AssertionError("a second divides every length")


_EXPLAINED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "trends": _trends, "funnel": _funnel, "retention": _retention, "paths": _paths, "lifecycle": _lifecycle,
    "stickiness": _stickiness, "sessions": _sessions, "overview": _overview,
}  # fmt: skip
