"""The analyses as JSON: the plain values of a question in, the plain values of an answer with its proof out.

`analytics.api.query_shapes` says which values there are; here they become the engine's typed questions, so that every
surface (HTTP, the MCP server, questions in words) asks the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from analytics.errors import BadInput
from analytics.reports import cohorts, query_answers
from analytics.reports.analyses import ask
from analytics.reports.answering import answering
from analytics.reports.filters import parse_filter, parse_property
from analytics.reports.ranges import range_of
from analytics.reports.texts import check_texts
from analytics.store import lake

if TYPE_CHECKING:
    from eventlake.analyses.range_question import RangeQuestion
    from eventlake.analyses.trends_question import Breakdown, Series

Given = Mapping[str, Any]


@dataclass(frozen=True)
class _Query:
    """How values become a question, which analysis answers it, and how the answer becomes values."""

    read: Callable[[Given], RangeQuestion]
    analysis: Callable[[], Callable[..., Any]]
    show: Callable[[Any], dict[str, Any]]


def answer(name: str, given: Given) -> dict[str, Any]:
    """The answer of an analysis by name.

    **Shape**: API.md's keys for that analysis, and `proof`. Instants are aware, in the question's zone.
    **Errors**: `BadInput` naming the place of what cannot be asked, `Unavailable`.
    """
    query = QUERIES[name]
    found = ask(query.analysis(), _read(query, given))
    return {**query.show(found), "proof": asdict(found.proof)}


def question_of(name: str, given: Given) -> RangeQuestion:
    """The engine's question. **Errors**: `BadInput` naming the place of what cannot be asked."""
    return _read(QUERIES[name], given)


def check(name: str, given: Given) -> None:
    """Read a question without asking it. **Errors**: `BadInput` naming the place of what cannot be asked."""
    _read(QUERIES[name], given)


def state(name: str, given: Given) -> Hashable:
    """Equal states mean equal answers; None where that cannot be said: cohorts and persons' properties may change.

    **Errors**: as `answer`.
    """
    return state_of(_read(QUERIES[name], given))


def state_of(question: RangeQuestion) -> Hashable:
    """The same of a question."""
    needs = cohorts.needs_of(question)
    if needs.cohorts or needs.properties:
        return None
    with answering():
        return repr(question), lake.state()


def _read(query: _Query, given: Given) -> RangeQuestion:
    check_texts(given)
    with answering():
        return query.read(given)


@contextmanager
def _at(place: str) -> Iterator[None]:
    """**Errors**: `BadInput` that names the place of what the engine's question refuses."""
    from eventlake.errors import QuestionError

    try:
        yield
    except QuestionError as error:
        raise BadInput(f"{place}: {error}", code="bad_question") from error


def _range(given: Given) -> dict[str, Any]:
    span, _ = range_of(dict(given))
    return {"from_at": span.from_at, "to_at": span.to_at, "filter": parse_filter(given.get("filters"))}


def _range_in_zone(given: Given) -> dict[str, Any]:
    _, zone = range_of(dict(given))
    return {**_range(given), "time_zone": str(zone)}


def _breakdown(given: Given) -> Breakdown | None:
    from eventlake.analyses.trends_question import Breakdown

    if (wanted := given.get("breakdown")) is None:
        return None
    with _at("breakdown"):
        return Breakdown(parse_property(wanted, "breakdown"), wanted["limit"])


def _trends(given: Given) -> RangeQuestion:
    from eventlake.analyses.trends_question import TrendsQuestion
    from eventlake.periods import Interval

    with _at("series"):
        return TrendsQuestion(
            **_range_in_zone(given),
            series=tuple(_series(one, f"series[{n}]") for n, one in enumerate(given["series"])),
            interval=Interval(given["interval"]),
            breakdown=_breakdown(given),
            compare_previous=given["compare"] is not None,
            formula=given["formula"],
        )


def _series(given: Given, place: str) -> Series:
    from eventlake.analyses.measures import Measure
    from eventlake.analyses.trends_question import Series

    prop = None if given["property"] is None else parse_property(given, place)
    with _at(place):
        return Series(
            Measure(given["measure"]),
            given["event"],
            prop,
            parse_filter(given["filters"], f"{place}.filters"),
            given["label"],
        )


def _funnel(given: Given) -> RangeQuestion:
    from eventlake.analyses.funnel_question import (
        Attribution,
        Exclusion,
        FunnelQuestion,
        FunnelStep,
        Order,
    )

    steps = tuple(
        FunnelStep(step["event"], parse_filter(step["filters"], f"steps[{n}].filters"))
        for n, step in enumerate(given["steps"])
    )
    return FunnelQuestion(
        **_range(given),
        steps=steps,
        window_s=given["window_seconds"],
        order=Order(given["order"]),
        exclusions=tuple(Exclusion(**one) for one in given["exclusions"]),
        breakdown=_breakdown(given),
        attribution=Attribution(given["attribution"]),
    )


def _retention(given: Given) -> RangeQuestion:
    from eventlake.analyses.retention import RetentionKind, RetentionQuestion
    from eventlake.periods import Interval

    return RetentionQuestion(
        **_range_in_zone(given),
        start_event=given["start_event"],
        return_event=given["return_event"],
        interval=Interval(given["interval"]),
        periods=given["periods"],
        kind=RetentionKind(given["kind"]),
    )


def _paths(given: Given) -> RangeQuestion:
    from eventlake.analyses.paths_question import PathsQuestion, Within

    names = ("start_event", "end_event", "max_steps", "limit")
    return PathsQuestion(
        **_range(given), within=Within(given["within"]), **{name: given[name] for name in names}
    )


def _lifecycle(given: Given) -> RangeQuestion:
    from eventlake.analyses.lifecycle import LifecycleQuestion
    from eventlake.periods import Interval

    return LifecycleQuestion(
        **_range_in_zone(given), event=given["event"], interval=Interval(given["interval"])
    )


def _stickiness(given: Given) -> RangeQuestion:
    from eventlake.analyses.stickiness import StickinessQuestion
    from eventlake.periods import Interval

    return StickinessQuestion(**_range_in_zone(given), event=given["event"], within=Interval(given["within"]))


def _sessions(given: Given) -> RangeQuestion:
    from eventlake.analyses.sessions import SessionsQuestion

    return SessionsQuestion(**_range_in_zone(given))


def _analysis(name: str) -> Callable[[], Callable[..., Any]]:
    """The engine's function, found when it is first asked: its libraries are heavy."""

    def find() -> Callable[..., Any]:
        from importlib import import_module

        found: Callable[..., Any] = getattr(import_module(f"eventlake.analyses.{name}"), name)
        return found

    return find


QUERIES = {
    "trends": _Query(_trends, _analysis("trends"), query_answers.trends),
    "funnel": _Query(_funnel, _analysis("funnel"), query_answers.funnel),
    "retention": _Query(_retention, _analysis("retention"), query_answers.retention),
    "paths": _Query(_paths, _analysis("paths"), query_answers.paths),
    "lifecycle": _Query(_lifecycle, _analysis("lifecycle"), query_answers.lifecycle),
    "stickiness": _Query(_stickiness, _analysis("stickiness"), query_answers.stickiness),
    "sessions": _Query(_sessions, _analysis("sessions"), query_answers.sessions),
}
