"""One metric over time: a line with its target and thresholds, parts by a dimension, and both as tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from analytics import conf
from analytics.dashboard import wording
from analytics.dashboard.metrics.standing import point_standing

#: More values of a dimension than colours of the charts; the rest is in the table.
_MOST_LINES = 8


def chart_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The line for the script, and in words what it shows."""
    history, unit = found["history"], found["unit"]
    data = {
        "kind": "history",
        "unit": unit,
        "buckets": [wall(point["period_start"]) for point in history],
        "lines": [{"label": found["title"], "values": [point["value"] for point in history]}],
        "limits": _limits(found),
        "is_unfinished": bool(history) and history[-1]["is_open"],
    }
    return {"data": data, "summary": _summary(found)}


def rows_of(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same as a table, the newest day first."""
    unit = found["unit"]
    return [
        {
            "day": wording.day(local_day(point["period_start"])),
            "value": wording.measured(point["value"], unit),
            "is_open": point["is_open"],
            "change": ""
            if point["change_percentage"] is None
            else signed_percent(point["change_percentage"]),
            "standing": point_standing(point["state"]),
            "sample": "" if point["sample"] is None else wording.number(point["sample"]),
        }
        for point in reversed(found["history"])
    ]


def parts_of(found: Mapping[str, Any], dimension: str) -> dict[str, Any] | None:
    """The parts by a dimension: lines for the script, and the newest value of each as a table."""
    parts = sorted(found["parts"], key=lambda part: -sum(point["value"] for point in part["history"]))
    if not parts:
        return None
    starts = sorted({point["period_start"] for part in parts for point in part["history"]})
    lines = []
    for part in parts[:_MOST_LINES]:
        values = {point["period_start"]: point["value"] for point in part["history"]}
        lines.append(
            {"label": name_of(part["value_name"]), "values": [values.get(start) for start in starts]}
        )
    data = {
        "kind": "history",
        "unit": found["unit"],
        "buckets": [wall(start) for start in starts],
        "lines": lines,
        "limits": [],
        "is_unfinished": bool(found["history"]) and found["history"][-1]["is_open"],
    }
    rows = [
        {
            "name": name_of(part["value_name"]),
            "mark": place if place <= _MOST_LINES else 0,
            "value": wording.measured(part["history"][-1]["value"], found["unit"]),
            "on": wording.day(local_day(part["history"][-1]["period_start"])),
        }
        for place, part in enumerate(parts, 1)
    ]
    names = ", ".join(str(line["label"]) for line in lines)
    summary = _("One line for each value of %(name)s: %(names)s.") % {"name": dimension, "names": names}
    return {"data": data, "summary": summary, "rows": rows}


def name_of(value: str) -> str:
    """The name of a part; events without the property have a part, too."""
    return value or _("(not set)")


def wall(at: datetime) -> str:
    """The local day of a value, without a zone, for the script."""
    return at.astimezone(conf.get().zone).replace(tzinfo=None).isoformat(timespec="minutes")


def local_day(at: datetime) -> date:
    """The day of a value in the deployment's zone."""
    return at.astimezone(conf.get().zone).date()


def signed_percent(moved: float) -> str:
    """A change with its sign."""
    sign = "+" if moved > 0 else "−" if moved < 0 else ""  # noqa: RUF001 - the minus of numbers
    return sign + wording.percent(abs(moved))


def _limits(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    limits = (
        ("target", _("Target"), found["target_value"]),
        ("warning", _("Warning"), found["warning_threshold"]),
        ("critical", _("Critical"), found["critical_threshold"]),
    )
    return [
        {"name": name, "label": label, "value": value} for name, label, value in limits if value is not None
    ]


def _summary(found: Mapping[str, Any]) -> str:
    history, unit = found["history"], found["unit"]
    if not history:
        return _("No value in this range.")
    values = [point["value"] for point in history]
    return _("From %(low)s to %(high)s; the newest is %(newest)s. All values are in the table.") % {
        "low": wording.measured(min(values), unit),
        "high": wording.measured(max(values), unit),
        "newest": wording.measured(values[-1], unit),
    }
