"""One request in the chat completions protocol, within the time that is left.

Two forms: with a JSON schema, as current endpoints take it, and the plain JSON mode of older ones, which want
`max_tokens` and a temperature. Which faults mean what is in `faults`.

**Source**: the request and answer types of the `openai` package, 3.57 (`types/chat`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from analytics.ai_services.language_model.faults import Fault, fault_of_status
from analytics.ai_services.language_model.outcomes import Reason
from analytics.ai_services.language_model.question import AnswerT, Question

if TYPE_CHECKING:
    from openai import OpenAI

#: An answer has about 60 tokens; models that think first count their thoughts against the same limit.
MAX_ANSWER_TOKENS = 800
#: 800 tokens are about 4 kB, and thoughts that an endpoint sends along some more.
MAX_BODY_BYTES = 256 * 1024


class Form(Enum):
    """How a request is written."""

    SCHEMA = "schema"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time that all requests of a question have together."""

    timeout_s: float
    started_s: float = field(default_factory=time.monotonic)

    def left_s(self) -> float:
        """Seconds that remain. **Errors**: `Fault` with `Reason.TIMEOUT` when none do."""
        left = self.started_s + self.timeout_s - time.monotonic()
        if left <= 0:
            raise Fault(Reason.TIMEOUT)
        return left


@dataclass(frozen=True, slots=True)
class Chat:
    """A client, the model that it asks, and the time that it has."""

    client: OpenAI
    model: str
    deadline: Deadline

    def ask(self, question: Question[AnswerT], masked: str, form: Form) -> AnswerT:
        """The answer of the model. **Errors**: `Fault`."""
        return question.read(_content_of(self._send(_request(question, masked, form))))

    def _send(self, request: dict[str, Any]) -> bytes:
        """The body of the answer. **Errors**: `Fault`; no other error of the SDK or the network passes."""
        from httpx2 import HTTPError, StreamError, TimeoutException  # the SDK's own transport
        from openai import APIStatusError, APITimeoutError, OpenAIError

        completions = self.client.chat.completions.with_streaming_response
        body = bytearray()
        try:
            with completions.create(model=self.model, timeout=self.deadline.left_s(), **request) as response:
                # The transport's timeout starts anew with each piece; a server that drips must not outlive ours.
                for piece in response.iter_bytes():
                    body += piece
                    self.deadline.left_s()
                    if len(body) > MAX_BODY_BYTES:
                        raise Fault(Reason.MALFORMED)
        except (APITimeoutError, TimeoutException):
            raise Fault(Reason.TIMEOUT) from None
        except APIStatusError as error:
            raise fault_of_status(error.status_code, error.code, error.response.headers) from None
        except (OpenAIError, HTTPError, StreamError):
            raise Fault(Reason.UNAVAILABLE) from None
        return bytes(body)


def _request(question: Question[AnswerT], masked: str, form: Form) -> dict[str, Any]:
    messages = question.messages(masked)
    if form is Form.PLAIN:
        return {
            "messages": messages,
            "response_format": {"type": "json_object"},
            "max_tokens": MAX_ANSWER_TOKENS,
            "temperature": 0,
        }
    schema = {"name": question.answer.__name__, "strict": True, "schema": question.schema()}
    return {
        "messages": messages,
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_completion_tokens": MAX_ANSWER_TOKENS,  # no temperature: models that think first refuse one
    }


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice]


def _content_of(body: bytes) -> str:
    try:
        choice = _Completion.model_validate_json(body).choices[0]
    except (ValidationError, IndexError):
        raise Fault(Reason.MALFORMED) from None
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise Fault(Reason.REFUSED)
    if choice.finish_reason == "length" or not choice.message.content:
        raise Fault(Reason.MALFORMED)
    return choice.message.content
