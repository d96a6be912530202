"""The routes of sentiment; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.sentiment import page, trying

_SENTIMENT = "dashboard/sentiment/"

urlpatterns = [
    path(_SENTIMENT, page.SentimentPage.as_view(), name="sentiment_page"),
    path(f"{_SENTIMENT}data/", page.SentimentData.as_view(), name="sentiment_data"),
    path(f"{_SENTIMENT}texts/", page.TextsData.as_view(), name="sentiment_texts"),
    path(f"{_SENTIMENT}outcomes/", page.OutcomesData.as_view(), name="sentiment_outcomes"),
    path(f"{_SENTIMENT}try/", trying.Try.as_view(), name="sentiment_try"),
]
