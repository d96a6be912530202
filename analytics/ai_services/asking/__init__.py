"""A question in words becomes one of the typed analyses, never SQL: by a small grammar, or by a language model.

It knows which events and properties there are by name, and none of their values. Whatever it makes of a question is
the body of a `/query/<name>` call, which its caller checks and asks. Its guide: docs/guides/ask.md.
"""

from analytics.ai_services.asking.examples import EXAMPLES
from analytics.ai_services.asking.grammar import understand
from analytics.ai_services.asking.model import ask_model
from analytics.ai_services.asking.understood import NotUnderstood, Understood
from analytics.ai_services.asking.vocabulary import Property, Vocabulary

__all__ = ["EXAMPLES", "NotUnderstood", "Property", "Understood", "Vocabulary", "ask_model", "understand"]
