"""The AI services that a process has: the outside model's client, where a key is set, and the VADER analyser.

Health pages ask it. Starting up reaches no network and downloads nothing: VADER's lexicon is a file of its
package, and the client connects with its first question.

**Source**: the specification, "AIServiceManager".
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from analytics.ai_services.language_model.client import find_client
from analytics.ai_services.language_model.settings import ModelSettings

if TYPE_CHECKING:
    from openai import OpenAI

logger = logging.getLogger(__name__)


class AIServiceManager:
    """Both services are None until `initialize`, and stay so where they cannot be had."""

    openai_client: OpenAI | None
    #: A `SentimentIntensityAnalyzer` of the package vaderSentiment, which has no types.
    sentiment_analyzer: Any

    def __init__(self) -> None:
        self.openai_client = None
        self.sentiment_analyzer = None

    def initialize(self) -> None:
        """Set up what can be had. **Errors**: none; what fails is logged and stays None."""
        self._setup_openai()
        self._setup_nltk()

    def _setup_openai(self) -> None:
        """The client, when there is a key and AI services are on; it is what questions are asked through."""
        try:
            self.openai_client = find_client(ModelSettings.current())
        except Exception as error:  # a wrong address must not take the process down
            logger.error("the language model's client cannot be made: %s", type(error).__name__)
            self.openai_client = None

    def _setup_nltk(self) -> None:
        """VADER; the name is the specification's, whose NLTK would download the lexicon at run time."""
        try:
            from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

            self.sentiment_analyzer = SentimentIntensityAnalyzer()
        except Exception as error:  # a broken installation shows on the health page, not as a crash
            logger.error("the VADER analyser cannot be made: %s", type(error).__name__)
            self.sentiment_analyzer = None
