"""What was learned from an endpoint: answers to texts, and the form of request that it understands.

An answer is kept under a hash of the endpoint, the question and the masked text, as JSON, and is checked again
when it is read: whoever can write to the cache cannot make up an answer outside of the schema.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.cache import cache

from analytics import conf
from analytics.ai_services.language_model.chat import Form
from analytics.ai_services.language_model.daily import CacheAway
from analytics.ai_services.language_model.faults import Fault
from analytics.ai_services.language_model.question import AnswerT, Question

DAY_S = 86_400
FORM_KEPT_S = DAY_S  # endpoints learn to take schemas; once a day it is worth one more request


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one endpoint. **Errors**: every method raises `CacheAway`."""

    endpoint: str

    def find_answer(self, question: Question[AnswerT], masked: str) -> AnswerT | None:
        """The answer that this endpoint gave to the same question and text; None when none is kept."""
        try:
            kept = cache.get(self._answer_key(question, masked))
        except Exception as error:  # each cache backend has errors of its own
            raise CacheAway from error
        if not isinstance(kept, str):
            return None
        try:
            return question.read(kept)
        except Fault:
            return None

    def keep_answer(self, question: Question[AnswerT], masked: str, answer: AnswerT) -> None:
        """Keep `answer` for `ANALYTICS_AI_CACHE_DAYS`; 0 keeps none."""
        self._set(
            self._answer_key(question, masked), answer.model_dump_json(), conf.get().ai_cache_days * DAY_S
        )

    def find_form(self) -> Form:
        """The form to try first."""
        try:
            return Form.PLAIN if cache.get(self._form_key) == Form.PLAIN.value else Form.SCHEMA
        except Exception as error:  # each cache backend has errors of its own
            raise CacheAway from error

    def keep_form(self, form: Form) -> None:
        """Start with `form` for a day."""
        self._set(self._form_key, form.value, FORM_KEPT_S)

    def _set(self, key: str, value: str, lifetime_s: int) -> None:
        try:
            cache.set(key, value, lifetime_s)
        except Exception as error:  # each cache backend has errors of its own
            raise CacheAway from error

    def _answer_key(self, question: Question[AnswerT], masked: str) -> str:
        content = "\0".join((self.endpoint, question.name, masked))
        return f"analytics:language_model:answer:{hashlib.sha256(content.encode()).hexdigest()}"

    @property
    def _form_key(self) -> str:
        return f"analytics:language_model:form:{self.endpoint}"
