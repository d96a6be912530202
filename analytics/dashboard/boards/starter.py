"""The dashboard that an empty list offers: active people, from signing up to paying, and who comes back.

It is made only when somebody asks for it, of events that have come: a funnel of events that nobody sends would show
nothing.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from analytics.api import questions
from analytics.models import Dashboard
from analytics.models.choices import TileWidth
from analytics.reports import boards, pickers, saved
from analytics.reports.saved import Reader

_DAYS = 30
_WINDOW_S = 14 * 86_400
#: What the steps on the way to a payment are commonly called, in the order in which they happen.
_WAY = (
    ("sign_up", "signup", "signed_up", "user_signed_up", "register", "registered"),
    ("subscription_started", "checkout", "checkout_started", "order_started", "add_to_cart", "event_registered"),
    ("payment_succeeded", "payment", "paid", "purchase", "order_completed", "order_paid"),
)  # fmt: skip


def make(reader: Reader) -> Dashboard:
    """The dashboard with its reports, which belong to the reader. **Errors**: `Unavailable`."""
    wanted = [
        (_("Active people"), "trends", _active(), TileWidth.FULL),
        *_way([row["value"] for row in pickers.list_events()]),
        (_("Who comes back, by week"), "retention", _retention(), TileWidth.FULL),
    ]
    with transaction.atomic():
        tiles = []
        for name, analysis, question, width in wanted:
            fitting = questions.fit(analysis, question)
            report = saved.create_report(reader, analysis, fitting.saved, {"name": name, "is_shared": True})
            tiles.append({"report": report.uuid, "width": width})
        return boards.create_board(reader, {"name": _("First look"), "is_shared": True}, tiles)


def _active() -> dict[str, Any]:
    series = [{"measure": "persons", "label": _("Active people")}]
    return {"days": _DAYS, "series": series, "interval": "day", "compare": "previous_period"}


def _retention() -> dict[str, Any]:
    return {"days": 60, "interval": "week", "periods": 8, "kind": "first_time"}


def _way(events: list[str]) -> list[tuple[str, str, dict[str, Any], str]]:
    """A funnel of the steps that there are; of fewer than two none, but the most frequent events."""
    by_name = {name.lower().replace(" ", "_"): name for name in reversed(events)}
    found = [next((by_name[name] for name in names if name in by_name), None) for names in _WAY]
    steps = [{"event": name} for name in found if name is not None]
    if len(steps) > 1:
        question = {"days": _DAYS, "steps": steps, "window_seconds": _WINDOW_S}
        return [(_("From signing up to paying"), "funnel", question, TileWidth.FULL)]
    series = [{"event": name, "measure": "count"} for name in events[:3]]
    if not series:
        return []
    return [
        (
            _("What happens most"),
            "trends",
            {"days": _DAYS, "series": series, "interval": "day"},
            TileWidth.FULL,
        )
    ]
