"""A question in words, and what became of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from analytics.api.shapes import Proof, Shape, Text

AnalysisName = Literal[
    "trends", "funnel", "retention", "paths", "lifecycle", "stickiness", "sessions", "overview"
]


class AskRequest(Shape):
    """A question in English."""

    question: Text = Field(
        min_length=1,
        max_length=500,
        description="In English; with a language model set up, in any language that it reads",
        examples=["How many sign_up events last week by country?"],
    )


class AskResponse(BaseModel):
    """The analysis that was understood, and its answer."""

    question: str
    analysis: AnalysisName
    parameters: dict[str, Any] = Field(
        description="The body of `POST /query/<analysis>`, or of `overview` the query of `GET /overview`"
    )
    explanation: str = Field(description="What was understood, made of the parameters alone")
    answer: dict[str, Any] = Field(description="What that call answers, without its proof")
    proof: Proof
    understood_by: Literal["grammar", "model"]
