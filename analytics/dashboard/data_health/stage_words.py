"""The stages behind the ledger in words: each with a state that says whether somebody has to do something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics import clock
from analytics.dashboard import moments, wording
from analytics.reports.data_health import LakeState, OutboxLine, Sealing, SinkLine, Stages

State = Literal["good", "warn", "bad", "off"]

#: Sealing is due every ten seconds; what waits this long says that nobody does it.
_LATE_S = 120.0
_STATES: dict[str, State] = {"healthy": "good", "degraded": "warn", "low": "warn", "disabled": "off"}
_CODES: dict[str, str | Promise] = {
    "healthy": gettext_lazy("Answers"),
    "degraded": gettext_lazy("Answers in part"),
    "disabled": gettext_lazy("Switched off"),
    "unhealthy": gettext_lazy("Does not work"),
    "timeout": gettext_lazy("Answers too late"),
    "down": gettext_lazy("Does not answer"),
    "low": gettext_lazy("Little room left"),
}
_PARTS: dict[str, str | Promise] = {
    "database": gettext_lazy("Database"),
    "redis": gettext_lazy("Cache and queue"),
    "ai_services": gettext_lazy("AI services"),
    "lake": gettext_lazy("Lake"),
    "disk": gettext_lazy("Disk"),
    "posthog": gettext_lazy("Forwarding"),
}


@dataclass(frozen=True)
class Line:
    """A stage or part: its state, the state in words, and what else there is to say."""

    title: str
    state: State
    state_text: str
    detail: str = ""
    hint: str = ""


def sealing_of(sealing: Sealing) -> Line:
    """How far the lake is behind the database."""
    if not sealing.waiting:
        return Line(_("Sealing"), "good", _("Up to date"), _("Every event is in the lake."))
    said = ngettext(
        "%(count)s event waits; it came %(age)s ago.",
        "%(count)s events wait; the oldest came %(age)s ago.",
        sealing.waiting,
    )
    detail = said % {"count": wording.number(sealing.waiting), "age": moments.age(sealing.oldest_s)}
    if sealing.oldest_s < _LATE_S:
        return Line(_("Sealing"), "good", _("Under way"), detail)
    hint = _("Sealing is due every ten seconds: are the worker and beat running? No event is lost meanwhile.")
    return Line(_("Sealing"), "bad", _("Stands still"), detail, hint)


def lake_of(lake: LakeState) -> list[tuple[str, str]]:
    """The lake as label and value."""
    if lake.version < 0:
        return [(_("Lake"), _("There is none yet: it begins with the first sealing."))]
    return [
        (_("Rows"), wording.number(lake.rows)),
        (_("Files"), wording.number(lake.files)),
        (_("Size"), str(filesizeformat(lake.size_bytes))),
        (_("Newest day"), wording.day(lake.newest_day) if lake.newest_day else _("none")),
        (_("Version"), str(lake.version)),
        (_("Watermark"), str(lake.watermark)),
    ]


def sinks_of(sinks: list[SinkLine]) -> list[dict[str, str]]:
    """Sinks of events and messages, a row each."""
    return [_sink(sink) for sink in sinks]


def _sink(sink: SinkLine) -> dict[str, str]:
    state, text = "good", _("Delivers")
    if sink.faults_in_a_row:
        count = {"count": wording.number(sink.faults_in_a_row)}
        said = ngettext("%(count)s fault in a row", "%(count)s faults in a row", sink.faults_in_a_row)
        state, text = "bad", said % count
    elif sink.last_delivered_at is None:
        state, text = "off", _("Nothing delivered yet")
    resting = ""
    if sink.resting_until is not None and sink.resting_until > clock.now():
        resting = _("rests until %(at)s") % {"at": moments.instant(sink.resting_until)}
    waiting = ""
    if sink.waiting_events is not None:
        waiting = wording.number(sink.waiting_events)
        if sink.waiting_events:
            waiting = _("%(count)s, the oldest %(age)s") % {"count": waiting, "age": moments.age(sink.lag_s)}
    return {
        "name": sink.name,
        "state": state,
        "state_text": text,
        "resting": resting,
        "delivered": wording.number(sink.delivered),
        "last": moments.ago(sink.last_delivered_at),
        "last_at": moments.instant(sink.last_delivered_at),
        "waiting": waiting,
        "error": sink.last_error if sink.faults_in_a_row else "",
    }


def outbox_of(lines: list[OutboxLine]) -> list[dict[str, str | int]]:
    """Messages that wait or were given up, a row a sink."""
    return [
        {
            "sink": line.sink,
            "waiting": wording.number(line.waiting),
            "oldest": moments.age(line.oldest_waiting_s) if line.waiting else "",
            "given_up": line.given_up,
            "given_up_text": wording.number(line.given_up),
        }
        for line in lines
    ]


def parts_of(found: Stages) -> list[Line]:
    """The parts of the deployment, as the detailed health check says."""
    lines = []
    for name, code in found.health.components.items():
        spent = found.health.durations_ms.get(name)
        detail = "" if spent is None else _("%(ms)s ms") % {"ms": wording.number(spent, 1)}
        title, text = str(_PARTS.get(name, name)), str(_CODES.get(code, code))
        lines.append(Line(title, _STATES.get(code, "bad"), text, detail))
    return lines


def work_of(found: Stages) -> list[Line]:
    """Worker and schedule. Beat leaves no mark of its own: what it starts every ten seconds is what shows."""
    work = found.work
    if work.active_tasks is None:
        worker = Line(
            _("Worker"), "warn", _("No answer"), "",
            _("It is busy with a long task, or none is running. Events are stored all the same."),
        )  # fmt: skip
    else:
        waiting = sum((work.queue_lengths or {}).values())
        detail = _("%(active)s tasks under way, %(waiting)s waiting") % {
            "active": wording.number(work.active_tasks), "waiting": wording.number(waiting),
        }  # fmt: skip
        worker = Line(_("Worker"), "good", _("Answers"), detail)
    is_late = found.sealing.waiting > 0 and found.sealing.oldest_s >= _LATE_S
    beat = Line(
        _("Schedule (beat)"),
        "bad" if is_late else "good",
        _("Seems to stand still") if is_late else _("Keeps time"),
        _("told by sealing, which it starts every ten seconds"),
    )
    unread = [
        Line(
            _("Work: %(name)s") % {"name": name.replace("_", " ")}, "good" if not events else "off",
            _("Up to date") if not events else _("%(count)s events to read") % {"count": wording.number(events)},
        )
        for name, events in work.unread.items()
    ]  # fmt: skip
    return [worker, beat, *unread]
