"""What the form of a question shows, made from a draft. It shows what is there, right or wrong, and asks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.dashboard.explore import filter_rows, words
from analytics.dashboard.explore.filter_rows import CohortRow, ConditionRow, GroupRow
from analytics.dashboard.explore.question import Draft

#: How many steps a new funnel offers.
_FIRST_STEPS = 2


@dataclass(frozen=True)
class Choice:
    """One option of a select."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class SeriesRow:
    """One line of trends."""

    letter: str
    event: str
    measures: list[Choice]
    property: str
    scope: str
    needs_property: bool
    label: str
    filters: GroupRow


@dataclass(frozen=True)
class StepRow:
    """One step of a funnel."""

    event: str
    filters: GroupRow


@dataclass(frozen=True)
class ExclusionRow:
    """An event that must not lie between two steps."""

    event: str
    from_step: str
    to_step: str


def form_of(draft: Draft) -> dict[str, Any]:
    """The context of the form's template; each analysis uses what it has."""
    values = draft.form_values
    breakdown = _mapping(values.get("breakdown"))
    shared = {
        "filters": filter_rows.group_of(values.get("filters")),
        "breakdown": breakdown if breakdown.get("property") else {},
        "breakdown_limit": _text(breakdown, "limit") or "10",
        "interval": _text(values, "interval"),
        "blank_condition": ConditionRow(),
        "blank_cohort": CohortRow(),
        "blank_group": GroupRow("any", [ConditionRow()]),
        "blank_filters": GroupRow(),
        "operators": list(words.OPERATORS.items()),
        "groups": list(words.GROUPS.items()),
        "operators_without_value": ["is_set", "is_not_set"],
    }
    return {**shared, **_FORMS[draft.analysis.name](values)}


def _trends(values: Mapping[str, Any]) -> dict[str, Any]:
    given = [_mapping(one) for one in _list(values, "series")]
    return {
        "series": [_series(one, place) for place, one in enumerate(given or [{}])],
        "blank_series": _series({}, 0),
        "formula": _text(values, "formula"),
        "compares": bool(values.get("compare")),
        "intervals": choices(words.INTERVALS, _text(values, "interval") or "day"),
    }


def _series(given: Mapping[str, Any], place: int) -> SeriesRow:
    measure = _text(given, "measure") or "count"
    return SeriesRow(
        letter=chr(ord("A") + place) if place < 26 else "?",
        event=_text(given, "event"),
        measures=choices(words.MEASURES, measure),
        property=_text(given, "property"),
        scope=_text(given, "scope") or "event",
        needs_property=measure not in ("count", "persons", "sessions", "per_person"),
        label=_text(given, "label"),
        filters=filter_rows.group_of(given.get("filters")),
    )


def _funnel(values: Mapping[str, Any]) -> dict[str, Any]:
    steps = [_step(_mapping(one)) for one in _list(values, "steps")]
    steps += [_step({})] * (_FIRST_STEPS - len(steps))
    return {
        "steps": steps,
        "blank_step": _step({}),
        "exclusions": [_exclusion(_mapping(one)) for one in _list(values, "exclusions")],
        "blank_exclusion": ExclusionRow("", "1", "2"),
        "windows": _windows(_text(values, "window_seconds")),
        "orders": choices(words.ORDERS, _text(values, "order") or "ordered"),
        "attributions": choices(words.ATTRIBUTIONS, _text(values, "attribution") or "first"),
    }


def _step(given: Mapping[str, Any]) -> StepRow:
    return StepRow(_text(given, "event"), filter_rows.group_of(given.get("filters")))


def _exclusion(given: Mapping[str, Any]) -> ExclusionRow:
    return ExclusionRow(
        _text(given, "event"), _text(given, "from_step") or "1", _text(given, "to_step") or "2"
    )


def _windows(chosen: str) -> list[Choice]:
    lengths = {str(seconds): words.length(seconds) for seconds in words.WINDOWS_S}
    if chosen and chosen not in lengths:
        is_number = chosen.isascii() and chosen.isdigit() and len(chosen) < 10
        lengths[chosen] = words.length(int(chosen)) if is_number else chosen
    return choices(lengths, chosen)


def _retention(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start_event": _text(values, "start_event"),
        "return_event": _text(values, "return_event"),
        "kinds": choices(words.KINDS, _text(values, "kind") or "first_time"),
        "intervals": choices(_without_hour(), _text(values, "interval") or "day"),
        "periods": _text(values, "periods") or "8",
    }


def _paths(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start_event": _text(values, "start_event"),
        "end_event": _text(values, "end_event"),
        "withins": choices(words.WITHINS, _text(values, "within") or "session"),
        "max_steps": _text(values, "max_steps") or "5",
        "limit": _text(values, "limit") or "50",
    }


def _lifecycle(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": _text(values, "event"),
        "intervals": choices(words.INTERVALS, _text(values, "interval") or "day"),
    }


def _stickiness(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": _text(values, "event"),
        "withins": choices(words.PERIODS, _text(values, "within") or "week"),
    }


_FORMS = {
    "trends": _trends,
    "funnel": _funnel,
    "retention": _retention,
    "paths": _paths,
    "lifecycle": _lifecycle,
    "stickiness": _stickiness,
}


def choices(names: Mapping[str, words.Text], chosen: str) -> list[Choice]:
    """The options of a select. A chosen one that does not exist is shown as what it is."""
    found = [Choice(value, str(label), value == chosen) for value, label in names.items()]
    if chosen not in names and chosen:
        found.append(Choice(chosen, _("unknown: %(value)s") % {"value": chosen[:40]}, True))
    return found


def _without_hour() -> dict[str, words.Text]:
    return {name: label for name, label in words.INTERVALS.items() if name != "hour"}


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _list(values: Mapping[str, Any], name: str) -> Iterable[Any]:
    given = values.get(name)
    return given if isinstance(given, list) else []


def _text(values: Mapping[str, Any], name: str) -> str:
    given = values.get(name)
    return str(given) if isinstance(given, str | int) else ""
