"""Retention: a table in which the warmth of a cell is the share that came back, and the curve of all cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from analytics.api.query_answer_shapes import RetentionCohort, RetentionResponse
from analytics.dashboard import wording
from analytics.dashboard.explore.results import result
from analytics.dashboard.explore.results.result import Chart, Result, Sheet

if TYPE_CHECKING:
    from analytics.dashboard.explore.question import Question

#: Warmths that `explore.css` has colours for, beside none.
_WARMTHS = 8


@dataclass(frozen=True)
class Heat:
    """A cell of the table. `warmth` is 0 to 8; a period that lies after the range has no text."""

    text: str
    persons: str
    warmth: int


@dataclass(frozen=True)
class CohortRow:
    """Those who started in one period; "" for a cohort without members."""

    start: str
    size: str
    cells: list[Heat]


def show(question: Question, answer: RetentionResponse) -> Result:
    """Cohorts as rows, periods as columns, and the mean as a curve."""
    interval = question.values["interval"]
    curve = _curve(answer.cohorts)
    rows = [_row(cohort, interval) for cohort in answer.cohorts]
    return Result(
        is_empty=not any(cohort.size for cohort in answer.cohorts),
        chart=_chart(curve, interval),
        sheet=_sheet(answer.cohorts),
        extra={
            "cohorts": rows,
            "mean": [_heat(ratio, None) for ratio in curve],
            "all_size": wording.number(sum(cohort.size for cohort in answer.cohorts)),
            "periods": [_period(place, interval) for place in range(len(curve))],
        },
    )


def _curve(cohorts: list[RetentionCohort]) -> list[float | None]:
    """The share of all that could have come back in a period who did; None where nobody could yet.

    **Units**: ratios 0 to 1, weighted by the sizes of the cohorts whose period does not lie after the range.
    """
    curve: list[float | None] = []
    for place in range(max((len(cohort.returned) for cohort in cohorts), default=0)):
        seen = [(cohort.size, cohort.returned[place]) for cohort in cohorts]
        size = sum(size for size, back in seen if back is not None)
        curve.append(sum(back for _size, back in seen if back is not None) / size if size else None)
    while curve and curve[-1] is None:
        curve.pop()
    return curve


def _period(place: int, interval: str) -> str:
    names = {"day": _("Day %(number)s"), "week": _("Week %(number)s"), "month": _("Month %(number)s")}
    return names[interval] % {"number": place}


def _row(cohort: RetentionCohort, interval: str) -> CohortRow:
    cells = [_heat(_ratio(back, cohort.size), back) for back in cohort.returned]
    return CohortRow(result.bucket(cohort.start, interval), wording.number(cohort.size), cells)


def _ratio(back: int | None, size: int) -> float | None:
    return None if back is None or not size else back / size


def _heat(ratio: float | None, persons: int | None) -> Heat:
    if ratio is None:
        return Heat("", "", 0)
    warmth = 0 if not ratio else 1 + min(int(ratio * _WARMTHS), _WARMTHS - 1)
    return Heat(wording.percent(ratio * 100, 0 if ratio in (0, 1) else 1), result.number(persons), warmth)


def _chart(curve: list[float | None], interval: str) -> Chart:
    data: dict[str, Any] = {
        "kind": "curve",
        "labels": [_period(place, interval) for place in range(len(curve))],
        "lines": [
            {
                "label": _("All cohorts"),
                "values": [None if ratio is None else round(ratio * 100, 4) for ratio in curve],
            }
        ],
    }
    texts = [f"{_period(place, interval)}: {result.percent(ratio)}" for place, ratio in enumerate(curve)]
    return Chart(_("Who came back, of all cohorts"), ", ".join(texts[:12]), data)


def _sheet(cohorts: list[RetentionCohort]) -> Sheet:
    periods = max((len(cohort.returned) for cohort in cohorts), default=0)
    rows = [[cohort.start.isoformat(), cohort.size, *cohort.returned] for cohort in cohorts]
    return Sheet(["start", "size", *(f"period {place}" for place in range(periods))], rows)
