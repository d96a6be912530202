"""Questions about how people behave over time: retention, lifecycle, stickiness, sessions, and all at a glance."""

from __future__ import annotations

from analytics.ai_services.asking import parameters
from analytics.ai_services.asking.asked import Asked
from analytics.ai_services.asking.understood import Understood
from analytics.ai_services.asking.wording import phrase

_OVERVIEW = phrase(
    r"overview|summary|summari[sz]e|at a glance|key (?:figures|numbers|metrics)|"
    r"how (?:are|is|were) (?:we|things|it|everything|the (?:product|business|site|app))(?: all)? (?:doing|going)"
)
_GLANCE = phrase(r"everything|things|performance|business|product|site|app")

_STICKY = phrase(
    r"how sticky|stickiness|sticky|(?:on )?how many days (?:a|per|each|in a) (?:week|month)|active days|days active"
)
_ACTIVE = phrase(r"active|use|used|using|there|around|come|product|site|app|back")
_MONTH = phrase(r"(?:a|per|each|every|in a|within a|within the) month|monthly")
_WITHIN = phrase(r"(?:(?:a|per|each|every|in a|within a|within the) (?:week|month)|weekly|monthly)")

_LIFECYCLE = phrase(
    r"new(?: users| people| visitors| customers)? (?:versus|vs\.?|and|or|against|compared (?:to|with)) "
    r"(?:returning|existing|old|recurring)(?: users| people| visitors| customers)?|"
    r"(?:user )?life ?cycle|(?:new|returning|dormant|resurrect(?:ed|ing)) "
    r"(?:users|people|persons|visitors|customers|members)"
)
_SPLIT = phrase(r"split|breakdown|share|growth")

_RETENTION = phrase(r"(?:user )?retention(?: rates?)?|retained?|retaining")
_BACK = phrase(
    r"(?:come|comes|came|coming) back(?: again)?|returns?|returned|returning|(?:are |is )?retained"
)
_DAY_N = phrase(r"(day|week|month)[ -]?(\d{1,3})|(\d{1,3})[ -](day|week|month)|d(\d{1,3})")
_AFTER = phrase(r"after|from|of|for|following|once|since")
_BACK_TO = phrase(r"to|and|for another")

_SESSIONS = phrase(
    r"bounce rates?|(?:average |typical |mean |median )?(?:session|visit) (?:length|duration|time)s?|"
    r"(?:length|duration) of (?:an? |the )?(?:average |typical )?(?:sessions?|visits?)|"
    r"how long (?:is|are|was|were|do|does|did)(?: our| the| an?)?(?: average| typical| mean| median)? "
    r"(?:sessions?|visits?)(?: last)?|"
    r"events per session|how many sessions|number of sessions|sessions"
)
_TYPICAL = phrase(r"average|typical|mean|median|last|long")


def overview(asked: Asked) -> Understood | None:
    """The last days at a glance."""
    if asked.wording.take(_OVERVIEW) is None:
        return None
    asked.wording.take(_GLANCE)
    asked.refuse_rest()
    asked.refuse_lines("the overview")
    return parameters.overview(asked.common)


def stickiness(asked: Asked) -> Understood | None:
    """On how many days of a week or month people are there."""
    wording = asked.wording
    if not wording.has(_STICKY):
        return None
    within = "month" if wording.has(_MONTH) or asked.interval == "month" else "week"
    wording.take(_STICKY)
    wording.take(phrase("how many days"))  # where the interval took the rest of it
    wording.take(_WITHIN)
    while wording.take(_ACTIVE) is not None:
        continue
    asked.refuse_lines("stickiness", interval=asked.interval in ("hour",))
    return parameters.stickiness(asked.common, asked.event(wording.rest), within)


def lifecycle(asked: Asked) -> Understood | None:
    """New, returning, resurrecting and dormant persons."""
    wording = asked.wording
    if wording.take(_LIFECYCLE) is None:
        return None
    wording.take(_SPLIT)
    asked.refuse_lines("the lifecycle", interval=False)
    return parameters.lifecycle(asked.common, asked.event(wording.rest), asked.interval)


def retention(asked: Asked) -> Understood | None:
    """How many come back."""
    wording = asked.wording
    if not (wording.has(_RETENTION) or wording.has(_BACK)):
        return None
    asked.refuse_lines("retention", interval=False)
    interval, periods = _nth(asked)
    start, back = _start_and_back(wording.rest)
    return parameters.retention(asked.common, asked.event(start), asked.event(back), interval, periods)


def _nth(asked: Asked) -> tuple[str | None, int | None]:
    """The interval and how many periods: "day 7 retention" takes the day itself and seven after it."""
    found = asked.wording.take(_DAY_N)
    if found is None:
        return asked.interval, None
    unit = (found[1] or found[4] or "day").lower()
    return unit, int(found[2] or found[3] or found[5]) + 1


def _start_and_back(text: str) -> tuple[str, str]:
    """The phrases of the first event and of the one that people come back with."""
    back = _BACK.search(text)
    if back is None or _RETENTION.search(text) is not None:
        start, _, end = _AFTER.sub(" ", _RETENTION.sub(" ", text, count=1), count=1).partition(" to ")
        return start, end
    before, after = text[: back.start()], text[back.end() :].strip()
    if _AFTER.match(after) is not None:
        return f"{before} {_AFTER.sub(' ', after, count=1)}", ""
    return before, _BACK_TO.sub(" ", after, count=1)


def sessions(asked: Asked) -> Understood | None:
    """How many sessions there are, and how long they are; by day or by property they are a trend."""
    wording = asked.wording
    if (
        asked.interval is not None
        or asked.is_compared
        or " by " in f"{wording.rest} "
        or " per " in _plain(wording.rest)
    ):
        return None
    if wording.take(_SESSIONS) is None:
        return None
    wording.take(_TYPICAL)
    asked.refuse_rest()
    return parameters.sessions(asked.common)


def _plain(text: str) -> str:
    """Without the one "per" that is a figure of sessions."""
    return text.lower().replace("events per session", "")
