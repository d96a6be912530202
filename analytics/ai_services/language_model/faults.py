"""What can go wrong with one request, as one exception that says what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from analytics import clock
from analytics.ai_services.language_model.outcomes import Reason

#: How long to stay silent when an endpoint says "too many" without saying for how long.
UNNAMED_BREAK_S = 20.0
#: Statuses for "I do not know this parameter": 400 in OpenAI, vLLM, llama.cpp; 422 in Mistral.
UNKNOWN_PARAMETER_STATUSES = frozenset({400, 422})
#: Error codes of content filters (Azure OpenAI and OpenAI), which answer with status 400.
CONTENT_FILTER_CODES = frozenset({"content_filter", "content_policy_violation"})


class Fault(Exception):
    """A request without a usable answer; it holds no word of the request or of the answer.

    `pause_s` is set where the endpoint asked for a break.
    """

    def __init__(self, reason: Reason, status: int | None = None, pause_s: float | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.status = status
        self.pause_s = pause_s

    @property
    def is_form(self) -> bool:
        """True when the endpoint may understand a plainer form of the same request."""
        return self.reason is Reason.REJECTED and self.status in UNKNOWN_PARAMETER_STATUSES

    @property
    def is_passing(self) -> bool:
        """True when the same request may go through at once."""
        return self.reason is Reason.UNAVAILABLE and self.pause_s is None

    @property
    def is_the_endpoints(self) -> bool:
        """True when it says something about the endpoint; a refused or malformed answer may be the text's doing."""
        return self.reason not in (Reason.REFUSED, Reason.MALFORMED)


def fault_of_status(status: int, code: str | None, headers: Mapping[str, str]) -> Fault:
    """The fault that an HTTP status means."""
    if status == 429:
        return Fault(Reason.RATE_LIMITED, status, read_retry_after(headers))
    if status == 408:
        return Fault(Reason.TIMEOUT, status)
    if status >= 500:
        retry_after_s = read_retry_after(headers) if "retry-after" in headers else None
        return Fault(Reason.UNAVAILABLE, status, retry_after_s)
    if status in UNKNOWN_PARAMETER_STATUSES and code in CONTENT_FILTER_CODES:
        return Fault(Reason.REFUSED, status)
    return Fault(Reason.REJECTED, status)


def read_retry_after(headers: Mapping[str, str]) -> float:
    """The pause in seconds that `Retry-After` asks for, in either of its forms. **Source**: RFC 9110, 10.2.3."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
        return max((at - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return UNNAMED_BREAK_S
