"""How a metric stands, in a word with a sign beside it, so that nobody has to tell colours apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Standing:
    """A state: `tone` is a class of the style sheet, `icon` the sign."""

    word: str | Promise
    tone: str
    icon: str


_STANDINGS: dict[str, Standing] = {
    "ok": Standing(_("OK"), "good", "check"),
    "warning": Standing(_("Warning"), "high", "warning"),
    "critical": Standing(_("Critical"), "critical", "report"),
    "open": Standing(_("Day still open"), "", "pause"),
    "no_data": Standing(_("No data"), "", "info"),
}
_UNJUDGED = Standing(_("No threshold"), "none", "")
_TOO_FEW = Standing(_("Too few to judge"), "", "info")


def standing_of(metric: Mapping[str, Any]) -> Standing:
    """How a metric stands by its newest value that may be judged: that of today only where the metric allows it."""
    state, closed = metric["state"], metric["last_closed"]
    if state in ("open", "no_data") and closed is not None:
        state = closed["state"]
    if state == "no_data" and closed is not None:
        return _TOO_FEW
    has_threshold = metric["warning_threshold"] is not None or metric["critical_threshold"] is not None
    return point_standing(state) if state != "ok" or has_threshold else _UNJUDGED


def point_standing(state: str) -> Standing:
    """The standing of one value."""
    return _STANDINGS.get(state, _STANDINGS["no_data"])
