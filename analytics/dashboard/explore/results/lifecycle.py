"""Lifecycle: new, returning and resurrecting persons above the line, dormant ones below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from analytics.api.query_answer_shapes import LifecycleResponse
from analytics.dashboard import period, wording
from analytics.dashboard.explore.results import result
from analytics.dashboard.explore.results.result import Chart, Result, Sheet, Table

if TYPE_CHECKING:
    from analytics.dashboard.explore.question import Question


def show(question: Question, answer: LifecycleResponse) -> Result:
    """Stacked bars and the same as a table."""
    interval = question.values["interval"]
    parts = {
        _("New"): answer.new,
        _("Returning"): answer.returning,
        _("Resurrecting"): answer.resurrecting,
        _("Dormant"): answer.dormant,
    }
    rows = [
        result.cells([result.bucket(at, interval), *(wording.number(value) for value in values)])
        for at, *values in zip(answer.buckets, *parts.values(), strict=True)
    ]
    data = {
        "kind": "stacked",
        "interval": interval,
        "buckets": [result.wall(at) for at in answer.buckets],
        "lines": [{"label": name, "values": values} for name, values in parts.items()],
        "is_unfinished": question.period.last >= period.today(),
    }
    sums = ", ".join(f"{name}: {wording.number(sum(values))}" for name, values in parts.items())
    return Result(
        is_empty=not any(any(values) for values in parts.values()),
        chart=Chart(_("People by where they are in their life with the product"), sums, data),
        tables=[Table(_("All values"), [_("From"), *parts], rows, is_open=True)],
        sheet=Sheet(
            ["bucket", "new", "returning", "resurrecting", "dormant"],
            [[at.isoformat(), *values] for at, *values in zip(answer.buckets, *parts.values(), strict=True)],
        ),
    )
