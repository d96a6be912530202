"""Questions about how many, how much and which most: trends."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from analytics.ai_services.asking import parameters
from analytics.ai_services.asking.asked import Asked
from analytics.ai_services.asking.details import take_breakdown
from analytics.ai_services.asking.matching import needed_property, property_of
from analytics.ai_services.asking.parameters import Lines, series_of
from analytics.ai_services.asking.understood import NotUnderstood, Understood
from analytics.ai_services.asking.vocabulary import EVENT_NAME, PAGE, REVENUE, Property
from analytics.ai_services.asking.wording import phrase
from analytics.ai_services.asking.words import content_of

_PERSON = r"(?:users?|people|persons?|visitors?|customers?|members?)"
_PERSONS = phrase(
    rf"(?:(?:unique|distinct|different|active)\s+)*{_PERSON}(?:\s+(?:who|that))?|how many (?=signed|logged)"
)
_TIMES = phrase(r"how many times|how often|number of times")
_WHO = re.compile(rf"who\b|(?:which|list|names? of) {_PERSON}\b", re.IGNORECASE)
_UNIQUE = phrase(r"unique|distinct|active")
_PER_PERSON = phrase(rf"(?:per|for each|by) (?:active )?{_PERSON}$|an? average {_PERSON}")
_SESSIONS = phrase(r"sessions?|visits")
_REVENUE = phrase(r"revenues?|turnover|income|money|earnings?|earn(?:ed)?|sales volume")
_MEASURES = {
    "average": "avg", "avg": "avg", "mean": "avg", "typical": "avg", "median": "p50", "maximum": "max", "max": "max",
    "highest": "max", "largest": "max", "minimum": "min", "min": "min", "lowest": "min", "smallest": "min",
    "sum of": "sum", "sum": "sum", "total": "sum", "p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99",
    "90th percentile": "p90", "95th percentile": "p95", "99th percentile": "p99",
}  # fmt: skip
_MEASURE = phrase("(" + "|".join(sorted(_MEASURES, key=len, reverse=True)) + r")(?: of)?")
_OF = re.compile(r"\s*(?<!\w)(?:of|for|in|on|from|at|by)(?!\w)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:(?<!\w)(?:and|versus|vs\.?|&|plus)(?!\w)|,)\s*", re.IGNORECASE)
_MOST = r"(?:common|popular|frequent|used|viewed|visited|seen|important)"
_WHAT = r"(?:what|which)?\s*(?:are|is|were|was)?\s*(?:the|our)?\s*"
_TOP = (
    phrase(rf"{_WHAT}top (?:(\d{{1,3}}) )?(.+?)(?: (?:by|for|of|with the most) (.+))?$"),
    phrase(rf"{_WHAT}(?:(\d{{1,3}}) )?most {_MOST} (.+?)(?: (?:by|for|of) (.+))?$"),
    phrase(
        r"(?:which|what)( \d{1,3})? (.+?) (?:have|has|had|gets?|got|brings?|brought|makes?|made) (?:the )?most (.+)$"
    ),
)
_MAX_VALUES = 100


@dataclass(frozen=True)
class _What:
    """What is measured, and the wording that names the events."""

    measure: str
    text: str
    prop: Property | None = None


def trends(asked: Asked) -> Understood:
    """Measures over time, over values of a property, or both."""
    lines = Lines(interval=asked.interval, is_compared=asked.is_compared)
    if _WHO.match(asked.wording.whole) is not None:
        raise NotUnderstood("persons are listed at /persons and on their own page, and here they are counted")
    top = _top(asked, lines)
    if top is not None:
        return top
    per_person = asked.wording.take(_PER_PERSON) is not None
    if not per_person:
        lines = replace(lines, breakdown=take_breakdown(asked.wording, asked.vocabulary))
        per_person = asked.wording.take(_PER_PERSON) is not None
    text = asked.wording.rest
    if not content_of(text) and not _says_what(asked):
        raise NotUnderstood("nothing to count is named", asked.vocabulary.events[:5])
    if per_person:
        return _per_person(asked, text, lines)
    series = [one for part in _parts(asked, text) for one in [_series(asked, part)]]
    return parameters.trends(asked.common, series, lines)


def _says_what(asked: Asked) -> bool:
    whole = asked.wording.whole
    return any(pattern.search(whole) for pattern in (_PERSONS, _SESSIONS, _REVENUE, phrase("events?")))


def _top(asked: Asked, lines: Lines) -> Understood | None:
    """The largest values of a property, or names of events."""
    for pattern in _TOP:
        found = pattern.search(asked.wording.rest)
        if found is None:
            continue
        number, noun, by = found.groups()
        prop = _noun(asked, noun)
        what = by or (_page_view(asked) if prop == PAGE else "") or ""
        values = min(int(number), _MAX_VALUES) if number else parameters.DEFAULT_VALUES
        if values < 1:
            raise NotUnderstood("a list has one value at least")
        series = _series(asked, what) if what else series_of(None)
        return parameters.trends(asked.common, [series], replace(lines, breakdown=prop, values=values))
    return None


def _noun(asked: Asked, noun: str) -> Property:
    words = content_of(noun)
    if not words and phrase("events?").search(noun):
        return EVENT_NAME
    return needed_property(noun, asked.vocabulary)


def _page_view(asked: Asked) -> str | None:
    """The event of a page that was viewed, under the names that SDKs give it."""
    names = ("$pageview", "page_view", "pageview", "page")
    return next(
        (asked.vocabulary.event_of[name] for name in names if name in asked.vocabulary.event_of), None
    )


def _per_person(asked: Asked, text: str, lines: Lines) -> Understood:
    """Events a person, or revenue a person, which is a formula of two series."""
    what = _what(asked, text)
    if what.measure == "count" or (what.measure == "avg" and what.prop is None):
        return parameters.trends(asked.common, [series_of(asked.event(what.text), "per_person")], lines)
    if what.prop is None:
        raise NotUnderstood(f"{what.measure} is not to be had per user")
    event = asked.event(what.text)
    sums = series_of(event, "sum", what.prop)
    return parameters.trends(
        asked.common, [sums, series_of(None, "persons")], replace(lines, formula="A / B")
    )


def _parts(asked: Asked, text: str) -> list[str]:
    """Events that stand beside one another: only where each part names one."""
    parts = [part for part in _AND.split(text) if part.strip()]
    if len(parts) < 2 or not all(content_of(part) or _REVENUE.search(part) for part in parts):
        return [text]
    if _PERSONS.search(text) is not None:
        # Both, or each? The two have different answers.
        raise NotUnderstood("ask for 'conversion from A to B', or for 'A and B' without the users")
    return parts


def _series(asked: Asked, text: str) -> dict[str, Any]:
    what = _what(asked, text)
    if what.measure not in ("count", "persons", "sessions") and what.prop is None:
        raise NotUnderstood(f"no property, or more than one, is named in {' '.join(text.split())[:80]!r}")
    return series_of(asked.event(what.text), what.measure, what.prop)


def _what(asked: Asked, text: str) -> _What:
    """What is measured of the events of a phrase."""
    measured = _MEASURE.search(text)
    if (revenue := _REVENUE.search(text)) is not None:
        rest = _cut(text, revenue)
        measured = _MEASURE.search(rest)
        measure = _MEASURES[measured[1].lower()] if measured is not None else "sum"
        return _What(measure, _cut(rest, measured), REVENUE)
    if measured is not None and (of_property := _of_property(asked, text, measured)) is not None:
        return of_property
    if measured is not None and measured[1].lower() in ("total", "sum", "sum of"):
        return _what(asked, _cut(text, measured))
    if measured is not None and measured[1].lower() in ("average", "avg", "mean"):
        return _What("avg", _cut(text, measured))
    if (times := _TIMES.search(text)) is not None:
        return _What("count", _cut(text, times))
    persons = _PERSONS.search(text) or _UNIQUE.search(text)
    if persons is not None:
        return _What("persons", _cut(text, persons))
    if (sessions := _SESSIONS.search(text)) is not None:
        return _What("sessions", _cut(text, sessions))
    return _What("count", text)


def _of_property(asked: Asked, text: str, measured: re.Match[str]) -> _What | None:
    """A measure of a property, and of which events: "average rating of feedback"."""
    rest = _cut(text, measured)
    for whole, event in ((rest, ""), *_splits(rest)):
        prop = property_of(whole, asked.vocabulary)
        if prop is not None and (prop.is_number or prop.scope != "column"):
            return _What(_MEASURES[measured[1].lower()], event, prop)
    return None


def _splits(text: str) -> list[tuple[str, str]]:
    """The text before and after each "of", "for" and so on."""
    return [(text[: found.start()], text[found.end() :]) for found in _OF.finditer(text) if found.start()]


def _cut(text: str, found: re.Match[str] | None) -> str:
    return text if found is None else f"{text[: found.start()]} {text[found.end() :]}"
