"""Sentiment of texts by event: how many were scored, their mean and spread, in a range and in the range before it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.parameters import Parameters
from eventlake.proof import Proof
from eventlake.relations import Events

#: Changes whenever the meaning of a figure does.
DEFINITION = "sentiments/1"


@dataclass(frozen=True, slots=True)
class SentimentsQuestion(RangeQuestion):
    """A half-open range that is cut in two at an instant."""

    middle_at: dt.datetime


@dataclass(frozen=True, slots=True)
class EventSentiment:
    """One event. Scores are -1 to 1; means and variances are 0 where there are too few texts for one."""

    event_name: str
    texts: int
    mean: float
    variance: float
    texts_before: int
    mean_before: float
    variance_before: float


@dataclass(frozen=True, slots=True)
class SentimentsAnswer:
    """Events with a scored text, in the order of names."""

    events: tuple[EventSentiment, ...]
    proof: Proof


def sentiments(reader: Reader, question: SentimentsQuestion) -> SentimentsAnswer:
    """All events. Errors: QuestionError for a range that cannot be asked."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    parameters.name("middle", question.middle_at)
    rows = run.rows(statement("sentiments"), parameters, events=Events(question.span))
    events = tuple(
        EventSentiment(
            name, texts, mean or 0.0, variance or 0.0, before, mean_before or 0.0, variance_before or 0.0
        )
        for name, texts, mean, variance, before, mean_before, variance_before in rows
    )
    return SentimentsAnswer(events, run.proof())
