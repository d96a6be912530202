"""Paths: which event follows which, as a flow and as a table of its links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from analytics.api.query_answer_shapes import PathsResponse
from analytics.dashboard import wording
from analytics.dashboard.explore.flow import NODE_WIDTH, flow_of
from analytics.dashboard.explore.results.result import Cell, Result, Sheet, Table

if TYPE_CHECKING:
    from analytics.dashboard.explore.question import Question


def show(_question: Question, answer: PathsResponse) -> Result:
    """The flow, and its links, the largest first."""
    rows = [
        [
            Cell(str(link.step)),
            Cell(link.source, is_number=False),
            Cell(link.target, is_number=False),
            Cell(wording.number(link.count)),
            Cell(wording.number(link.persons)),
        ]
        for link in answer.links
    ]
    columns = [_("Step"), _("Event"), _("Next event"), _("Times"), _("People")]
    largest = answer.links[0] if answer.links else None
    summary = (
        _("The largest of %(links)s links: %(source)s, then %(target)s, %(count)s times.")
        % {
            "links": wording.number(len(answer.links)),
            "source": largest.source,
            "target": largest.target,
            "count": wording.number(largest.count),
        }
        if largest
        else ""
    )
    return Result(
        is_empty=not answer.links,
        tables=[Table(_("Links"), columns, rows, is_open=True, text_columns=3)],
        sheet=Sheet(
            ["step", "source", "target", "count", "persons"],
            [[link.step, link.source, link.target, link.count, link.persons] for link in answer.links],
        ),
        extra={"flow": flow_of(answer.links), "flow_summary": summary, "node_width": NODE_WIDTH},
    )
