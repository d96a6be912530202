"""The grammar: which questions in English are which analysis. Without a key of a language model it is all there is.

First what all questions share is taken out of the wording (filters, comparison, period, interval), then each rule in
turn says whether the question is its own. A word that nobody understands is an error: what is left out of a question
would be left out of its answer, and nobody would see.
"""

from __future__ import annotations

from collections.abc import Callable

from analytics.ai_services.asking import behaviours, counts, steps
from analytics.ai_services.asking.asked import Asked
from analytics.ai_services.asking.details import take_comparison, take_filters, take_interval
from analytics.ai_services.asking.parameters import Common
from analytics.ai_services.asking.periods import take_period
from analytics.ai_services.asking.understood import NotUnderstood, Understood
from analytics.ai_services.asking.vocabulary import Vocabulary
from analytics.ai_services.asking.wording import Wording

Rule = Callable[[Asked], Understood | None]

#: The first that knows the question answers it; `counts.trends` takes what is left.
RULES: tuple[Rule, ...] = (
    behaviours.overview,
    behaviours.stickiness,
    behaviours.lifecycle,
    steps.funnel,
    behaviours.retention,
    steps.paths,
    behaviours.sessions,
    counts.trends,
)


def understand(question: str, vocabulary: Vocabulary) -> Understood:
    """The analysis that a question asks for. **Errors**: `NotUnderstood`."""
    wording = Wording.of(question)
    if not wording.whole:
        raise NotUnderstood("there is no question")
    filters = take_filters(wording, vocabulary)
    is_compared = take_comparison(wording)
    period = take_period(wording)
    asked = Asked(wording, vocabulary, Common(period, filters), take_interval(wording), is_compared)
    for rule in RULES:
        found = rule(asked)
        if found is not None:
            return found
    raise NotUnderstood("this is no question about events")
