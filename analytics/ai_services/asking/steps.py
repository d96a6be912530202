"""Questions about one event after another: funnels and paths."""

from __future__ import annotations

import re

from analytics.ai_services.asking import parameters
from analytics.ai_services.asking.asked import Asked
from analytics.ai_services.asking.details import take_breakdown, take_window_s
from analytics.ai_services.asking.understood import NotUnderstood, Understood
from analytics.ai_services.asking.vocabulary import Property
from analytics.ai_services.asking.wording import phrase

_CONVERSION = phrase(
    r"conversions? rates?|conversions?|converts?|converted|converting|funnel|drop[- ]?offs?(?: rate)?"
)
_SHARE = phrase(
    r"(?:percentage|percent|share|proportion|fraction|part|%) of(?: all)?(?: the)?(?: (?:users|people|visitors|those))?"
)
_GO_ON = r"ends? up|ended up|goe?s? on to|went on to|eventually|later|finally|(?:and |who )?then"
_WHO_GO_ON = phrase(
    rf"(?:users|people|visitors|customers|members|of those) who (.+?) (?:(?:and )?(?:{_GO_ON})|also) (.+)"
)
_BETWEEN = phrase(r"between (.+?) and (.+)")
_NEXT = re.compile(
    rf"\s*(?:->|=>|\u2192|(?<!\w)(?:and then|then|to|into|{_GO_ON}|followed by|,)(?!\w)|,)\s*", re.IGNORECASE
)
_BECOME = re.compile(
    r"\s*(?<!\w)(?:gets?|got|are|is|were|was|becomes?|became|leads? to|ends? (?:up )?in|->)(?!\w)\s*",
    re.IGNORECASE,
)
_LEAD = phrase(r"from|of|for|between")

_AFTER = phrase(
    r"(?:what|where) (?:do|does|did) (?:our |the )?(?:users|people|persons|visitors|customers|members|someone|they) "
    r"(?:do|go|click)(?: right| immediately| directly| next| straight)?"
    r"(?: after| next after| once they(?: have)?| from)"
)
_BEFORE = phrase(
    r"(?:what (?:do|does|did) (?:our |the )?(?:users|people|persons|visitors|customers|members|someone|they) do"
    r"(?: right| immediately| directly)? before|what happens(?: right| immediately| directly)? before|"
    r"what leads (?:up )?to|how do (?:our |the )?(?:users|people|visitors|customers) (?:get|come) to)"
)
_HAPPENS_AFTER = phrase(
    r"what (?:happens|comes)(?: right| immediately| directly| next)?(?: next)? (?:after|from)|what follows"
)
_PATHS = phrase(r"(?:user )?(?:paths?|journeys?|flows?)(?: taken)?(?: (?:do|that) (?:users|people) take)?")
_TO = re.compile(r"\s*(?<!\w)(?:to|leading to|towards|before|->)(?!\w)\s*", re.IGNORECASE)
_START = phrase(r"from|after|starting (?:at|from|with)|of|following|between")


def funnel(asked: Asked) -> Understood | None:
    """Conversion from one event to the next ones."""
    wording = asked.wording
    found = _funnel_steps(asked)
    if found is None:
        return None
    window_s, breakdown, texts = found
    asked.refuse_lines("a funnel")
    steps = [asked.needed_event(text) for text in texts]
    wording.rest = ""
    return parameters.funnel(asked.common, steps, window_s, breakdown)


def _funnel_steps(asked: Asked) -> tuple[int, Property | None, list[str]] | None:
    """The window, the breakdown and the phrases of the steps; None for a question of another kind."""
    wording = asked.wording
    is_share = _SHARE.search(wording.rest) is not None
    who = _WHO_GO_ON.search(wording.rest)
    if not (is_share or who or _CONVERSION.search(wording.rest)):
        return None
    window_s = take_window_s(wording)
    breakdown = take_breakdown(wording, asked.vocabulary)
    if (who := _WHO_GO_ON.search(wording.rest)) is not None:
        return window_s, breakdown, _split(_NEXT, f"{who[1]} then {who[2]}")
    wording.take(_CONVERSION)
    if is_share:
        wording.take(_SHARE)
        return window_s, breakdown, _split(_NEXT if _NEXT.search(wording.rest) else _BECOME, wording.rest)
    if (between := _BETWEEN.search(wording.rest)) is not None:
        return window_s, breakdown, [between[1], between[2]]
    text = _LEAD.sub(" ", wording.rest, count=1)
    return window_s, breakdown, _split(_NEXT, text)


def _split(pattern: re.Pattern[str], text: str) -> list[str]:
    return [part for part in (part.strip() for part in pattern.split(text)) if part]


def paths(asked: Asked) -> Understood | None:
    """What people do before or after an event."""
    wording = asked.wording
    if wording.take(_BEFORE) is not None:
        ends: tuple[str, str] = ("", wording.rest)
    elif wording.take(_AFTER) is not None or wording.take(_HAPPENS_AFTER) is not None:
        ends = _ends(wording.rest)
    elif wording.take(_PATHS) is not None:
        ends = _ends(_START.sub(" ", wording.rest, count=1))
    else:
        return None
    asked.refuse_lines("paths")
    start, end = (asked.needed_event(text) if text.strip() else None for text in ends)
    if start is None and end is None and wording.rest.strip():
        raise NotUnderstood(f"{wording.rest!r} is not understood")
    return parameters.paths(asked.common, start, end)


def _ends(text: str) -> tuple[str, str]:
    """Where paths start and end, either of which may be left out."""
    start, *end = _TO.split(text, maxsplit=1)
    return start, end[0] if end else ""
