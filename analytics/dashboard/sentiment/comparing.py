"""Shares of people with what they can bear: an interval for each, and whether two differ by more than chance.

**Source**: Wilson, "Probable inference" (1927), for the interval; the usual pooled z of two proportions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.dashboard import wording

if TYPE_CHECKING:
    from eventlake.analyses.moods import MoodOutcome

#: Fewer people on a side say nothing that holds.
LEAST_PERSONS = 30
#: Two-sided 95 %.
_Z = 1.96

SIDES: dict[str, str | Promise] = {
    "negative": gettext_lazy("Negative"),
    "neutral": gettext_lazy("Neutral or without opinion"),
    "positive": gettext_lazy("Positive"),
}


@dataclass(frozen=True)
class Row:
    """A side: its people, and the share of them with an outcome, each with its interval."""

    side: str
    label: str
    persons: str
    came_back: str
    came_back_between: str
    converted: str
    converted_between: str


def rows_of(moods: Mapping[str, MoodOutcome]) -> list[Row]:
    """Sides with somebody on them, from negative to positive."""
    return [
        Row(
            side,
            str(label),
            wording.number(found.persons),
            wording.percent(100 * found.came_back / found.persons),
            _between(found.came_back, found.persons),
            wording.percent(100 * found.converted / found.persons),
            _between(found.converted, found.persons),
        )
        for side, label in SIDES.items()
        if (found := moods.get(side)) is not None and found.persons
    ]


def sentences_of(moods: Mapping[str, MoodOutcome]) -> list[str]:
    """What negative beside positive says, and where it says nothing."""
    low, high = moods.get("negative"), moods.get("positive")
    if low is None or high is None or min(low.persons, high.persons) < LEAST_PERSONS:
        have = {
            "least": LEAST_PERSONS,
            "negative": wording.number(low.persons if low else 0),
            "positive": wording.number(high.persons if high else 0),
        }
        text = _(
            "Too few people to say anything: %(least)s on each side are needed, and there are %(negative)s "
            "with a negative and %(positive)s with a positive first text."
        )
        return [text % have]
    came_back = (low.came_back, low.persons), (high.came_back, high.persons)
    converted = (low.converted, low.persons), (high.converted, high.persons)
    return [
        _sentence(_("came back"), *came_back),
        _sentence(_("converted"), *converted),
    ]


def interval(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, 0 to 1.

    Example:
        >>> [round(edge, 3) for edge in interval(5, 10)]
        [0.237, 0.763]
    """
    share, z2 = hits / of, _Z**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    reach = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def differs(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two shares (hits, of) differ by more than chance would make them in 95 of 100 cases.

    Example:
        >>> differs((10, 100), (30, 100)), differs((10, 100), (12, 100))
        (True, False)
    """
    pooled = (first[0] + second[0]) / (first[1] + second[1])
    error = math.sqrt(pooled * (1 - pooled) * (1 / first[1] + 1 / second[1]))
    return bool(error) and abs(first[0] / first[1] - second[0] / second[1]) / error > _Z


def _sentence(what: str, low: tuple[int, int], high: tuple[int, int]) -> str:
    names = {
        "what": what,
        "low": wording.percent(100 * low[0] / low[1]),
        "high": wording.percent(100 * high[0] / high[1]),
    }
    if differs(low, high):
        return (
            _(
                "%(low)s of those with a negative first text %(what)s, and %(high)s of those with a positive one: "
                "more of a difference than chance makes."
            )
            % names
        )
    return (
        _(
            "%(low)s of those with a negative first text %(what)s, and %(high)s of those with a positive one: "
            "no more of a difference than chance makes."
        )
        % names
    )


def _between(hits: int, of: int) -> str:
    low, high = interval(hits, of)
    return _("%(low)s to %(high)s") % {
        "low": wording.percent(100 * low, 0),
        "high": wording.percent(100 * high, 0),
    }
