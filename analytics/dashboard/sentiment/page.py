"""The page: the shell, the figures, and the parts that read texts and what people did after them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import conf
from analytics.dashboard import moments, wording
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.dashboard.period import Period
from analytics.dashboard.range_picker import picker_of, range_of
from analytics.dashboard.sentiment import comparing
from analytics.errors import BadInput
from analytics.reports import sentiment as report

if TYPE_CHECKING:
    from eventlake.analyses.moods import MoodsAnswer

_FOLDER = "analytics/dashboard/sentiment"
_PRESET_DAYS = (7, 30, 90, 365)
_DEFAULT_DAYS = 90
_EVENT_CHARACTERS = 200
#: More bars than this are too thin to be read.
_MOST_BARS = 100
_BIN = 0.1
#: Scores lie on a side from this bin on: bins of a tenth, and a bound of a tenth.
_NEGATIVE_BINS, _POSITIVE_BINS = 9, 11


class SentimentPage(DashboardPage):
    """The shell."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Sentiment")
    data_route = "sentiment_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """The picker, and the event that is looked at."""
        event = request.GET.get("event", "")[:_EVENT_CHARACTERS]
        return {
            "event": event,
            **picker_of(request.GET.dict(), _PRESET_DAYS, _DEFAULT_DAYS, ("event",)),
        }


class SentimentData(DashboardData):
    """Trend, scores and events."""

    template_name = f"{_FOLDER}/data.html"
    error_template = "analytics/dashboard/understand/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """One answer of the lake."""
        chosen, event = _asked(request)
        found = report.overview(chosen.first, chosen.last, event)
        query = urlencode({**_days(request), **({"event": event} if event else {})})
        texts = sum(mood.texts for mood in found.days.values())
        judged = sum(found.bins)
        return {
            "range_text": wording.days(chosen.first, chosen.last),
            "event": event or "",
            "texts": wording.number(texts),
            "has_texts": texts > 0,
            "figures": _figures(found, texts, judged),
            "trend": _trend(found),
            "days": _day_rows(found),
            "scores": _scores(found),
            "events": _event_rows(request, found),
            "plain_query": urlencode(_days(request)),
            "texts_url": f"{reverse('analytics:sentiment_texts')}?{query}",
            "outcomes_url": f"{reverse('analytics:sentiment_outcomes')}?{query}",
            "proof": found.proof,
            "rows_read": wording.number(found.proof.rows_read),
            "fresh_to": found.proof.fresh_to.astimezone(conf.get().zone),
        }


class TextsData(DashboardData):
    """Examples, and what was left alone."""

    template_name = f"{_FOLDER}/texts.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """Texts are for staff, as everything here."""
        chosen, event = _asked(request)
        found = report.examples(chosen.first, chosen.last, event)
        return {
            "sides": [
                {
                    "name": "negative",
                    "label": _("Most negative"),
                    "texts": [_example(one) for one in found.negative],
                },
                {
                    "name": "positive",
                    "label": _("Most positive"),
                    "texts": [_example(one) for one in found.positive],
                },
            ],
            "left_alone": wording.number(found.left_alone),
            "has_left_alone": found.left_alone > 0,
            "languages": [(code, wording.number(count)) for code, count in found.languages],
            "too_few_words": wording.number(found.too_few_words) if found.too_few_words else "",
        }


class OutcomesData(DashboardData):
    """What people did after a text."""

    template_name = f"{_FOLDER}/outcomes.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """Shares with the size of what they rest on."""
        chosen, event = _asked(request)
        found = report.outcomes(chosen.first, chosen.last, event)
        return {
            "rows": comparing.rows_of(found.moods),
            "sentences": comparing.sentences_of(found.moods) if found.moods else [],
            "within_days": report.WITHIN_DAYS,
        }


def _asked(request: HttpRequest) -> tuple[Period, str | None]:
    event = request.GET.get("event", "")
    if len(event) > _EVENT_CHARACTERS or "\0" in event:
        raise BadInput(_("This is not the name of an event."), code="bad_event")
    return range_of(request.GET.dict(), _DEFAULT_DAYS), event or None


def _days(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("days", "from", "to") if request.GET.get(name)}


def _figures(found: MoodsAnswer, texts: int, judged: int) -> list[tuple[str, str, str]]:
    negative = sum(mood.negative for mood in found.days.values())
    positive = sum(mood.positive for mood in found.days.values())
    mean = sum(mood.mean * mood.texts for mood in found.days.values()) / texts if texts else 0.0

    def of_judged(count: int) -> str:
        return wording.percent(100 * count / judged) if judged else "–"  # noqa: RUF001 - the dash of tables

    alone = _("%(count)s left alone") % {"count": wording.number(found.without)}
    return [
        (_("Texts"), wording.number(texts), alone),
        (_("Mean score"), signed(mean), _("from −1 to +1")),  # noqa: RUF001 - a minus
        (_("Negative"), of_judged(negative), _("%(count)s texts") % {"count": wording.number(negative)}),
        (_("Positive"), of_judged(positive), _("%(count)s texts") % {"count": wording.number(positive)}),
    ]


def _trend(found: MoodsAnswer) -> dict[str, Any]:
    """Every day from the first to the last with a text; of a long time every week, from its Monday on."""
    first, last = min(found.days, default=None), max(found.days, default=None)
    if first is None or last is None:
        return {}
    step = 1 if (last - first).days < _MOST_BARS else 7
    first -= timedelta(days=first.weekday() if step > 1 else 0)
    days = [first + timedelta(days=number) for number in range(0, (last - first).days + 1, step)]
    sides = {day: [0, 0, 0] for day in days}
    for day, mood in found.days.items():
        sums = sides[first + timedelta(days=(day - first).days // step * step)]
        counts = (mood.negative, mood.texts - mood.negative - mood.positive, mood.positive)
        for place, count in enumerate(counts):
            sums[place] += count
    names = (
        ("negative", _("Negative")), ("neutral", _("Neutral or left alone")), ("positive", _("Positive")),
    )  # fmt: skip
    data = {
        "kind": "sides",
        "buckets": [f"{day.isoformat()}T00:00" for day in days],
        "sides": [
            {"name": name, "label": label, "values": [sides[day][place] for day in days]}
            for place, (name, label) in enumerate(names)
        ],
    }
    return {
        "data": data,
        "title": _("Texts a day") if step == 1 else _("Texts a week"),
        "summary": _("Texts by their side. All values are in the table."),
    }


def _day_rows(found: MoodsAnswer) -> list[dict[str, str]]:
    return [
        {
            "day": wording.day(day),
            "texts": wording.number(mood.texts),
            "mean": signed(mood.mean),
            "negative": wording.number(mood.negative),
            "positive": wording.number(mood.positive),
        }
        for day, mood in sorted(found.days.items(), reverse=True)
    ]


def _scores(found: MoodsAnswer) -> dict[str, Any]:
    edges = [round(-1 + number * _BIN, 1) for number in range(len(found.bins) + 1)]
    ranges = [
        _("%(low)s to %(high)s") % {"low": signed(low, 1), "high": signed(high, 1)}
        for low, high in pairwise(edges)
    ]
    sides = [
        "negative" if number < _NEGATIVE_BINS else "positive" if number >= _POSITIVE_BINS else "neutral"
        for number in range(len(found.bins))
    ]
    data = {
        "kind": "scores", "label": _("Texts"), "ranges": ranges, "values": list(found.bins), "sides": sides,
    }  # fmt: skip
    rows = list(zip(ranges, map(wording.number, found.bins), strict=True))
    return {"data": data, "summary": _("Texts by their score. All values are in the table."), "rows": rows}


def _event_rows(request: HttpRequest, found: MoodsAnswer) -> list[dict[str, Any]]:
    rows = []
    for name, mood in found.names.items():
        negative, positive = mood.negative / mood.texts * 100, mood.positive / mood.texts * 100
        rows.append(
            {
                "name": name,
                "query": urlencode({**_days(request), "event": name}),
                "texts": wording.number(mood.texts),
                "mean": signed(mood.mean),
                "negative": wording.percent(negative, 0),
                "positive": wording.percent(positive, 0),
                "negative_width": f"{negative:.1f}%",
                "neutral_width": f"{100 - negative - positive:.1f}%",
                "neutral_x": f"{negative:.1f}%",
                "positive_width": f"{positive:.1f}%",
                "positive_x": f"{100 - positive:.1f}%",
            }
        )
    return rows


def _example(one: report.Example) -> dict[str, Any]:
    return {
        "text": one.text,
        "event": one.event_name,
        "at": moments.instant(one.at),
        "score": signed(one.score),
        "confidence": wording.percent(100 * one.confidence, 0),
        "person_url": reverse("analytics:person_page", kwargs={"person": one.person}) if one.person else "",
    }


def signed(score: float, decimals: int = 2) -> str:
    """A score with its sign.

    Example:
        >>> signed(0.5), signed(0.001)
        ('+0.50', '0.00')
    """
    rounded = round(score, decimals)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""  # noqa: RUF001 - the minus of numbers
    return sign + wording.number(abs(rounded), decimals)
