"""The figures of the overview as cards: the value, how it moved, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext as _

from analytics.dashboard import wording

if TYPE_CHECKING:
    from eventlake.analyses.overview import OverviewAnswer

Direction = Literal["up", "down", "same", "unknown"]

#: Beyond this a percentage says less than a factor.
_MOST_PERCENT = 1000


@dataclass(frozen=True)
class Change:
    """How a figure moved: `amount` is short ("12%"), `against` is what it is measured against."""

    direction: Direction
    amount: str
    against: str


@dataclass(frozen=True)
class Figure:
    """One card. `exact` is the value where `value` is shortened."""

    key: str
    label: str
    value: str
    exact: str
    change: Change
    definition: str


def figures_of(answer: OverviewAnswer, time_zone: str) -> list[Figure]:
    """The six cards of the overview, in reading order."""
    now, before = answer.totals, answer.previous
    had_events = before.events > 0
    conversion = now.conversion_percent or 0.0
    active = answer.active_persons_today
    return [
        Figure(
            "events", _("Events"), wording.short_number(now.events), wording.number(now.events),
            _change(now.events, before.events, wording.number(before.events), had_events=had_events),
            _("All events of the range, each counted once."),
        ),
        Figure(
            "people", _("People"), wording.short_number(now.persons), wording.number(now.persons),
            _change(now.persons, before.persons, wording.number(before.persons), had_events=had_events),
            _("Different people with an event in the range. Ids that were merged count as one person."),
        ),
        Figure(
            "active", _("Active today"), wording.short_number(active), wording.number(active),
            _active_change(active, answer.active_persons_yesterday),
            _(
                "Different people with an event today, since midnight in %(zone)s, whatever the range. Compared "
                "with yesterday up to the same time."
            ) % {"zone": time_zone},
        ),
        Figure(
            "conversion", _("Conversion rate"), wording.percent(conversion), wording.percent(conversion, 4),
            _points(conversion, before.conversion_percent, had_events=had_events),
            _(
                "Of the people in the range, those who had an event of type conversion or one with a conversion "
                "value above 0."
            ),
        ),
        Figure(
            "session", _("Average session"), wording.length(now.avg_session_s or 0),
            _("%(seconds)s seconds") % {"seconds": wording.number(now.avg_session_s or 0, 3)},
            _change(
                now.avg_session_s or 0, before.avg_session_s or 0, wording.length(before.avg_session_s or 0),
                had_events=had_events,
            ),
            _(
                "Mean time from the first to the last event of a session. A session is a session id or, where "
                "there is none, a person's events with no silence of more than 30 minutes between them."
            ),
        ),
        Figure(
            "revenue", _("Revenue"), _money(float(now.revenue)), wording.number(now.revenue, 2),
            _change(float(now.revenue), float(before.revenue), _money(float(before.revenue)), had_events=had_events),
            _(
                "The sum of revenue_impact over all events of the range. SDKs fill it by the property revenue "
                "(PostHog) or revenue, total or value (Segment)."
            ),
        ),
    ]  # fmt: skip


def _money(value: float) -> str:
    """Cents matter in small sums only."""
    return wording.short_number(value, 2 if abs(value) < 1000 else 0)


def _change(now: float, before: float, before_text: str, *, had_events: bool) -> Change:
    if not had_events:
        return Change("unknown", "", _("No events the period before"))
    against = _("from %(before)s") % {"before": before_text}
    if now == before:
        return Change("same", _("No change"), "")
    direction: Direction = "up" if now > before else "down"
    if before == 0:
        return Change(direction, "", against)
    moved_percent = abs(now - before) / abs(before) * 100
    if moved_percent >= _MOST_PERCENT:
        return Change(direction, _("%(factor)s times") % {"factor": wording.number(now / before)}, against)
    return Change(direction, wording.percent(moved_percent, 1 if moved_percent < 10 else 0), against)


def _active_change(now: int, before: int) -> Change:
    if not before:
        return Change("unknown", "", _("Nobody yesterday by this time"))
    return _change(
        now, before, _("%(before)s yesterday") % {"before": wording.number(before)}, had_events=True
    )


def _points(now: float, before: float | None, *, had_events: bool) -> Change:
    """A rate moves in points: from 2% to 3% is one point, not half as much again."""
    if not had_events or before is None:
        return Change("unknown", "", _("No events the period before"))
    if round(now, 1) == round(before, 1):
        return Change("same", _("No change"), "")
    points = wording.number(abs(now - before), 1)
    against = _("from %(before)s") % {"before": wording.percent(before)}
    return Change("up" if now > before else "down", _("%(points)s points") % {"points": points}, against)
