"""A question asked of the outside model, from the text as it came to an answer or a reason why there is none.

The order is the promise: masking, the cache, the pause after faults, the budget, and only then a request. There
are at most two requests: a second form where the first is not understood, or one retry. Nothing raises.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from analytics.ai_services.language_model.breaker import Breaker
from analytics.ai_services.language_model.budget import spend_one
from analytics.ai_services.language_model.chat import Chat, Deadline, Form
from analytics.ai_services.language_model.client import find_client
from analytics.ai_services.language_model.daily import CacheAway
from analytics.ai_services.language_model.faults import Fault
from analytics.ai_services.language_model.masking import has_words, mask
from analytics.ai_services.language_model.memory import Memory
from analytics.ai_services.language_model.outcomes import ANSWERED, REMEMBERED, Declined, Reason, count
from analytics.ai_services.language_model.question import AnswerT, Question
from analytics.ai_services.language_model.settings import ModelSettings

MAX_SENT_CHARACTERS = 2_000  # about 500 tokens: the tone of a text shows long before
#: What is masked of a longer text; cutting before masking could cut an address in two, so far more than is sent.
MAX_READ_CHARACTERS = 20_000
MAX_REQUESTS = 2

logger = logging.getLogger(__name__)


def ask(question: Question[AnswerT], text: str, *, names: Iterable[str] = ()) -> AnswerT | Declined:
    """The model's answer about `text`, or why there is none; `names` are masked with all else that is personal.

    **Errors**: none. Every outcome is counted (`outcomes.counts`); logs name reasons and statuses only.
    """
    try:
        outcome = _ask(question, text, names)
    except CacheAway:
        outcome = Declined(Reason.CACHE_AWAY)
    except Exception as error:  # an opinion is never worth its caller's failure
        logger.error("a question to the language model failed: %s", type(error).__name__)
        outcome = Declined(Reason.UNAVAILABLE)
    if isinstance(outcome, Declined):
        count(outcome.reason)
    return outcome


def _ask(question: Question[AnswerT], text: str, names: Iterable[str]) -> AnswerT | Declined:
    settings = ModelSettings.current()
    if not settings.is_enabled:
        return Declined(Reason.OFF)
    if not settings.api_key:
        return Declined(Reason.NO_KEY)
    masked = mask(text[:MAX_READ_CHARACTERS], names)[:MAX_SENT_CHARACTERS]
    if not has_words(masked):
        return Declined(Reason.UNSUPPORTED_TEXT)
    remembered = Memory(settings.endpoint).find_answer(question, masked)
    if remembered is not None:
        count(REMEMBERED)
        return remembered
    if Breaker(settings.endpoint).is_open():
        return Declined(Reason.PAUSED)
    answer = _converse(question, masked, settings)
    if not isinstance(answer, Declined):
        count(ANSWERED)
        _keep(question, masked, answer, settings)
    return answer


def _converse(question: Question[AnswerT], masked: str, settings: ModelSettings) -> AnswerT | Declined:
    """Up to two requests, each paid from the budget, all within one timeout."""
    client = find_client(settings)
    assert client is not None  # there is a key
    chat = Chat(client, settings.model, Deadline(settings.timeout_s))
    memory = Memory(settings.endpoint)
    form = memory.find_form()
    fault = Fault(Reason.UNAVAILABLE)
    for _ in range(MAX_REQUESTS):
        if not spend_one():
            return Declined(Reason.BUDGET)
        try:
            answer = chat.ask(question, masked, form)
        except Fault as caught:
            fault = caught
            if fault.is_form and form is Form.SCHEMA:
                form = Form.PLAIN
            elif not fault.is_passing:
                break
        else:
            if form is Form.PLAIN:
                memory.keep_form(form)
            return answer
    return _decline(fault, Breaker(settings.endpoint))


def _decline(fault: Fault, breaker: Breaker) -> Declined:
    logger.warning("the language model gave no answer: %s, status %s", fault.reason.value, fault.status)
    if fault.is_the_endpoints:
        breaker.note_fault(pause_s=fault.pause_s)
    else:
        breaker.note_success()
    return Declined(fault.reason)


def _keep(question: Question[AnswerT], masked: str, answer: AnswerT, settings: ModelSettings) -> None:
    """Remember a paid answer; a cache that goes away just now does not take the answer with it."""
    try:
        Memory(settings.endpoint).keep_answer(question, masked, answer)
        Breaker(settings.endpoint).note_success()
    except CacheAway:
        logger.warning("an answer of the language model could not be kept: the cache is away")
