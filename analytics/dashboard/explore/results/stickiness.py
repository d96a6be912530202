"""Stickiness: on how many days of a week or month people were there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.api.query_answer_shapes import StickinessResponse
from analytics.dashboard import wording
from analytics.dashboard.explore.results import result
from analytics.dashboard.explore.results.result import Chart, Result, Sheet, Table

if TYPE_CHECKING:
    from analytics.dashboard.explore.question import Question


def show(question: Question, answer: StickinessResponse) -> Result:
    """Bars by number of days, and as a table with shares."""
    counts, persons = answer.counts, answer.persons
    everybody = sum(persons)
    data = {
        "kind": "bars",
        "labels": [_days(count) for count in counts],
        "lines": [{"label": _("People"), "values": persons}],
    }
    rows = []
    for place, (count, there) in enumerate(zip(counts, persons, strict=True)):
        at_least = sum(persons[place:])
        shares = [result.percent(part / everybody if everybody else None) for part in (there, at_least)]
        rows.append(result.cells([_days(count), wording.number(there), *shares]))
    within = _("a week") if question.values["within"] == "week" else _("a month")
    title = _("People by the number of days in %(within)s on which they were there") % {"within": within}
    summary = ", ".join(
        f"{_days(count)}: {there}" for count, there in zip(counts, persons, strict=True) if there
    )
    return Result(
        is_empty=not everybody,
        chart=Chart(title, summary, data),
        tables=[
            Table(
                _("All values"),
                [_("Days"), _("People"), _("Share"), _("As many days or more")],
                rows,
                is_open=True,
            )
        ],
        sheet=Sheet(["days", "persons"], [list(row) for row in zip(counts, persons, strict=True)]),
    )


def _days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
