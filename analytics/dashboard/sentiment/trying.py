"""Trying a text: what the API says of it, with what each method said."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from analytics.api.errors import body_of_validation
from analytics.api.intelligence_shapes import SentimentAnalysisRequest
from analytics.dashboard import wording
from analytics.dashboard.page import PANEL_HEADER, StaffView
from analytics.dashboard.sentiment.page import signed
from analytics.reports import intelligence

_CLASSES: dict[str, str | Promise] = {
    "positive": gettext_lazy("Positive"),
    "negative": gettext_lazy("Negative"),
    "neutral": gettext_lazy("Neutral"),
}
_REASONS: dict[str, str | Promise] = {
    "unsupported_language": gettext_lazy("It is left alone: its words are of another language than English."),
    "too_few_words": gettext_lazy("It is left alone: it has too few words that say anything."),
}


class Try(StaffView):
    """A text in, its sentiment out. Nothing is stored; it is posted because texts are long and nobody's business."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """The answer as a part of the page."""
        try:
            asked = SentimentAnalysisRequest.model_validate({"text": request.POST.get("text", "").strip()})
        except ValidationError as error:
            said = {
                "detail": body_of_validation(list(error.errors()))["detail"],
                "code": "not_found",
                "retry_url": "",
            }
            response = render(request, "analytics/dashboard/part_error.html", said, status=400)
            response.headers[PANEL_HEADER] = "1"
            return response
        found = intelligence.sentiment_of(asked.text)
        return render(request, "analytics/dashboard/sentiment/tried.html", _words(found))


def _words(found: dict[str, Any]) -> dict[str, Any]:
    details = found["details"]
    model = details["model"]
    return {
        "name": found["sentiment"],
        "label": _CLASSES[found["sentiment"]],
        "score": signed(found["score"]),
        "confidence": wording.percent(100 * found["confidence"], 0),
        "reasons": [_REASONS[reason] for reason in details["reasons"] if reason in _REASONS],
        "language": details["language"]["code"],
        "shares": [
            (_CLASSES[name], wording.percent(100 * model[name], 0), name, f"{100 * model[name]:.1f}%")
            for name in ("negative", "neutral", "positive")
        ],
        "textblob": signed(details["textblob"]["polarity"]),
        "vader": signed(details["vader"]["compound"]),
    }
