"""The outside language model: optional, masked, bounded, and never needed.

`ask` puts a `Question` about a text to any endpoint that speaks the chat completions protocol; `OpenAIOpinion` is
the question about sentiment. Without a key nothing is sent, and every fault is a `Declined` that the caller
reads on past. Its guide: docs/guides/language-model.md.
"""

from analytics.ai_services.language_model.ask import ask
from analytics.ai_services.language_model.opinion import OpenAIOpinion, Opinion
from analytics.ai_services.language_model.outcomes import Declined, Reason, counts, counts_today
from analytics.ai_services.language_model.question import Question

__all__ = ["Declined", "OpenAIOpinion", "Opinion", "Question", "Reason", "ask", "counts", "counts_today"]
