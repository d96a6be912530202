"""Sentiment of texts: by day, by event and by score; examples; and what people did after a first text.

A score of exactly 0 belongs to a text that was read and left alone (another language, too few words); a neutral text
with an opinion lies beside it, nearer to 0 than the bound of the question.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from eventlake.analyses.local_time import offset_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.parameters import Parameters
from eventlake.periods import Span, find_zone
from eventlake.proof import Proof
from eventlake.relations import Events

#: Change whenever the meaning of a figure does.
DEFINITION, TEXTS_DEFINITION, OUTCOMES_DEFINITION = "moods/1", "mood_texts/1", "mood_outcomes/1"

BINS = 20
_DAY_US = 86_400_000_000
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class MoodsQuestion(RangeQuestion):
    """Days are those of the zone. Of this event only, or (None) of all; at most so many events are listed.

    `bound`: scores this far from 0, or farther, have a side.
    """

    time_zone: str
    bound: float
    event: str | None = None
    most_names: int = 50


@dataclass(frozen=True, slots=True)
class Mood:
    """Texts and their mean score, -1 to 1; how many are on each side. The rest is neutral or was left alone."""

    texts: int
    mean: float
    negative: int
    positive: int


@dataclass(frozen=True, slots=True)
class MoodsAnswer:
    """Days and events with a text. `bins` are texts with an opinion by score, from -1 on; `without` have none.

    Events are listed whatever event was asked for.
    """

    days: Mapping[dt.date, Mood]
    names: Mapping[str, Mood]
    bins: tuple[int, ...]
    without: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class MoodTextsQuestion(RangeQuestion):
    """The `most` events with the lowest scores, as many with the highest, and the newest without an opinion."""

    bound: float
    event: str | None = None
    most: int = 8
    most_without: int = 100


@dataclass(frozen=True, slots=True)
class MoodText:
    """An event with a text. `mood` is negative, positive or without; `metadata` is JSON that holds the text."""

    mood: str
    timestamp: dt.datetime
    event_name: str
    event_type: str
    person_id: int | None
    score: float
    metadata: str


@dataclass(frozen=True, slots=True)
class MoodTextsAnswer:
    """The farthest from 0 first; those without an opinion the newest first."""

    texts: tuple[MoodText, ...]
    proof: Proof


@dataclass(frozen=True, slots=True)
class MoodOutcomesQuestion(RangeQuestion):
    """What people did within so many days of their first text of the range.

    `now`: whose time is not over by then is not counted.
    """

    now: dt.datetime
    within_days: int
    bound: float
    event: str | None = None

    @property
    def until(self) -> dt.datetime:
        """First texts lie before it."""
        return min(self.to_at, self.now - dt.timedelta(days=self.within_days))

    @property
    def reads(self) -> Span:
        """The range, and the days after it."""
        return Span(self.from_at, self.to_at + dt.timedelta(days=self.within_days))


@dataclass(frozen=True, slots=True)
class MoodOutcome:
    """Persons, those of them who were there again a day or more later, and those who converted."""

    persons: int
    came_back: int
    converted: int


@dataclass(frozen=True, slots=True)
class MoodOutcomesAnswer:
    """By the side of the first text: negative, neutral, positive; sides without a person are left out."""

    moods: Mapping[str, MoodOutcome]
    proof: Proof


def moods(reader: Reader, question: MoodsQuestion) -> MoodsAnswer:
    """Days, events and scores. Errors: QuestionError for a range or zone that cannot be asked."""
    run = reader.run(DEFINITION)
    events = Events(question.span)
    parameters = _parameters(question)
    offset = offset_sql(question.span, find_zone(question.time_zone), parameters)
    days = run.rows(statement("moods_days", offset=offset), parameters, events=events)
    parameters = Parameters(reads_person=False)
    parameters.name("bound", question.bound)
    parameters.name("most", question.most_names)
    names = run.rows(statement("moods_names"), parameters, events=events)
    parameters = Parameters(reads_person=False)
    parameters.name("event", question.event or "")
    bins = {number: rest for number, *rest in run.rows(statement("moods_bins"), parameters, events=events)}
    return MoodsAnswer(
        {day: Mood(*figures) for day, *figures in days},
        {name: Mood(*figures) for name, *figures in names},
        tuple(bins[number][0] if number in bins else 0 for number in range(BINS)),
        sum(without for _, without in bins.values()),
        run.proof(),
    )


def mood_texts(reader: Reader, question: MoodTextsQuestion) -> MoodTextsAnswer:
    """Examples. Errors: QuestionError for a range that cannot be asked."""
    run = reader.run(TEXTS_DEFINITION)
    parameters = _parameters(question)
    parameters.reads_person = True
    parameters.name("most", question.most)
    parameters.name("most_without", question.most_without)
    rows = run.rows(statement("moods_texts"), parameters, events=Events(question.span))
    return MoodTextsAnswer(tuple(MoodText(*row) for row in rows), run.proof())


def mood_outcomes(reader: Reader, question: MoodOutcomesQuestion) -> MoodOutcomesAnswer:
    """What went with which side. Errors: QuestionError for a range that cannot be asked."""
    run = reader.run(OUTCOMES_DEFINITION)
    parameters = _parameters(question)
    parameters.reads_person = True
    parameters.name("until", question.until)
    parameters.name("day_us", _DAY_US)
    parameters.name("within_us", dt.timedelta(days=question.within_days) // _MICROSECOND)
    rows = run.rows(statement("moods_outcomes"), parameters, events=Events(question.reads))
    return MoodOutcomesAnswer({mood: MoodOutcome(*figures) for mood, *figures in rows}, run.proof())


def _parameters(question: MoodsQuestion | MoodTextsQuestion | MoodOutcomesQuestion) -> Parameters:
    parameters = Parameters(reads_person=False)
    parameters.name("bound", question.bound)
    parameters.name("event", question.event or "")
    return parameters
