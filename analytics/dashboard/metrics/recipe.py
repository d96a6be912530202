"""What a metric is worked out of, in words: its measures, with the event names of this project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.event_names import Known, own_name
from analytics.metrics import measures
from analytics.metrics.metric import Metric, Snapshot


def recipe_of(metric: type[Metric]) -> str:
    """The formula of a metric."""
    if issubclass(metric, Snapshot):
        return _("Read as it is at the time; no event says it.")
    return words_of(metric.measure)


def words_of(measure: measures.Measure) -> str:
    """The formula of a measure; the name of its class for one that a project made."""
    for kind, words in _WORDS:
        if isinstance(measure, kind):
            return words(measure)
    parts = [words_of(part) for part in measure.parts()]
    sign = " + " if getattr(measure, "sign", 1.0) > 0 else " − "  # noqa: RUF001 - a minus
    return f"({sign.join(parts)})" if parts else type(measure).__name__


def _quotient(measure: measures.Quotient) -> str:
    text = f"({words_of(measure.upper)}) ÷ ({words_of(measure.lower)})"
    return text if measure.factor == 1 else f"{text} × {measure.factor:g}"  # noqa: RUF001 - times


def _trailing(measure: measures.Trailing) -> str:
    words = {"what": words_of(measure.measure), "days": measure.days}
    if measure.back:
        return _("%(what)s, of %(days)s days that ended %(back)s days before") % {
            **words,
            "back": measure.back,
        }
    return _("%(what)s, of the %(days)s days up to it") % words


def _count(measure: measures.Count) -> str:
    if measure.events:
        return _("events %(names)s") % {"names": _names(measure.events)}
    if measure.event_type:
        return _("events of type %(type)s") % {"type": str(measure.event_type)}
    return _("all events")


def _persons(measure: measures.Persons) -> str:
    who = _("different people with %(name)s") % {"name": _name(measure.event)} if measure.event else None
    who = who or _("different people with any event")
    if measure.days == 1:
        return who
    return _("%(who)s in the %(days)s days up to it") % {"who": who, "days": measure.days}


def _revenue(measure: measures.Revenue) -> str:
    names = _names(measure.events)
    return _("revenue of %(names)s") % {"names": names} if names else _("revenue of all events")


def _came_first(measure: measures.CameFirst) -> str:
    text = ngettext(
        "people whose first event was %(days)s day before",
        "people whose first event was %(days)s days before",
        measure.days,
    )
    return text % {"days": measure.days}


def _converted(measure: measures.Converted) -> str:
    return _("people who did %(steps)s in this order within %(days)s days") % {
        "steps": " → ".join(_name(step) for step in measure.steps if _name(step)),
        "days": measure.days,
    }


def _property(measure: measures.PropertyOf) -> str:
    return _("%(measure)s of %(name)s") % {
        "measure": measure.measure,
        "name": measure.prop or measure.column,
    }


def _names(events: tuple[measures.Name, ...]) -> str:
    return ", ".join(name for event in events if (name := _name(event)))


def _name(event: measures.Name | None) -> str:
    return own_name(event) if isinstance(event, Known) else str(event or "")


#: The first that fits; what is a kind of another stands before it.
_WORDS: tuple[tuple[type[measures.Measure], Callable[[Any], str]], ...] = (
    (measures.Quotient, _quotient),
    (measures.Trailing, _trailing),
    (measures.Count, _count),
    (measures.Revenue, _revenue),
    (measures.Persons, _persons),
    (measures.Returned, lambda _measure: _("those of them who were there on the day")),
    (measures.CameFirst, _came_first),
    (measures.Converted, _converted),
    (measures.Sessions, lambda _measure: _("sessions that began on the day")),
    (
        measures.SessionSeconds,
        lambda _measure: _("seconds from first to last event of the sessions that began on the day"),
    ),
    (measures.PropertyOf, _property),
)
