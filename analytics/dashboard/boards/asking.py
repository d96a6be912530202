"""A saved report asked and shown: the explorer's question of it, and the context of its tile."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from analytics.api.query import REQUESTS
from analytics.api.questions import Chosen, Fitting, fit
from analytics.dashboard import wording
from analytics.dashboard.annotating import annotated
from analytics.dashboard.explore.analyses import ANALYSES
from analytics.dashboard.explore.question import Question
from analytics.dashboard.period import Period
from analytics.models import SavedReport
from analytics.reports.shared_answers import get_analysis_cached
from analytics.reports.sharing import Subject

_RESULTS = "analytics/dashboard/explore/results"
#: Of these a tile shows the table alone: beside it their picture says nothing new.
_OWN_TEMPLATES = ("retention", "paths")


def question_of(fitting: Fitting) -> Question:
    """The explorer's question."""
    chosen = fitting.chosen
    days = Period(chosen.first, chosen.last, chosen.days)
    return Question(ANALYSES[fitting.analysis], days, chosen.zone, fitting.values)


def fitting_of(question: Question) -> Fitting:
    """What an explorer asks, as it is saved. **Errors**: `BadInput`."""
    days = question.period
    chosen = Chosen(days.first, days.last, question.timezone, days.days)
    return fit(question.analysis.name, {**chosen.as_saved, **question.values})


def context_of(fitting: Fitting, part: str) -> dict[str, Any]:
    """What the template of an answer needs. `part` ends its ids, so that several stand on one page.

    **Errors**: `BadInput`, `Unavailable`.
    """
    question = question_of(fitting)
    answer: Any = question.answer()
    shown = _shown(question, answer, part)
    result, notes = annotated(shown["result"])
    return {
        **shown,
        "result": result,
        "notes": notes,
        "proof": answer.proof,
        "rows_read": wording.number(answer.proof.rows_read),
        "explore_url": f"{reverse(f'analytics:{fitting.analysis}_page')}?{question.query}",
    }


def shared_context_of(fitting: Fitting, part: str) -> dict[str, Any]:
    """The same for a reader with a link: the results and how fresh they are, nothing of how they were made.

    Answers are kept for all readers together, since whoever has the link may ask again and again.
    """
    question = question_of(fitting)
    request, _ = REQUESTS[fitting.analysis]
    answer = get_analysis_cached(fitting.analysis, request.model_validate(fitting.body).model_dump())
    shape: Any = REQUESTS[fitting.analysis][1].model_validate(answer)
    return _shown(question, shape, part)


def _shown(question: Question, answer: Any, part: str) -> dict[str, Any]:
    name = question.analysis.name
    own = f"{_RESULTS}/{name}.html" if name in _OWN_TEMPLATES else "analytics/dashboard/boards/result.html"
    return {
        "part": part,
        "result": question.analysis.show(question, answer),
        "result_template": own,
        "range_text": wording.days(question.period.first, question.period.last),
        "time_zone": question.zone.key,
        "fresh_to": answer.proof.fresh_to.astimezone(question.zone),
    }


def address_of(subject: Subject) -> str:
    """The page of a report or dashboard."""
    if isinstance(subject, SavedReport):
        return reverse("analytics:report_page", kwargs={"report": subject.uuid})
    return reverse("analytics:board_page", kwargs={"board": subject.uuid})
