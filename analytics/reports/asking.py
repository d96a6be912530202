"""Questions in words: understood by the grammar, else by a language model where there is one, then asked.

What is understood is the body of a `/query/<name>` call; the surface checks it by the very shapes of those calls
before it is asked, whoever understood it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from analytics import event_names
from analytics.ai_services import asking
from analytics.ai_services.asking import NotUnderstood, Understood, Vocabulary
from analytics.ai_services.asking.explaining import explain
from analytics.ai_services.language_model import Declined
from analytics.errors import BadInput
from analytics.reports import pickers, properties, queries, shared_answers
from analytics.reports.texts import check_texts

#: The values of a question by its shape: the name of an analysis and a body in; it raises `ValueError`.
Check = Callable[[str, Mapping[str, Any]], dict[str, Any]]

_EXAMPLES_SHOWN = 3
_NUMERIC = ("int", "double", "float", "decimal")
_EVERYTHING = {"date_from": None, "date_to": None, "timezone": None, "event": None, "limit": 500}


def answer(question: str, check: Check) -> dict[str, Any]:
    """The answer of the analysis that a question in words asks for.

    **Shape**: `question`, `analysis`, `parameters` (the body of the `/query/<analysis>` call, `days` of an overview),
    `explanation`, `answer` (without its proof), `proof`, `understood_by`.
    **Errors**: `BadInput` with the code `not_understood`, and those of the analysis.
    """
    check_texts({"question": question})
    understood, given, by = _understand(question, vocabulary(), check)
    found = dict(_ask(understood.analysis, given))
    proof = found.pop("proof")
    return {
        "question": question,
        "analysis": understood.analysis,
        "parameters": understood.parameters,
        "explanation": explain(understood),
        "answer": found,
        "proof": proof,
        "understood_by": by,
    }


def vocabulary() -> Vocabulary:
    """What a question can name now. **Errors**: `Unavailable`."""
    events = tuple(row["value"] for row in pickers.list_events())
    of_events = [
        asking.Property(one["name"], "event", one["kind"] == "number")
        for one in properties.list_properties(_EVERYTHING)["properties"]
    ]
    columns = [
        asking.Property(column.name, "column", str(column.type).startswith(_NUMERIC))
        for column in pickers.list_columns()
    ]
    of_persons = [asking.Property(row["name"], "person") for row in pickers.list_person_properties()]
    usual = {known.value: event_names.own_name(known) for known in event_names.Known}
    return Vocabulary(events, (*of_events, *columns, *of_persons), usual)


def _understand(question: str, known: Vocabulary, check: Check) -> tuple[Understood, dict[str, Any], str]:
    """What was understood, its checked values, and by whom. **Errors**: `BadInput`."""
    try:
        found = asking.understand(question, known)
        return found, check(found.analysis, found.parameters), "grammar"
    except (NotUnderstood, ValueError) as error:
        reason = error
    try:
        by_model = asking.ask_model(question, known)
        if not isinstance(by_model, Declined):
            return by_model, check(by_model.analysis, by_model.parameters), "model"
    except (NotUnderstood, ValueError):
        pass  # what the grammar has to say helps more
    raise _not_understood(reason)


def _not_understood(reason: Exception) -> BadInput:
    told = reason.reason if isinstance(reason, NotUnderstood) else "its period or names cannot be asked for"
    nearest = getattr(reason, "nearest", ())
    names = f" There are events called {', '.join(nearest)}." if nearest else ""
    examples = "; ".join(f"'{example}'" for example in asking.EXAMPLES[:_EXAMPLES_SHOWN])
    return BadInput(f"not understood: {told}.{names} Ask for example {examples}.", code="not_understood")


def _ask(analysis: str, given: dict[str, Any]) -> dict[str, Any]:
    if analysis == "overview":
        return shared_answers.get_analytics_overview_cached(given["days"])
    return queries.answer(analysis, given)
