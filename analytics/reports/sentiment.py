"""Sentiment for people to read: over time, by event, examples with their confidence, and what people did afterwards.

Scores are those that were stored when an event was read; the confidence and the language of an example are worked out
again from its text, because they are not stored.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from analytics import clock, conf
from analytics.ai_services.sentiment.scale import NEUTRAL_BOUND
from analytics.ai_services.sentiment.service import SentimentAnalysisService, SentimentResult
from analytics.enrichment.texts import text_of
from analytics.errors import BadInput
from analytics.models import Person
from analytics.reports.analyses import ask
from analytics.reports.answering import answering

if TYPE_CHECKING:
    from eventlake.analyses.moods import MoodOutcomesAnswer, MoodsAnswer, MoodText
    from eventlake.proof import Proof

#: How long after a text somebody's return or conversion is said to go with it.
WITHIN_DAYS = 7
_MOST_DAYS = 366
_EXAMPLES, _LEFT_ALONE = 6, 200
_EXAMPLE_CHARACTERS = 600


@dataclass(frozen=True)
class Example:
    """A text. `confidence` (0 to 1) is the probability that its side is right; `person` is None without one."""

    text: str
    event_name: str
    at: datetime
    score: float
    confidence: float
    person: UUID | None


@dataclass(frozen=True)
class Examples:
    """Texts of both sides, the farthest from 0 first, and why others were left alone.

    `languages`: of the `left_alone` newest texts without an opinion, how many are of which language; `too_few_words`
    are those that are English and say too little.
    """

    negative: tuple[Example, ...]
    positive: tuple[Example, ...]
    left_alone: int
    languages: tuple[tuple[str, int], ...]
    too_few_words: int
    proof: Proof


def overview(first: date, last: date, event: str | None) -> MoodsAnswer:
    """Days, events and scores of whole local days, both included. **Errors**: `BadInput`, `Unavailable`."""
    from_at, to_at = _range(first, last)
    with answering():
        from eventlake.analyses.moods import MoodsQuestion, moods

        question = MoodsQuestion(from_at, to_at, str(conf.get().zone), NEUTRAL_BOUND, event)
    return ask(moods, question)


def examples(first: date, last: date, event: str | None) -> Examples:
    """What was written. **Errors**: as `overview`."""
    from_at, to_at = _range(first, last)
    with answering():
        from eventlake.analyses.moods import MoodTextsQuestion, mood_texts

        question = MoodTextsQuestion(from_at, to_at, NEUTRAL_BOUND, event, _EXAMPLES, _LEFT_ALONE)
    found = ask(mood_texts, question)
    rows = [(row, text) for row in found.texts if (text := _text(row))]
    read = SentimentAnalysisService().analyze_many([text for _, text in rows])
    people = _people([row.person_id for row, _ in rows if row.mood != "without"])
    shown: dict[str, list[Example]] = {"negative": [], "positive": []}
    alone: list[SentimentResult] = []
    for (row, text), result in zip(rows, read, strict=True):
        if row.mood == "without":
            alone.append(result)
        else:
            person = people.get(row.person_id) if row.person_id is not None else None
            short = text[:_EXAMPLE_CHARACTERS] + ("…" if len(text) > _EXAMPLE_CHARACTERS else "")
            shown[row.mood].append(
                Example(short, row.event_name, row.timestamp, row.score, result.confidence, person)
            )
    foreign = Counter(one.language.code for one in alone if "unsupported_language" in one.reasons)
    return Examples(
        negative=tuple(shown["negative"]),
        positive=tuple(shown["positive"]),
        left_alone=len(alone),
        languages=tuple(foreign.most_common()),
        too_few_words=sum("too_few_words" in one.reasons for one in alone),
        proof=found.proof,
    )


def outcomes(first: date, last: date, event: str | None) -> MoodOutcomesAnswer:
    """What people did within a week of their first text. **Errors**: as `overview`."""
    from_at, to_at = _range(first, last)
    with answering():
        from eventlake.analyses.moods import MoodOutcomesQuestion, mood_outcomes

        question = MoodOutcomesQuestion(
            from_at, to_at, clock.next_minute(), WITHIN_DAYS, NEUTRAL_BOUND, event
        )
    return ask(mood_outcomes, question)


def _range(first: date, last: date) -> tuple[datetime, datetime]:
    if first > last:
        raise BadInput("the first day lies after the last one", code="bad_range")
    if (last - first).days >= _MOST_DAYS:
        raise BadInput(f"at most {_MOST_DAYS} days", code="bad_range")
    with answering():
        from eventlake.periods import day_start

        zone = conf.get().zone
        from_at, end = day_start(first, zone), day_start(last + timedelta(days=1), zone)
    # Whole minutes, so that the same question comes again and its answer can be kept.
    return from_at, max(from_at, min(end, clock.next_minute()))


def _text(row: MoodText) -> str:
    try:
        metadata: Any = json.loads(row.metadata or "{}")
    except ValueError:
        return ""
    return text_of(metadata, row.event_type) if isinstance(metadata, dict) else ""


def _people(ids: list[int | None]) -> dict[int, UUID]:
    """The uuid of each person, who is named as the lake names them: after all merges."""
    wanted = {number for number in ids if number is not None}
    return dict(Person.objects.filter(pk__in=wanted).values_list("pk", "uuid"))
