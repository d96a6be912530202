"""A driver tree in words and bars: what was, what each part added or took, and what that makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.dashboard import wording

_NAMES: dict[str, str | Promise] = {
    "new": gettext_lazy("People who came for the first time"),
    "resurrected": gettext_lazy("People who came back after a pause"),
    "lost": gettext_lazy("People who stayed away"),
    "active_users": gettext_lazy("Active people"),
    "paying_ratio": gettext_lazy("Share of them who paid"),
    "payments_per_payer": gettext_lazy("Payments per payer"),
    "revenue_per_payment": gettext_lazy("Revenue per payment"),
    "other_revenue": gettext_lazy("Revenue of anything else"),
}


@dataclass(frozen=True)
class Bar:
    """A line of the waterfall: from `x` on, `width` wide, in percent; `tone` is up, down or whole."""

    label: str
    value: str
    own: str
    x: str
    width: str
    tone: str


@dataclass(frozen=True)
class Tree:
    """The waterfall, and its sentence."""

    sentence: str
    now_days: str
    before_days: str
    bars: list[Bar]


def tree_of(found: Mapping[str, Any], title: str, unit: str) -> Tree:
    """The bars of a change: they start where the one before ended, so that they visibly sum up."""
    first, last = found["date_from"], found["date_to"]
    days = (last - first).days + 1
    before_days = wording.days(first - timedelta(days=days), first - timedelta(days=1))
    steps = [found["previous_value"]]
    for driver in found["drivers"]:
        steps.append(steps[-1] + driver["contribution"])
    low, high = min(0.0, *steps, found["value"]), max(0.0, *steps, found["value"])
    spread = (high - low) or 1.0

    def bar(label: str, ends: tuple[float, float], value: str, tone: str, own: str = "") -> Bar:
        start, end = min(ends), max(ends)
        x, width = (start - low) / spread * 100, (end - start) / spread * 100
        return Bar(label, value, own, f"{x:.2f}%", f"{max(width, 0.4):.2f}%", tone)

    bars = [
        bar(_("Before"), (0.0, steps[0]), wording.measured(steps[0], unit), "whole"),
        *(
            bar(
                str(_NAMES.get(driver["name"], driver["name"])),
                (start, end),
                _signed(driver["contribution"], unit),
                "up" if driver["contribution"] >= 0 else "down",
                _own(driver),
            )
            for driver, start, end in zip(found["drivers"], steps, steps[1:], strict=False)
        ),
        bar(_("Now"), (0.0, found["value"]), wording.measured(found["value"], unit), "whole"),
    ]
    return Tree(_sentence(found, title, unit), wording.days(first, last), before_days, bars)


def _sentence(found: Mapping[str, Any], title: str, unit: str) -> str:
    names = {
        "title": title,
        "before": wording.measured(found["previous_value"], unit),
        "now": wording.measured(found["value"], unit),
        "change": wording.measured(abs(found["change"]), unit),
    }
    if not found["change"]:
        return _("%(title)s stayed at %(now)s.") % names
    # The part that pulled the way it went, however much another pulled against it.
    way = 1 if found["change"] > 0 else -1
    largest = max(found["drivers"], key=lambda driver: way * driver["contribution"])
    names["driver"] = str(_NAMES.get(largest["name"], largest["name"])).lower()
    names["part"] = _signed(largest["contribution"], unit)
    if found["change"] > 0:
        text = _(
            "%(title)s rose by %(change)s, from %(before)s to %(now)s. Most came of this: %(driver)s, %(part)s."
        )
    else:
        text = _(
            "%(title)s fell by %(change)s, from %(before)s to %(now)s. Most came of this: %(driver)s, %(part)s."
        )
    return text % names


def _signed(value: float, unit: str) -> str:
    return ("+" if value >= 0 else "−") + wording.measured(abs(value), unit)  # noqa: RUF001 - a minus


def _own(driver: Mapping[str, Any]) -> str:
    """The factor itself, before and now; parts that are no factor have none."""
    if driver["previous_value"] is None or driver["value"] is None:
        return ""
    before, now = driver["previous_value"], driver["value"]
    if driver["name"] == "paying_ratio":
        texts = wording.percent(before * 100), wording.percent(now * 100)
    else:
        places = 0 if driver["name"] == "active_users" else 2
        texts = wording.number(before, places), wording.number(now, places)
    return _("from %(before)s to %(now)s") % {"before": texts[0], "now": texts[1]}
