"""The outside model's opinion of a text's sentiment: a further voice beside the local ones, never the only one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from analytics.ai_services.language_model.ask import ask
from analytics.ai_services.language_model.outcomes import Declined, counts
from analytics.ai_services.language_model.question import Question
from analytics.ai_services.language_model.settings import ModelSettings

MAX_EMOTIONS = 5
#: A neutral text may lean a little; one that leans further than half is called neutral by mistake.
MAX_NEUTRAL_LEAN = 0.5

Sentiment = Literal["positive", "negative", "neutral"]
#: One or two plain words: room for "mild annoyance", none for a sentence, an address or markup.
Emotion = Annotated[
    str,
    BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value),
    Field(pattern=r"^[a-z]{2,20}(?:[ -][a-z]{2,20})?$"),
]


class SentimentAnswer(BaseModel):
    """The only shape in which an opinion can come back."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)

    sentiment: Sentiment
    score: float = Field(ge=-1, le=1, description="-1 (most negative) to 1 (most positive), 0 for neutral")
    intensity: int = Field(ge=1, le=10, description="emotional intensity, a whole number from 1 to 10")
    emotions: tuple[Emotion, ...] = Field(
        max_length=MAX_EMOTIONS, description="up to 5 English nouns such as joy or anger, or an empty list"
    )
    confidence: float = Field(ge=0, le=1, description="how sure you are of the sentiment, 0 to 1")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        is_contradiction = {
            "positive": self.score < 0,
            "negative": self.score > 0,
            "neutral": abs(self.score) > MAX_NEUTRAL_LEAN,
        }
        if is_contradiction[self.sentiment]:
            raise ValueError("the score contradicts the sentiment")
        return self


SENTIMENT = Question(
    name="sentiment/1",
    instructions=(
        "You judge the sentiment of one text for the statistics of a product: how its writer feels, as a "
        "careful reader would say. A plain statement of fact, or praise and blame in equal parts, is neutral."
    ),
    answer=SentimentAnswer,
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the outside model thinks of a text.

    **Units**: `score` -1 to 1, `confidence` 0 to 1 as the model states it (not calibrated), `intensity` 1 to 10;
    `emotions` at most five of one or two lower-case English words.
    """

    sentiment: Sentiment
    score: float
    confidence: float
    intensity: int
    emotions: tuple[str, ...]
    model: str


class OpenAIOpinion:
    """Asks whatever endpoint the settings name; OpenAI's is the default."""

    def opinion_of(self, text: str, *, names: Iterable[str] = ()) -> Opinion | Declined:
        """The opinion, or why there is none; `names` are people's names that must not leave.

        **Errors**: none.
        """
        answer = ask(SENTIMENT, text, names=names)
        if isinstance(answer, Declined):
            return answer
        return Opinion(
            sentiment=answer.sentiment,
            score=answer.score,
            confidence=answer.confidence,
            intensity=answer.intensity,
            emotions=answer.emotions,
            model=ModelSettings.current().model,
        )

    @staticmethod
    def counts() -> dict[str, int]:
        """How often each outcome was seen in this process; see `outcomes.counts`."""
        return counts()
