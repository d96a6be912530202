"""Step that sorts an event into the specification's event types."""

from __future__ import annotations

from analytics.ingestion.event import Event
from analytics.ingestion.steps.identify import IDENTITY_EVENTS
from analytics.models.choices import EventType

_BY_NAME = {
    "$pageview": EventType.PAGE_VIEW,
    "$screen": EventType.PAGE_VIEW,
    "$exception": EventType.ERROR,
    "$set": EventType.SYSTEM_EVENT,
    "$autocapture": EventType.ENGAGEMENT,
    "$pageleave": EventType.ENGAGEMENT,
    "$rageclick": EventType.ENGAGEMENT,
    "$web_vitals": EventType.SYSTEM_EVENT,
    **dict.fromkeys(IDENTITY_EVENTS, EventType.SYSTEM_EVENT),
}
_VALID = frozenset(EventType.values)


def put_event_type(event: Event) -> None:
    """The type that the sender gave, else one by the event's name; money makes a conversion."""
    given = event.event_type
    if given in _VALID:
        return
    if given:
        event.warn("unknown_event_type")
    by_name = _BY_NAME.get(event.event_name)
    if by_name is not None:
        event.event_type = by_name.value
    elif event.conversion_value or (event.revenue_impact or 0) > 0:
        event.event_type = EventType.CONVERSION.value
    else:
        event.event_type = EventType.USER_ACTION.value
