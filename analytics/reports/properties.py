"""Properties of events and their values, for pickers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analytics.reports.analyses import ask
from analytics.reports.answering import answering
from analytics.reports.filters import parse_property
from analytics.reports.queries import state_of
from analytics.reports.ranges import span_or_all, zone_of
from analytics.reports.texts import check_texts

if TYPE_CHECKING:
    from eventlake.analyses.property_lists import PropertyNamesQuestion, PropertyValuesQuestion


def list_properties(given: dict[str, Any]) -> dict[str, Any]:
    """The properties of an event, the most frequent first. **Errors**: `BadInput`, `Unavailable`."""
    from eventlake.analyses.property_lists import property_names

    found = ask(property_names, _names(given))
    return {
        "properties": [asdict(one) for one in found.properties],
        "sampled_events": found.sampled_events,
        "proof": asdict(found.proof),
    }


def list_values(given: dict[str, Any]) -> dict[str, Any]:
    """The values of a property, the most frequent first. **Errors**: `BadInput`, `Unavailable`."""
    from eventlake.analyses.property_lists import property_values

    found = ask(property_values, _values(given))
    values = [{"value": value, "events": events} for value, events in found.values]
    return {"values": values, "proof": asdict(found.proof)}


def properties_state(given: dict[str, Any]) -> Hashable:
    """As `queries.state`."""
    return state_of(_names(given))


def values_state(given: dict[str, Any]) -> Hashable:
    """As `queries.state`."""
    return state_of(_values(given))


def _names(given: dict[str, Any]) -> PropertyNamesQuestion:
    check_texts(given)
    with answering():
        from eventlake.analyses.property_lists import PropertyNamesQuestion

        return PropertyNamesQuestion(**_range(given), event=given["event"], limit=given["limit"])


def _values(given: dict[str, Any]) -> PropertyValuesQuestion:
    check_texts(given)
    with answering():
        from eventlake.analyses.property_lists import PropertyValuesQuestion

        prop = parse_property({"property": given["name"], "scope": given["scope"]}, "name")
        named = {"event": given["event"], "search": given["search"], "limit": given["limit"]}
        return PropertyValuesQuestion(**_range(given), prop=prop, **named)


def _range(given: dict[str, Any]) -> dict[str, Any]:
    span = span_or_all(given["date_from"], given["date_to"], zone_of(given["timezone"]))
    return {"from_at": span.from_at, "to_at": span.to_at}
